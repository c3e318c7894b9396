import { escapeMarkup } from './markup.js';
import type { LineStyle } from './line-style.js';
import { cellText, missingSentence, winnersOf, type ResultTable } from './result-table.js';

/** A colour sample before the name of an optimizer that has one. */
export function optimizerName(name: string, styles: ReadonlyMap<string, LineStyle>): string {
  const style = styles.get(name);
  if (style === undefined) return escapeMarkup(name);
  const line = style.dash.length > 0 ? 'dashed' : 'solid';
  const swatch = `<span class="swatch" style="border-top:${style.width >= 3 ? 3 : 2}px ${line} ${style.colour}"></span>`;
  const text = escapeMarkup(name);
  return swatch + (style.width >= 3 ? `<span class="learned">${text}</span>` : text);
}

/** A heading; `starred` columns keep room for the mark of a winner. All text here is markup. */
export interface HtmlColumn {
  readonly heading: string;
  readonly kind: 'text' | 'number' | 'starred';
}

const CLASSES = { text: '', number: ' class="number"', starred: ' class="number starred"' } as const;

function rowHeading(cell: string, attributes: string): string {
  return `<th scope="row"${attributes}>${cell}</th>`;
}

/** A table in a box that scrolls on its own where the page is narrow; the caption, outside the box, stays. */
export function htmlTable(
  caption: string,
  columns: readonly HtmlColumn[],
  rows: readonly (readonly string[])[],
): string {
  const classOf = (c: number): string => CLASSES[columns[c]?.kind ?? 'text'];
  const head = columns.map(({ heading }, c) => `<th scope="col"${classOf(c)}>${heading}</th>`).join('');
  const body = rows.map(
    (cells) =>
      `<tr>${cells.map((cell, c) => (c === 0 ? rowHeading(cell, classOf(c)) : `<td${classOf(c)}>${cell}</td>`)).join('')}</tr>`,
  );
  return (
    (caption === '' ? '' : `<p class="caption">${caption}</p>\n`) +
    `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody></table></div>\n`
  );
}

/** The mark of a winner: bold alone is lost to screen readers and in copied text. */
export function winnerMarkup(text: string): string {
  return `<strong>${text}</strong><span class="mark" role="img" aria-label="best">★</span>`;
}

/** A table of results with the winner of every column in bold and starred. */
export function resultTableHtml(
  table: ResultTable,
  caption: string,
  styles: ReadonlyMap<string, LineStyle>,
): string {
  const winners = winnersOf(table);
  const columns: HtmlColumn[] = table.columns.map(({ name }, c) => {
    // A column of words reads from the left.
    const numeric = table.rows.some(({ cells }) => 'value' in (cells[c] ?? {}));
    const starred = winners.some((row) => row[c]);
    return { heading: escapeMarkup(name), kind: starred ? 'starred' : numeric ? 'number' : 'text' };
  });
  const rows = table.rows.map(({ name, kind, cells }, r) => [
    kind === 'learned' && !styles.has(name)
      ? `<span class="learned">${escapeMarkup(name)}</span>`
      : optimizerName(name, styles),
    ...cells.map((cell, c) => {
      const text = escapeMarkup(cellText(cell));
      return winners[r]?.[c] ? winnerMarkup(text) : text;
    }),
  ]);
  const missing = missingSentence(table);
  return (
    htmlTable(caption, [{ heading: escapeMarkup(table.rowLabel), kind: 'text' }, ...columns], rows) +
    (missing === undefined ? '' : `<p class="note">${missing}</p>\n`)
  );
}
