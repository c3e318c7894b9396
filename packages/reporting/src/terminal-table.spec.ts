import { expect, test } from '@jest/globals';
import type { ResultTableInput } from './result-table.js';
import { terminalTable } from './terminal-table.js';
import { fitted, terminalWidth } from './text-width.js';

const table: ResultTableInput = {
  title: 'Objective at step 100',
  columns: ['quadratics', 'MNIST', { name: 'note', better: 'none' }],
  rows: [
    {
      name: 'lstm',
      cells: [{ value: 0.019, standardError: 0.0014 }, { value: 0.25, standardError: 0.004 }, 'trained'],
    },
    {
      name: 'adam',
      cells: [{ value: 0.0527, standardError: 0.003 }, { value: 0.32, standardError: 0.004 }, ''],
    },
    { name: 'sgd', cells: [NaN, 2.3, ''] },
  ],
};

test('columns are aligned and winners starred', () => {
  expect(terminalTable(table)).toBe(
    [
      'Objective at step 100',
      'optimizer        quadratics           MNIST  note',
      '─────────  ────────────────  ──────────────  ───────',
      'lstm       0.0190 ± 0.0014*  0.250 ± 0.004*  trained',
      'adam       0.0527 ± 0.0030   0.320 ± 0.004',
      'sgd                      –            2.30',
      '"–" is a value that is missing or not a number: 1 of 6.',
    ].join('\n'),
  );
});

test('a tie stars both', () => {
  const tied = terminalTable({
    title: 'Race',
    columns: ['x'],
    rows: [1, 1.0001, 2].map((value, i) => ({ name: `r${i}`, cells: [value] })),
  });
  expect(tied.split('\n').slice(3)).toEqual(['r0         1.00*', 'r1         1.00*', 'r2         2.00']);
});

test('a table that is too wide goes on below itself, with all its numbers', () => {
  const narrow = terminalTable(table, { width: 32, ascii: true });
  const lines = narrow.split('\n');
  expect(lines.every((line) => line.length <= 32)).toBe(true);
  expect(lines.filter((line) => line.startsWith('lstm'))).toHaveLength(3);
  for (const number of ['0.0190 +- 0.0014*', '0.250 +- 0.004*', 'trained']) expect(narrow).toContain(number);
  // eslint-disable-next-line no-control-regex
  expect(narrow).toMatch(/^[\u0000-\u007f]*$/);
});

test('colour only if asked for', () => {
  expect(terminalTable(table)).not.toContain('\u001b');
  expect(terminalTable(table, { colour: true })).toContain('\u001b[1m0.0190 ± 0.0014*\u001b[22m');
});

test('wide characters and hostile names keep the columns', () => {
  const names = ['優化器', 'η̂ rule', '\u001b[31mred', 'a name that is far too long for its column'];
  const lines = terminalTable(
    { title: 'Race', columns: ['x'], rows: names.map((name, i) => ({ name, cells: [i] })) },
    { width: 40, ascii: false },
  ).split('\n');
  // 20 for the name, which is half of the line, 2 between, 4 digits.
  expect(lines.slice(3).map((line) => terminalWidth(line.replace('*', '')))).toEqual([26, 26, 26, 26]);
  expect(lines.join('')).not.toContain('\u001b');
});

test('text is padded or cut to columns', () => {
  expect([
    fitted('ab', 4),
    fitted('ab', 4, 'right'),
    fitted('abcdef', 4),
    fitted('優化器', 4),
    fitted('abc', 0),
  ]).toEqual(['ab  ', '  ab', 'abc…', '優… ', '']);
});

test('a title takes as many lines as it needs, and no line is wider than the terminal', () => {
  const title = 'Random 10-dimensional quadratics: true objective';
  const lines = terminalTable(
    { title, columns: ['a'], rows: [{ name: 'adam', cells: [1] }] },
    { width: 40 },
  ).split('\n');
  expect(lines.slice(0, 2)).toEqual(['Random 10-dimensional quadratics: true', 'objective']);
  expect(Math.max(...lines.map(terminalWidth))).toBeLessThanOrEqual(40);
});

test('where a column of numbers does not fit beside the names it is a list, with every digit', () => {
  expect(terminalTable({ ...table, rows: table.rows.slice(0, 2) }, { width: 24 })).toBe(
    [
      'Objective at step 100',
      'lstm',
      '  quadratics: 0.0190 ±',
      '  0.0014*',
      '  MNIST: 0.250 ± 0.004*',
      '  note: trained',
      'adam',
      '  quadratics: 0.0527 ±',
      '  0.0030',
      '  MNIST: 0.320 ± 0.004',
    ].join('\n'),
  );
  for (const width of [1, 2, 5, 10, 19]) {
    const text = terminalTable(table, { width });
    expect(Math.max(...text.split('\n').map(terminalWidth))).toBeLessThanOrEqual(width);
    expect(text.replace(/\s/g, '')).toContain('quadratics:0.0190±0.0014*');
  }
});

test('a terminal of unknown width has 80 columns', () => {
  const wide = { ...table, columns: [...table.columns.slice(0, 2), 'x'.repeat(60)] };
  expect(terminalTable(wide, { width: 0 })).toBe(terminalTable(wide, { width: 80 }));
  expect(terminalTable(wide, { width: 0 })).toBe(terminalTable(wide));
});
