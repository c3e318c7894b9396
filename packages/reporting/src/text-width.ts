import { eastAsianWidth } from 'get-east-asian-width';

/** Advance widths in em of DejaVu Sans, the widest of the usual sans-serif fonts, by kind of character. */
const ADVANCES: readonly (readonly [RegExp, number])[] = [
  [/[ .,:;'|!()[\]ijltIfr/-]/, 0.36],
  [/[⁰¹²³⁴-⁹⁻]/, 0.41],
  [/\d/, 0.64],
  [/[mwMW%@—]/, 0.95],
  [/[±×+=−]/, 0.84],
  [/[A-Z]/, 0.72],
  [/[\u2e80-\u{1ffff}]/u, 1],
];

/** About how wide a line of text is in pixels; there is no font here to measure with, so it errs on the wide side. */
export function estimatedTextWidth(text: string, fontSize: number): number {
  let em = 0;
  for (const character of text) em += ADVANCES.find(([pattern]) => pattern.test(character))?.[1] ?? 0.62;
  return em * fontSize;
}

/**
 * Columns that a text without control characters takes in a terminal: combining marks none, East Asian wide
 * characters two.
 *
 * @example
 * ['adam', 'η̂', '優'].map(terminalWidth) // => [4, 1, 2]
 */
export function terminalWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) width += eastAsianWidth(character.codePointAt(0) as number);
  }
  return width;
}

/**
 * `text` in exactly `width` columns: padded with spaces at the side that `align` leaves free, or cut with an
 * ellipsis.
 */
export function fitted(
  text: string,
  width: number,
  align: 'left' | 'right' = 'left',
  ellipsis = '…',
): string {
  const own = terminalWidth(text);
  if (own <= width) {
    const space = ' '.repeat(width - own);
    return align === 'left' ? text + space : space + text;
  }
  let cut = '';
  let used = 0;
  for (const character of text) {
    const next = terminalWidth(character);
    if (used + next > width - ellipsis.length) break;
    cut += character;
    used += next;
  }
  return width < ellipsis.length ? ' '.repeat(width) : fitted(cut + ellipsis, width, align, '');
}
