import * as z from 'zod/mini';
import { bold } from './ansi.js';
import { oneLine } from './markup.js';
import {
  cellText,
  missingSentence,
  resultTableSchema,
  winnersOf,
  type ResultTableInput,
} from './result-table.js';
import { brokenLines, listItem, terminalColumns } from './terminal-columns.js';
import { fitted, terminalWidth } from './text-width.js';
import { parseRecord } from './validate.js';

/** Schema of {@link TerminalTableOptions}. */
export const terminalTableOptionsSchema = z.object({
  /**
   * Columns that a line may take; 0 is a terminal that does not know. A wider table is continued below
   * itself, with the names again; where not even one column of numbers fits beside the names, it becomes a
   * list.
   */
  width: terminalColumns,
  /** Winners in bold, beside their star. */
  colour: z._default(z.boolean(), false),
  ascii: z._default(z.boolean(), false),
});
export type TerminalTableOptions = z.input<typeof terminalTableOptionsSchema>;

interface Column {
  readonly header: string;
  readonly cells: readonly string[];
  /** Of the widest cell or the header, within what a line has beside the names. */
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly isWinner: readonly boolean[];
}

/** Words may be cut to so many columns, numbers never: a number without its last digits is another one. */
const LEAST_WORDS = 8;

const GAP = '  ';

/**
 * A table as text: numbers to the right, words to the left, a star after the best value of every column.
 * Lines are not padded at their right ends.
 *
 * @throws UserError if the table or the options break a rule of their schema.
 * @example
 * terminalTable({ title: 'Race', columns: ['step 100'], rows: [{ name: 'adam', cells: [0.052] }, { name: 'lstm', cells: [0.041] }] })
 * // Race
 * // optimizer  step 100
 * // ─────────  ────────
 * // adam        0.0520
 * // lstm        0.0410*
 */
export function terminalTable(resultTable: ResultTableInput, options: TerminalTableOptions = {}): string {
  const table = parseRecord('terminalTable', 'table', resultTableSchema, resultTable);
  const { width, colour, ascii } = parseRecord(
    'terminalTable',
    'options object',
    terminalTableOptionsSchema,
    options,
  );
  const winners = winnersOf(table);
  const notation = ascii ? 'exponent' : 'superscript';
  const column = (
    header: string,
    cells: readonly string[],
    align: Column['align'],
    isWinner: readonly boolean[],
    limit: number,
  ): Column => {
    const widest = [header, ...cells].reduce((most, text) => Math.max(most, terminalWidth(text)), 0);
    return { header, cells, align, isWinner, width: Math.min(widest, limit) };
  };
  const names = column(
    oneLine(table.rowLabel),
    table.rows.map(({ name }) => oneLine(name)),
    'left',
    [],
    Math.floor(width / 2),
  );
  const rest = width - names.width - GAP.length;
  const columns = table.columns.map(({ name }, c) => {
    const numeric = table.rows.some(({ cells }) => 'value' in (cells[c] ?? {}));
    const isWinner = winners.map((row) => row[c] === true);
    // A blank keeps the digits of the others above those of the winner.
    const blank = isWinner.includes(true) ? ' ' : '';
    const texts = table.rows.map(({ cells }, r) => {
      const cell = cells[c];
      const text = cell === undefined ? '' : oneLine(cellText(cell, notation));
      return text + (isWinner[r] ? '*' : blank);
    });
    return column(oneLine(name), texts, numeric ? 'right' : 'left', isWinner, rest);
  });
  const overflows = ({ cells, align }: Column): boolean =>
    (align === 'right' || rest < LEAST_WORDS) && cells.some((cell) => terminalWidth(cell) > rest);
  const drawing = { width, colour, ascii };
  const body = columns.some(overflows)
    ? listLines(names, columns, drawing)
    : gridLines(names, columns, drawing);
  const missing = missingSentence(table, notation);
  return [
    ...brokenLines(oneLine(table.title), width),
    ...body,
    ...(missing === undefined ? [] : brokenLines(missing, width)),
  ].join('\n');
}

type Drawing = z.output<typeof terminalTableOptionsSchema>;

/** The columns beside the names, as many as a line holds, the others below them. */
function gridLines(names: Column, columns: readonly Column[], { width, colour, ascii }: Drawing): string[] {
  const chunks: Column[][] = [];
  let used = Infinity;
  for (const next of columns) {
    if (used + GAP.length + next.width > width) {
      chunks.push([]);
      used = names.width;
    }
    chunks.at(-1)?.push(next);
    used += GAP.length + next.width;
  }
  return chunks.flatMap((chunk, i) => {
    const all = [names, ...chunk];
    const line = (textOf: (column: Column) => string, isBold: (column: Column) => boolean): string =>
      all
        .map((column) => {
          const cell = fitted(textOf(column), column.width, column.align, ascii ? '...' : '…');
          return colour && isBold(column) ? bold(cell) : cell;
        })
        .join(GAP)
        .trimEnd();
    return [
      ...(i > 0 ? [''] : []),
      line(
        ({ header }) => header,
        () => true,
      ),
      all.map((column) => (ascii ? '-' : '─').repeat(column.width)).join(GAP),
      ...names.cells.map((_, r) =>
        line(
          ({ cells }) => cells[r] as string,
          ({ isWinner }) => isWinner[r] === true,
        ),
      ),
    ];
  });
}

/** Row after row, a line for each of its cells. */
function listLines(names: Column, columns: readonly Column[], { width, colour }: Drawing): string[] {
  return names.cells.flatMap((name, r) => {
    const cells = columns
      .map(({ header, cells: texts }) => ({ header, text: (texts[r] as string).trimEnd() }))
      .filter(({ text }) => text !== '')
      .map(({ header, text }) => `${header}: ${text}`);
    const [first = '', ...others] = listItem(name, cells, width);
    return [colour ? bold(first) : first, ...others];
  });
}
