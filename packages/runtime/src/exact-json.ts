/**
 * JSON that gives back the numbers it was given: NaN, ±∞ and −0, which JSON has no numbers for, are stored as
 * the strings "NaN", "Infinity", "-Infinity" and "-0". All other doubles keep their bits by JSON's own rules.
 */
const SPECIAL = new Map<string, number>([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/**
 * @throws TypeError on typed arrays (they belong into tensors) and on strings that stand for a number here.
 * @example
 * stringifyExact({ best: Infinity }) // => '{"best":"Infinity"}'
 */
export function stringifyExact(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (key, entry: unknown) => {
      if (typeof entry === 'number' && (!Number.isFinite(entry) || Object.is(entry, -0)))
        return Object.is(entry, -0) ? '-0' : String(entry);
      if (ArrayBuffer.isView(entry)) {
        throw new TypeError(
          `stringifyExact: "${key}" is a typed array; store it as a tensor, or convert it with Array.from`,
        );
      }
      if (typeof entry === 'string' && SPECIAL.has(entry)) {
        throw new TypeError(
          `stringifyExact: "${key}" is the string "${entry}", which stands for the number here; use another text`,
        );
      }
      return entry;
    },
    indent,
  );
}

/**
 * @throws SyntaxError if the text is not JSON.
 * @example
 * parseExact('{"best":"Infinity"}') // => { best: Infinity }
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, entry: unknown) =>
    typeof entry === 'string' ? (SPECIAL.get(entry) ?? entry) : entry,
  );
}
