import { eastAsianWidth } from 'get-east-asian-width';

/** What text is written to: `process.stderr`, or anything like it. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Absent or 0: not known. */
  readonly columns?: number;
}

/** The width of a terminal that does not tell its own, as those of containers. */
const USUAL_COLUMNS = 80;

export function columnsOf({ columns }: TextStream): number {
  return columns !== undefined && columns > 0 ? columns : USUAL_COLUMNS;
}

/**
 * Columns that a text without control characters takes: combining marks none, East Asian wide characters and
 * emoji two.
 */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) width += eastAsianWidth(character.codePointAt(0) as number);
  }
  return width;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The text, or its beginning with an ellipsis, in at most `width` columns. */
export function clipped(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (textWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return width < 1 ? '' : `${kept}…`;
}

/**
 * The text with a line break in place of the last blank before a line would be wider than `columns`; words
 * are never broken. Lines that begin with a blank stay as they are: commands to copy.
 */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith(' ') ? line : wrappedLine(line, columns)))
    .join('\n');
}

function wrappedLine(line: string, columns: number): string {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 1 + textWidth(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** Writes lines for people: on a terminal not broken inside words, elsewhere as they are. */
export function writeLines(stream: TextStream, text: string): void {
  stream.write(`${stream.isTTY === true ? wrapped(text, columnsOf(stream)) : text}\n`);
}
