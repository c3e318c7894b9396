/** What an instrumented README example calls; copied beside it, so it stands on Node alone. */
import { isDeepStrictEqual, format, inspect } from 'node:util';

/** Marks the text of a `console.log`. */
const printedText = Symbol('printed text');

/**
 * Prints, and keeps what was printed.
 *
 * @param {...unknown} values
 */
export function printed(...values) {
  console.log(...values);
  return { [printedText]: format(...values).trim() };
}

/**
 * @param {unknown} actual
 * @returns {string | undefined}
 */
function textOf(actual) {
  return actual !== null && typeof actual === 'object' && printedText in actual
    ? String(actual[printedText])
    : undefined;
}

/**
 * Without regard to white space and to the lengths that Node adds to typed arrays: `Uint8Array(2) [ 7, 9 ]`
 * is `Uint8Array [7, 9]`.
 *
 * @param {string} text
 */
function condensed(text) {
  return text.replace(/(\w+Array)\(\d+\)/g, '$1').replace(/\s+/g, '');
}

/**
 * Whether a value is what the README says: written as Node inspects it, as JSON, or as any JavaScript that
 * gives an equal value. An ellipsis stands for anything: `0.3018…`. A plain array stands for a typed one,
 * too.
 *
 * @param {unknown} actual
 * @param {string} expected
 */
export function matches(actual, expected) {
  const text = textOf(actual);
  const spellings =
    text !== undefined
      ? [text]
      : [
          inspect(actual, { breakLength: Infinity, compact: true, depth: Infinity }),
          inspect(actual),
          JSON.stringify(actual),
          String(actual),
        ];
  const pattern = new RegExp(
    `^${condensed(expected)
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[\\s\\S]*')}$`,
  );
  if (spellings.some((spelling) => spelling !== undefined && pattern.test(condensed(spelling)))) return true;
  if (text !== undefined) return false;
  try {
    const value =
      ArrayBuffer.isView(actual) && !(actual instanceof DataView)
        ? Array.from(/** @type {any} */ (actual))
        : actual;
    const stated = new Function(`return (${expected});`)();
    return isDeepStrictEqual(actual, stated) || isDeepStrictEqual(value, stated);
  } catch {
    return false;
  }
}

/**
 * @param {unknown} actual
 * @param {string} expected
 * @param {number} line where it is stated
 */
export function check(actual, expected, line) {
  if (matches(actual, expected)) return;
  throw new Error(
    `line ${line} says "// => ${expected}", but the value is ${textOf(actual) ?? inspect(actual)}`,
  );
}
