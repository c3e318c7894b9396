import { expect, test } from '@jest/globals';
import { resultTableSchema, tableWinners, type ResultTableInput } from './result-table.js';
import { terminalTable } from './terminal-table.js';
import { tableToCsv } from './export-data.js';

const winnersOf = (table: ResultTableInput): boolean[][] => tableWinners(resultTableSchema.parse(table));
const column = (
  cells: ResultTableInput['rows'][number]['cells'],
  better: 'lower' | 'higher' | 'none' = 'lower',
): boolean[] =>
  winnersOf({
    title: 'Race',
    better,
    columns: ['value'],
    rows: cells.map((cell, i) => ({ name: `row ${i}`, cells: [cell] })),
  }).map(([won]) => won as boolean);

test('the lowest value wins, or the highest, or none', () => {
  expect(column([3, 1, 2])).toEqual([false, true, false]);
  expect(column([3, 1, 2], 'higher')).toEqual([true, false, false]);
  expect(column([3, 1, 2], 'none')).toEqual([false, false, false]);
});

test('values that read the same tie', () => {
  expect(column([{ value: 0.04131, standardError: 0.01 }, 0.04129, 0.0414])).toEqual([true, true, false]);
});

test('there is no winner where nobody loses', () => {
  expect(column([1, 1.0001, 1])).toEqual([false, false, false]);
  expect(column([1])).toEqual([false]);
  expect(column([1, NaN])).toEqual([false, false]);
});

test('words and non-finite values never win', () => {
  expect(column(['0', 5, -Infinity, NaN, null, 6])).toEqual([false, true, false, false, false, false]);
});

test('a column can differ from its table', () => {
  const table: ResultTableInput = {
    title: 'Race',
    columns: ['loss', { name: 'accuracy', better: 'higher' }, { name: 'steps', better: 'none' }],
    rows: [
      { name: 'a', cells: [1, 0.9, 10] },
      { name: 'b', cells: [2, 0.8, 20] },
    ],
  };
  expect(winnersOf(table)).toEqual([
    [true, true, false],
    [false, false, false],
  ]);
});

test('rows must fit the columns', () => {
  expect(() =>
    terminalTable({ title: 'Race', columns: ['a', 'b'], rows: [{ name: 'adam', cells: [1] }] }),
  ).toThrow('"adam" has 1 cells, but the table has 2 columns');
  expect(() => terminalTable({ title: 'Race', columns: [], rows: [] })).toThrow('at least one column');
});

test('CSV has full precision and a column for errors where there are any', () => {
  const table: ResultTableInput = {
    title: 'Race',
    columns: ['a, b', 'note'],
    rows: [
      { name: 'say "x"', cells: [{ value: 0.1234567, standardError: 0.01 }, 'fine'] },
      { name: 'adam', cells: [NaN, 'two\nlines'] },
    ],
  };
  expect(tableToCsv(table)).toBe(
    'optimizer,"a, b","a, b standard error",note\r\n"say ""x""",0.1234567,0.01,fine\r\nadam,NaN,,"two\nlines"\r\n',
  );
});

test('winners are found in a table as it may be written, and in one that has been parsed', () => {
  const written = {
    title: 'Race',
    columns: ['a', 'b'],
    rows: [
      { name: 'adam', cells: [2, 'words'] },
      { name: 'lstm', cells: [{ value: 1 }, null] },
    ],
  };
  expect(tableWinners(written)).toEqual([
    [false, false],
    [true, false],
  ]);
  expect(tableWinners(resultTableSchema.parse(written))).toEqual(tableWinners(written));
  expect(() => tableWinners({ ...written, rows: [{ name: 'adam', cells: [true, 1] }] } as never)).toThrow(
    /^tableWinners: the table breaks a rule.*expected a number, null for a missing one, words.*at rows\[0\]\.cells\[0\]/s,
  );
});
