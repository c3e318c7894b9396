import * as z from 'zod/mini';
import { terminalWidth } from './text-width.js';

/** What a terminal has by tradition; one that does not know its width says 0. */
const USUAL = 80;
const MOST = 1000;

/** Schema of a terminal's columns: 0 and none given are 80. */
export const terminalColumns = z._default(
  z.pipe(
    z.int().check(z.minimum(0)),
    z.transform((columns) => (columns === 0 ? USUAL : Math.min(columns, MOST))),
  ),
  USUAL,
);

/**
 * Text in lines of at most `width` columns, broken at spaces and, inside a word, where nothing else helps; a
 * line holds at least one character.
 */
export function brokenLines(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (terminalWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = piecesOf(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) as string;
  }
  return line === '' ? lines : [...lines, line];
}

function piecesOf(word: string, width: number): string[] {
  const pieces = [''];
  let used = 0;
  for (const character of word) {
    const next = terminalWidth(character);
    if (used > 0 && used + next > width) {
      pieces.push('');
      used = 0;
    }
    pieces[pieces.length - 1] += character;
    used += next;
  }
  return pieces;
}

/** Lines under one another, those of an item indented below its first where there is room for it. */
export function listItem(head: string, rest: readonly string[], width: number): string[] {
  const indent = width >= 10 ? '  ' : '';
  return [
    ...brokenLines(head, width),
    ...rest.flatMap((text) => brokenLines(text, width - indent.length).map((line) => indent + line)),
  ];
}
