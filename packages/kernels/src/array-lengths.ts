/** What every kernel checks before it touches memory: C code trusts lengths, so a wrong one must stop here. */

/** A RangeError where `array` is not of length `wanted`; `meaning` names the extents, e.g. `[inputs, n]`. */
export function requireLength(
  caller: string,
  name: string,
  array: { readonly length: number },
  wanted: number,
  meaning: string,
): void {
  if (array.length !== wanted) {
    throw new RangeError(
      `${caller}: \`${name}\` ${meaning} must have length ${wanted}, but has ${array.length}`,
    );
  }
}

/** A RangeError where `value` is not an integer ≥ 1 (and < 2³¹, which is what the C side counts with). */
export function requirePositiveInteger(caller: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value >= 2 ** 31) {
    throw new RangeError(`${caller}: \`${name}\` must be an integer ≥ 1, but is ${value}`);
  }
}

/** `length / divisor` as a positive integer; a RangeError that names the array otherwise. */
export function requireMultiple(
  caller: string,
  name: string,
  array: { readonly length: number },
  divisor: number,
  meaning: string,
): number {
  const count = array.length / divisor;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(
      `${caller}: \`${name}\` ${meaning} must have a length that is a positive multiple of ${divisor}, but has ${array.length}`,
    );
  }
  return count;
}
