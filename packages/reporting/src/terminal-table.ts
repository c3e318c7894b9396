import * as z from 'zod/mini';
import { bold } from './ansi.js';
import { printable } from './markup.js';
import { cellText, resultTableSchema, tableWinners, type ResultTableInput } from './result-table.js';
import { fitted, terminalWidth } from './text-width.js';
import { parseRecord } from './validate.js';

/** Schema of {@link TerminalTableOptions}. */
export const terminalTableOptionsSchema = z.object({
  /** Columns that a line may take; a wider table is continued below itself, with the names again. */
  width: z._default(z.int().check(z.minimum(20), z.maximum(1000)), 100),
  /** Winners in bold, beside their star. */
  colour: z._default(z.boolean(), false),
  ascii: z._default(z.boolean(), false),
});
export type TerminalTableOptions = z.input<typeof terminalTableOptionsSchema>;

interface Column {
  readonly header: string;
  readonly cells: readonly string[];
  readonly width: number;
  readonly align: 'left' | 'right';
}

const GAP = '  ';

/**
 * A table as text: numbers to the right, words to the left, a star after the best value of every column. Lines are not padded at their right ends.
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
  const winners = tableWinners(table);
  const ellipsis = ascii ? '...' : '…';
  const column = (
    header: string,
    cells: readonly string[],
    align: Column['align'],
    limit: number,
  ): Column => {
    const widest = Math.max(...[header, ...cells].map(terminalWidth));
    return { header, cells, align, width: Math.min(widest, limit) };
  };
  const names = column(
    printable(table.rowLabel),
    table.rows.map(({ name }) => printable(name)),
    'left',
    Math.floor(width / 2),
  );
  const rest = width - names.width - GAP.length;
  const columns = table.columns.map(({ name }, c) => {
    const numeric = table.rows.some(({ cells }) => 'value' in (cells[c] ?? {}));
    // A blank keeps the digits of the others above those of the winner.
    const starred = winners.some((row) => row[c]);
    const texts = table.rows.map(({ cells }, r) => {
      const cell = cells[c];
      const text = cell === undefined ? '' : printable(cellText(cell, ascii ? 'exponent' : 'superscript'));
      return starred ? `${text}${winners[r]?.[c] ? '*' : ' '}` : text;
    });
    return column(printable(name), texts, numeric ? 'right' : 'left', rest);
  });

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
  const lines = chunks.flatMap((chunk, i) => {
    const all = [names, ...chunk];
    const first = columns.indexOf(chunk[0] as Column);
    const line = (texts: readonly string[], emphasis: (c: number) => boolean): string =>
      texts
        .map((text, c) => {
          const { width: w, align } = all[c] as Column;
          const cell = fitted(text, w, align, ellipsis);
          return colour && emphasis(c) ? bold(cell) : cell;
        })
        .join(GAP)
        .trimEnd();
    return [
      ...(i > 0 ? [''] : []),
      line(
        all.map(({ header }) => header),
        () => true,
      ),
      all.map(({ width: w }) => (ascii ? '-' : '─').repeat(w)).join(GAP),
      ...table.rows.map((_, r) =>
        line(
          all.map(({ cells }) => cells[r] as string),
          (c) => c > 0 && winners[r]?.[first + c - 1] === true,
        ),
      ),
    ];
  });
  return [printable(table.title), ...lines].join('\n');
}
