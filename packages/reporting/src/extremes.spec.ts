import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CurveSetInput } from './curve-set.js';
import { curveFigure, figureGrid } from './figure.js';
import { formatDuration, formatEstimate, formatNumber } from './number-format.js';
import { metaTrainingFigure } from './meta-training-figure.js';
import { optimizerStyle } from './optimizer-style.js';
import { toJson } from './recorded-number.js';
import { renderReport } from './report-html.js';
import { terminalPlot } from './terminal-plot.js';
import { terminalTable } from './terminal-table.js';
import { coordinates, drawnLabels, drawnLine, saidNumber } from './testing/drawn-axis.js';
import { terminalWidth } from './text-width.js';

const scale = fc.constantFrom('log' as const, 'linear' as const);
/** Any double, the non-finite ones included, and the ends of the range more often than chance would have them. */
const anyDouble = fc.oneof(
  { weight: 4, arbitrary: fc.double() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, -0, 5e-324, 1e-310, 1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE),
  },
  { weight: 1, arbitrary: fc.double({ min: 1e-3, max: 1e3, noNaN: true }) },
);

function curvesOf(mean: number[], yScale: 'log' | 'linear', extra: object = {}): CurveSetInput {
  return { title: 'Race', yScale, series: [{ optimizer: 'adam', kind: 'hand-made', mean, ...extra }] };
}

const plain = { width: 600, height: 300, annotate: false };
const ink = optimizerStyle('adam', 'hand-made').colour;

/** Where `value` belongs between two drawn points, by the definition of the scale and not by this package's code. */
function expectedAt(
  value: number,
  [a, b]: [number, number],
  [ya, yb]: [number, number],
  yScale: 'log' | 'linear',
): number {
  // Quarters, because the difference of the largest doubles is none.
  const place = (x: number): number => (yScale === 'log' ? Math.log(x) : x / 4);
  return ya + ((place(value) - place(a)) / (place(b) - place(a))) * (yb - ya);
}

async function expectTrueLabels(low: number, high: number, yScale: 'log' | 'linear'): Promise<void> {
  // Upwards, so that the figure is about all of it.
  const svg = await curveFigure(curvesOf([low, high], yScale), plain);
  const ends = drawnLine(svg, ink).map(([, y]) => y) as [number, number];
  const labels = drawnLabels(svg, 'y');
  expect(labels.length).toBeGreaterThan(0);
  for (const { text, at } of labels) {
    const wanted = expectedAt(saidNumber(text), [low, high], ends, yScale);
    expect({ text, off: Math.abs(at - wanted) < 0.1 ? 0 : at - wanted }).toEqual({ text, off: 0 });
  }
}

test('the label at y says the value at y, whatever the range', async () => {
  const exponent = fc.double({ min: -300, max: 300, noNaN: true });
  const ratio = fc.oneof(
    fc.double({ min: 1.001, max: 100, noNaN: true }),
    fc.double({ min: 2, max: 1e8, noNaN: true }),
  );
  await fc.assert(
    fc.asyncProperty(exponent, ratio, scale, fc.boolean(), async (e, r, yScale, negative) => {
      const [low, high] = [10 ** e, r * 10 ** e];
      await (negative && yScale === 'linear'
        ? expectTrueLabels(-high, -low, yScale)
        : expectTrueLabels(low, high, yScale));
    }),
    { numRuns: 80 },
  );
});

test.each([
  [1e-8, 3e-8, 'log'],
  [1, 100, 'log'],
  [1e-8, 1, 'log'],
  [5e-324, Number.MAX_VALUE, 'log'],
  [5e-324, 1e-320, 'log'],
  [1e300, Number.MAX_VALUE, 'log'],
  [2.31, 2.34, 'log'],
  [0, 1, 'linear'],
  [-0.3, 0.3, 'linear'],
  [1_000_010, 1_000_030, 'linear'],
  [-Number.MAX_VALUE, Number.MAX_VALUE, 'linear'],
  [0, 1e-320, 'linear'],
] as const)('the label at y says the value at y, from %d to %d, %s', (low, high, yScale) =>
  expectTrueLabels(low, high, yScale),
);

test('a constant a little below a power of ten lies a little below its label', async () => {
  // Ticks that an axis takes from beyond its end would shift all labels by one.
  for (const value of [Math.exp(Math.log(1e-8)), 1e-8, 0.1, 1e-300, 5e-324, Number.MAX_VALUE]) {
    const svg = await curveFigure(curvesOf([value, value, value, value], 'log'), plain);
    const at = drawnLine(svg, ink)[0]?.[1] as number;
    const above = drawnLabels(svg, 'y').filter((label) => label.at < at - 0.1);
    const below = drawnLabels(svg, 'y').filter((label) => label.at > at + 0.1);
    for (const { text } of above) expect(saidNumber(text)).toBeGreaterThan(value);
    for (const { text } of below) expect(saidNumber(text)).toBeLessThan(value);
  }
});

test('every labelled tick of an axis is drawn', async () => {
  const svg = await curveFigure(curvesOf([1, 24], 'log'), { width: 760, annotate: false });
  expect(drawnLabels(svg, 'y').map(({ text }) => text)).toEqual(['1', '2', '5', '10', '20']);
});

test('figures of any doubles end, at finite places', async () => {
  const means = fc.array(anyDouble, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(means, means, anyDouble, scale, async (mean, other, value, yScale) => {
      const steps = [...new Set([...other, 7].filter(Number.isFinite))].sort((a, b) => a - b);
      const curves: CurveSetInput = {
        title: 'Race',
        yScale,
        series: [
          { optimizer: 'adam', kind: 'hand-made', mean, standardError: mean.map((_, i) => other[i] ?? NaN) },
          { optimizer: 'lstm', kind: 'learned', mean: steps.map((_, i) => mean[i] ?? value), steps },
        ],
        referenceLines: Number.isFinite(value) ? [{ axis: 'y', value, label: 'published' }] : [],
      };
      const training = {
        title: 'Training',
        yScale,
        trainLoss: mean,
        metaGradientNorm: mean.map(() => value),
        bestEpoch: 1,
      };
      for (const svg of [
        await curveFigure(curves),
        await figureGrid([curves, curves], { width: 400, columns: 9 }),
        await metaTrainingFigure(training),
      ]) {
        const places = coordinates(svg);
        expect(places.length).toBeGreaterThan(10);
        expect(places.filter((place) => !(Math.abs(place) < 1e6))).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
});

test('a page of any doubles ends, and says NaN of nothing', async () => {
  const cell = fc.tuple(anyDouble, anyDouble);
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 4 }), scale, async (cells, yScale) => {
      const values = cells.map(([value]) => value);
      const page = await renderReport({
        title: 'Report',
        sections: [
          {
            heading: 'All',
            blocks: [
              {
                type: 'curves',
                curves: curvesOf(values, yScale, { standardError: cells.map(([, error]) => error) }),
              },
              {
                type: 'table',
                table: {
                  title: 'Table',
                  columns: values.map((_, i) => `${i}`),
                  rows: [
                    {
                      name: 'adam',
                      cells: cells.map(([value, standardError]) => ({ value, standardError })),
                    },
                  ],
                },
              },
              {
                type: 'tuning',
                records: [
                  {
                    optimizer: 'adam',
                    chosen: { rate: Number.isFinite(values[0]) ? (values[0] as number) : 1 },
                    grid: values.map((score, i) => ({ parameters: { rate: i }, score })),
                  },
                ],
              },
            ],
          },
        ],
      });
      const text = page.replace(/<style>.*?<\/style>|<[^>]*>/gs, ' ');
      expect(text).not.toMatch(/NaN|Infinity|undefined|\de[+-]?\d/);
    }),
    { numRuns: 25 },
  );
});

test('terminal plots and tables of any doubles end, at any width', () => {
  const means = fc.array(anyDouble, { minLength: 1, maxLength: 6 });
  const columns = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3000 }));
  fc.assert(
    fc.property(means, columns, scale, fc.boolean(), fc.boolean(), (mean, width, yScale, ascii, colour) => {
      const plot = terminalPlot(curvesOf(mean, yScale), { width, ascii, colour });
      const table = terminalTable(
        {
          title: 'A title of some length',
          columns: ['the first'],
          rows: mean.map((value, i) => ({ name: `row ${i}`, cells: [value] })),
        },
        { width, ascii, colour },
      );
      for (const text of [plot, table]) {
        // eslint-disable-next-line no-control-regex
        const lines = text.replace(/\u001b\[[\d;]*m/g, '').split('\n');
        expect(lines.length).toBeGreaterThan(0);
        expect(Math.max(...lines.map(terminalWidth))).toBeLessThanOrEqual(width === 0 ? 80 : width);
        expect(text).not.toMatch(/NaN|Infinity|undefined/);
        if (!colour) expect(text).not.toContain('\u001b');
      }
    }),
    { numRuns: 300 },
  );
});

test('number formats of any doubles say them to their digits', () => {
  fc.assert(
    fc.property(fc.double({ min: -1.79e308, max: 1.79e308, noNaN: true }), anyDouble, (value, error) => {
      const said = Number(formatNumber(value, 3, 'exponent'));
      // Half a unit of the third digit; subnormal doubles lie further apart than that.
      expect(Math.abs(said - value)).toBeLessThanOrEqual(
        Math.max(0.0051 * Math.abs(value), Number.MIN_VALUE),
      );
      const estimate = formatEstimate(value, error, 'exponent');
      expect(estimate).not.toMatch(/NaN|Infinity|undefined/);
      expect(estimate.length).toBeLessThan(40);
      expect(formatDuration(Math.abs(value))).not.toMatch(/NaN|Infinity|e[+-]/);
    }),
  );
});

test('figures and tables drawn again from JSON are the same', async () => {
  const means = fc.array(anyDouble, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(means, scale, async (mean, yScale) => {
      const curves = curvesOf(mean, yScale, { standardError: mean.toReversed() });
      const table = {
        title: 'T',
        columns: ['a'],
        rows: mean.map((value, i) => ({ name: `r${i}`, cells: [{ value, standardError: value }] })),
      };
      const again = <T>(record: T): T => JSON.parse(toJson(record)) as T;
      expect(await curveFigure(again(curves))).toBe(await curveFigure(curves));
      expect(terminalTable(again(table))).toBe(terminalTable(table));
    }),
    { numRuns: 25 },
  );
});
