import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { brailleCharacter, dotCanvas, drawLine, setDot } from './dot-canvas.js';
import { HOSTILE, race } from './testing/race.js';
import { terminalPlot } from './terminal-plot.js';
import { terminalWidth } from './text-width.js';

const canvasText = (
  columns: number,
  rows: number,
  draw: (set: (x: number, y: number) => void) => void,
): string[] => {
  const canvas = dotCanvas(columns, rows, true);
  draw((x, y) => setDot(canvas, x, y, 0));
  return Array.from({ length: rows }, (_, r) =>
    [...canvas.dots.subarray(r * columns, (r + 1) * columns)].map(brailleCharacter).join(''),
  );
};

test('each dot of a Braille cell has its bit', () => {
  // Unicode: dots 1 2 3 7 down the left, 4 5 6 8 down the right.
  const order = [
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
    [0, 3],
    [1, 3],
  ];
  order.forEach(([x, y], bit) => {
    expect(canvasText(1, 1, (set) => set(x as number, y as number))[0]?.codePointAt(0)).toBe(
      0x2800 + 2 ** bit,
    );
  });
});

test('dots outside the canvas are ignored', () => {
  expect(
    canvasText(1, 1, (set) =>
      [
        [-1, 0],
        [0, -1],
        [2, 0],
        [0, 4],
      ].forEach(([x, y]) => set(x as number, y as number)),
    ),
  ).toEqual([' ']);
});

test('a line is connected and holds both its ends', () => {
  const end = fc.tuple(fc.integer({ min: 0, max: 19 }), fc.integer({ min: 0, max: 39 }));
  fc.assert(
    fc.property(end, end, ([x0, y0], [x1, y1]) => {
      const canvas = dotCanvas(20, 40, false);
      drawLine(canvas, x0, y0, x1, y1, 3);
      const set = [...canvas.ink.keys()].filter((cell) => canvas.ink[cell] === 3);
      expect(set).toEqual(expect.arrayContaining([y0 * 20 + x0, y1 * 20 + x1]));
      expect(set).toHaveLength(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) + 1);
    }),
  );
});

test('known curves fall into the expected cells', () => {
  const plot = terminalPlot(
    {
      title: 'Diagonal',
      yScale: 'linear',
      yLabel: 'f',
      series: [
        { optimizer: 'down', kind: 'hand-made', mean: [10, 8, 6, 4, 2, 0] },
        { optimizer: 'flat', kind: 'hand-made', mean: [10, 10, 10, 10, 10, 10] },
      ],
    },
    { width: 36, height: 11, ascii: true },
  );
  // Columns round(13·i/5) = 0, 3, 5, 8, 10, 13 in rows 0 … 5, joined by straight lines.
  expect(plot).toBe(
    [
      'Diagonal',
      'f',
      '     10 +AABBBBBBBBBBBB B flat 10.0',
      '        |  AA',
      '        |    AAA',
      '        |       AA',
      '        |         AAA',
      '      0 +            AA A down 0.00',
      '        ++------------+',
      '         0            5',
      '              step',
    ].join('\n'),
  );
});

test('Braille: a falling line on a log axis is straight where the values are geometric', () => {
  const plot = terminalPlot(
    { title: 'Powers', series: [{ optimizer: 'adam', kind: 'hand-made', mean: [1000, 100, 10, 1] }] },
    { width: 40, height: 13, colour: true },
  );

  const colourless = stripVTControlCharacters(plot);
  const rows = colourless
    .split('\n')
    .slice(2, 10)
    .map((line) => line.slice(9, 27));
  // Each row of cells holds one run of dots, and the runs follow one another to the right.
  const runs = rows.map((row) => [row.search(/[^ ]/), row.trimEnd().length] as const);
  runs.forEach(([from, to], i) => {
    expect(to).toBeGreaterThan(from);
    if (i > 0) expect(Math.abs(from - (runs[i - 1]?.[1] as number))).toBeLessThanOrEqual(1);
  });
  expect(plot).toMatch(/1000 ┤/);
  expect(plot).toMatch(/ 1 ┤/);
});

test('every optimizer is named with its final value, the best one at the bottom', () => {
  const plot = terminalPlot(race());
  const order = [
    'rmsprop × step 30',
    'nesterov ↑ ',
    'sgd 1.10',
    'adagrad 0.878',
    'momentum 0.230',
    'adam 0.192',
    'lstm 0.131',
  ].map((label) => plot.indexOf(label));
  expect(order.every((at) => at > 0)).toBe(true);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(plot).not.toContain('\u001b');
});

test('the plot keeps its width and height, with labels beside or below', () => {
  for (const width of [30, 50, 80, 120]) {
    for (const ascii of [false, true]) {
      const lines = terminalPlot(race(), { width, height: 18, ascii }).split('\n');
      expect(Math.max(...lines.map(terminalWidth))).toBeLessThanOrEqual(width);
      expect([18, 18 + 7]).toContain(lines.length);
      // eslint-disable-next-line no-control-regex
      if (ascii) expect(lines.join('')).toMatch(/^[\u0000-\u007f]*$/);
    }
  }
});

test('colours only if asked for, one per optimizer', () => {
  const plot = terminalPlot(race(), { colour: true });
  for (const ansi of [202, 36, 136]) expect(plot).toContain(`\u001b[38;5;${ansi}m`);
});

test('nothing finite, one point, hostile names: a plot all the same', () => {
  expect(
    terminalPlot({
      title: 'None',
      series: [{ optimizer: 'adam', kind: 'hand-made', mean: [NaN, Infinity] }],
    }),
  ).toContain('adam no finite value');
  expect(
    terminalPlot({ title: 'One', series: [{ optimizer: 'adam', kind: 'hand-made', mean: [3] }] }),
  ).toContain('adam 3.00');
  const hostile = terminalPlot({
    title: HOSTILE,
    xLabel: HOSTILE,
    yLabel: HOSTILE,
    series: [{ optimizer: HOSTILE, kind: 'learned', mean: [3, 2] }],
  });
  expect(hostile).not.toContain('\u001b');
});

test('below 30 columns the plot is a list of what each reached, the best last', () => {
  expect(
    terminalPlot(
      {
        title: 'Race',
        series: [
          { optimizer: 'adam', kind: 'hand-made', mean: [4, 2] },
          { optimizer: 'an optimizer of some length', kind: 'hand-made', mean: [4, NaN] },
          { optimizer: 'lstm', kind: 'learned', mean: [4, 1] },
        ],
      },
      { width: 25 },
    ),
  ).toBe('Race\ntrue objective\nan optimizer of some\nlength × step 0\nadam 2.00\nlstm 1.00');
  expect(terminalPlot(race(), { width: 10, colour: true })).toContain('\u001b[38;5;202m');
});

test('a terminal of unknown width has 80 columns', () => {
  expect(terminalPlot(race(), { width: 0 })).toBe(terminalPlot(race(), { width: 80 }));
  expect(terminalPlot(race(), { width: 0 })).toBe(terminalPlot(race()));
});

test('a tick whose number is long is written whole', () => {
  const plot = terminalPlot({
    title: 'Narrow',
    yScale: 'linear',
    series: [{ optimizer: 'adam', kind: 'hand-made', mean: [1_000_010, 1_000_030] }],
  });
  expect(plot).toMatch(/^1\.000030×10⁶ ┤/m);
});

test('a long name gives way to the value', () => {
  const name = 'a name that is far too long for the legend of a narrow terminal';
  const plot = terminalPlot(
    { title: 'Race', series: [{ optimizer: name, kind: 'learned', mean: [3, 1.23e-5] }] },
    { width: 36 },
  );
  expect(plot.split('\n').at(-1)).toMatch(/^ {9}A a name that .*… 1\.23×10⁻⁵$/);
});

test('where colours are shared the curves carry letters too', () => {
  const series = Array.from({ length: 8 }, (_, i) => ({
    optimizer: `rule ${i}`,
    kind: 'learned' as const,
    mean: [10 + i, 1 + i],
  }));
  const drawing = (plot: string): string =>
    stripVTControlCharacters(plot)
      .split('\n')
      .slice(2, -4)
      .map((line) => line.slice(9, 60))
      .join('');
  expect(drawing(terminalPlot({ title: 'Race', series: series.slice(0, 6) }, { colour: true }))).not.toMatch(
    /[A-H]/,
  );
  expect(drawing(terminalPlot({ title: 'Race', series }, { colour: true }))).toMatch(/H/);
});

test('marks that turn the direction of writing are spelled out', () => {
  const optimizer = 'ad\u202eam';
  const text = terminalPlot({ title: '\u2066t', series: [{ optimizer, kind: 'learned', mean: [3, 2] }] });
  expect(text).toContain('ad\\u{202e}am 2.00');
  expect(text).toContain('\\u{2066}t');
});

test('a typed array in place of a list is refused in one sentence', () => {
  const mean = Float32Array.of(3, 2, 1) as unknown as number[];
  expect(() => terminalPlot({ title: 't', series: [{ optimizer: 'sgd', kind: 'hand-made', mean }] })).toThrow(
    'terminalPlot: the set of curves has something else in place of a list, such as a typed array; give Array.from(values)',
  );
});
