/** Characters that a POSIX shell leaves as they are. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A command line that a POSIX shell splits into exactly these words.
 *
 * @example
 * shellCommand(['cat', "Ann's notes.md"]) // => `cat 'Ann'\\''s notes.md'`
 */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
