import * as z from 'zod/mini';
import { optimizerKind } from './curve-set.js';
import { formatEstimate, formatNumber, type Notation } from './number-format.js';
import { recordedNumber } from './recorded-number.js';
import { parseRecord } from './validate.js';

const better = z.enum(['lower', 'higher', 'none']);

const column = z.union([
  z.pipe(
    z.string(),
    z.transform((name) => ({ name, better: undefined })),
  ),
  z.object({
    name: z.string(),
    /** Overrides the table's own. */
    better: z.optional(better),
  }),
]);

const cell = z.union(
  [
    z.object({ value: recordedNumber, standardError: z.optional(recordedNumber) }),
    // As it is once parsed: a parsed table is a table too.
    z.object({ text: z.string() }),
    z.pipe(
      recordedNumber,
      z.transform((value) => ({ value, standardError: undefined })),
    ),
    z.pipe(
      z.string(),
      z.transform((text) => ({ text })),
    ),
  ],
  { error: 'expected a number, null for a missing one, words, or { value, standardError }' },
);

/** A number with or without its standard error, or words. */
export type TableCell = z.output<typeof cell>;

/** Schema of {@link ResultTable}. */
export const resultTableSchema = z
  .object({
    title: z.string().check(z.minLength(1)),
    caption: z.optional(z.string()),
    /** Heading of the first column. */
    rowLabel: z._default(z.string(), 'optimizer'),
    /** Which end of every column wins; `none` marks no winner. */
    better: z._default(better, 'lower'),
    columns: z.readonly(z.array(column).check(z.minLength(1, 'a table needs at least one column'))),
    rows: z.readonly(
      z
        .array(
          z.object({ name: z.string(), kind: z.optional(optimizerKind), cells: z.readonly(z.array(cell)) }),
        )
        .check(z.minLength(1, 'a table needs at least one row')),
    ),
  })
  .check(
    z.superRefine(({ columns, rows }, context) => {
      rows.forEach(({ name, cells }, i) => {
        if (cells.length !== columns.length) {
          context.addIssue({
            code: 'custom',
            path: ['rows', i, 'cells'],
            message: `"${name}" has ${cells.length} cells, but the table has ${columns.length} columns`,
          });
        }
      });
    }),
  );

/** A table of results, after parsing. */
export type ResultTable = z.output<typeof resultTableSchema>;
/**
 * A {@link ResultTable} as it may be written: a column is a name, a cell a number, words or `{ value,
 * standardError }`.
 */
export type ResultTableInput = z.input<typeof resultTableSchema>;

/**
 * Which cells hold the best value of their column [rows][columns]. Values that read the same to three
 * significant digits tie, because a reader could not see why one of them should win. Non-finite values never
 * win, and a column whose numbers all tie (or that has only one) has no winner.
 *
 * @throws UserError if the table breaks a rule of its schema.
 */
export function tableWinners(resultTable: ResultTableInput): boolean[][] {
  return winnersOf(parseRecord('tableWinners', 'table', resultTableSchema, resultTable));
}

/** {@link tableWinners} of a table that has been parsed. */
export function winnersOf(table: ResultTable): boolean[][] {
  const winners = table.rows.map(() => table.columns.map(() => false));
  table.columns.forEach((column, c) => {
    const direction = column.better ?? table.better;
    if (direction === 'none') return;
    const values = table.rows.map(({ cells }) => numberIn(cells[c]));
    const finite = values.filter(Number.isFinite);
    if (new Set(finite.map((value) => formatNumber(value))).size < 2) return;
    const best = formatNumber(
      finite.reduce((a, b) => (direction === 'lower' ? Math.min(a, b) : Math.max(a, b))),
    );
    values.forEach((value, r) => {
      if (Number.isFinite(value) && formatNumber(value) === best) (winners[r] as boolean[])[c] = true;
    });
  });
  return winners;
}

function numberIn(cell: TableCell | undefined): number {
  return cell !== undefined && 'value' in cell ? cell.value : NaN;
}

/** What a cell says: words as they are, numbers as `value ± standard error`. */
export function cellText(cell: TableCell, notation: Notation = 'superscript'): string {
  return 'text' in cell ? cell.text : formatEstimate(cell.value, cell.standardError, notation);
}

/** What the dash in a table's cells is, and how many there are; nothing where every number is one. */
export function missingSentence(table: ResultTable, notation: Notation = 'superscript'): string | undefined {
  const numbers = table.rows.flatMap(({ cells }) => cells.filter((cell) => 'value' in cell));
  const missing = numbers.filter((cell) => Number.isNaN(cell.value)).length;
  if (missing === 0) return undefined;
  const dash = formatNumber(NaN, 3, notation);
  return `"${dash}" is a value that is missing or not a number: ${missing} of ${numbers.length}.`;
}
