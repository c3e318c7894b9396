/**
 * What a terminal or a log must not be given from a file as it is: control characters (C0, DEL, C1), marks
 * that turn the direction of writing, separators of lines, invisible characters, and halves of surrogate
 * pairs.
 */
const UNPRINTABLE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Text of unknown origin (a name in a file, a key of a record, a path) made fit for one line of a message:
 * what is unprintable is written as `\u{…}`, and what is longer than `limit` characters is cut, with an
 * ellipsis in place of the rest.
 *
 * @param limit characters of `text` that are kept, at least 1.
 * @example
 * printable('loss\u001b[2J') // => 'loss\\u{1b}[2J'
 * printable('abcdef', 4) // => 'abc…'
 */
export function printable(text: string, limit = 80): string {
  // Cut first: escaping a text of many megabytes would cost as much as the text. Plain JavaScript gives
  // anything where a name is wanted.
  const characters = Array.from(String(text).slice(0, 2 * limit + 2));
  const kept =
    characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : characters.join('');
  return kept.replace(UNPRINTABLE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}
