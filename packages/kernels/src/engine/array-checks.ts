/**
 * What every kernel checks before it touches memory. C code trusts what it is given, so an array of another
 * type or length, a buffer that was transferred away, or a count whose products overflow must stop here.
 */

/** The kinds of array that kernels take. */
export interface ArrayTypes {
  readonly Float32Array: Float32Array;
  readonly Float64Array: Float64Array;
  readonly Int32Array: Int32Array;
  readonly Uint8Array: Uint8Array;
}

/**
 * Numbers that one array of a call may hold: 4 GiB of floats. C counts with 32 bits, and its loops look a few
 * lines ahead of what they count.
 */
export const MAX_ELEMENTS = 2 ** 30;

/** Numbers in the working memory of a call: C tells its size as a 32-bit integer. */
export const MAX_WORKSPACE = 2 ** 31 - 1;

// The accessor of %TypedArray%.prototype tells the type of every realm's arrays, and of nothing that only
// looks like one.
const typeOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Float32Array.prototype),
  Symbol.toStringTag,
)!.get as () => string | undefined;

/** A typed array of unknown type. */
export type AnyArray = ArrayBufferView & { readonly length: number; readonly BYTES_PER_ELEMENT: number };

/**
 * The number of elements that memory stands behind: 0 where the buffer was transferred away or shrunk below the view.
 *
 * `length` alone does not tell: optimised code of V8 11.3 (Node 20) gives the length before the transfer,
 * once it has seen resizable buffers. The buffer's own length is always true.
 */
export function presentLength(array: AnyArray): number {
  const { length, byteOffset, buffer } = array;
  return byteOffset + length * array.BYTES_PER_ELEMENT <= buffer.byteLength ? length : 0;
}

/** A TypeError where `array` is no typed array of this type. */
export function requireType(caller: string, name: string, array: unknown, type: keyof ArrayTypes): void {
  if (typeOf.call(array) === type) return;
  throw new TypeError(`${caller}: \`${name}\` must be ${withArticle(type)}, but is ${described(array)}`);
}

/**
 * A TypeError where `array` is of another type, a RangeError where it is not of length `wanted`; `meaning`
 * names the extents, e.g. `[inputs, n]`.
 */
export function requireArray(
  caller: string,
  name: string,
  array: AnyArray,
  type: keyof ArrayTypes,
  wanted: number,
  meaning: string,
): void {
  requireType(caller, name, array, type);
  if (wanted > MAX_ELEMENTS) {
    throw new RangeError(
      `${caller}: \`${name}\` ${meaning} would have length ${wanted}, but the kernels take no array of more than ${MAX_ELEMENTS}`,
    );
  }
  const length = presentLength(array);
  if (length !== wanted) {
    throw new RangeError(
      `${caller}: \`${name}\` ${meaning} must have length ${wanted}, but has ${length}${whyEmpty(array)}`,
    );
  }
}

/** The length of an array that tells an extent itself, at most `MAX_ELEMENTS`. */
export function requireAnyLength(
  caller: string,
  name: string,
  array: AnyArray,
  type: keyof ArrayTypes,
): number {
  requireType(caller, name, array, type);
  const length = presentLength(array);
  if (length > MAX_ELEMENTS) {
    throw new RangeError(
      `${caller}: \`${name}\` has length ${length}, but the kernels take no array of more than ${MAX_ELEMENTS}`,
    );
  }
  return length;
}

/** `length / divisor` as a positive integer; an error that names the array otherwise. */
export function requireMultiple(
  caller: string,
  name: string,
  array: AnyArray,
  type: keyof ArrayTypes,
  divisor: number,
  meaning: string,
): number {
  const length = requireAnyLength(caller, name, array, type);
  const count = length / divisor;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(
      `${caller}: \`${name}\` ${meaning} must have a length that is a positive multiple of ${divisor}, but has ${length}${whyEmpty(array)}`,
    );
  }
  return count;
}

/** A RangeError where `value` is not an integer of at least `least` (and at most `MAX_ELEMENTS`). */
export function requireCount(caller: string, name: string, value: number, least: 0 | 1 = 1): void {
  if (!Number.isInteger(value) || value < least || value > MAX_ELEMENTS) {
    throw new RangeError(
      `${caller}: \`${name}\` must be an integer ≥ ${least} and at most ${MAX_ELEMENTS}, but is ${described(value)}`,
    );
  }
}

/** A RangeError where the working memory of a call, at most `floats`, could not be counted. */
export function requireWorkspace(caller: string, floats: number, meaning: string): void {
  if (!(floats <= MAX_WORKSPACE)) {
    throw new RangeError(
      `${caller}: ${meaning} would take working memory of ${floats} numbers, but the kernels count at most ${MAX_WORKSPACE}; make them smaller`,
    );
  }
}

/** A TypeError where `value` is no number; NaN and infinities are numbers. */
export function requireNumber(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'number')
    throw new TypeError(`${caller}: \`${name}\` must be a number, but is ${described(value)}`);
}

/** A number that single precision does not turn into an infinity. */
export function requireSingle(caller: string, name: string, value: number): void {
  requireNumber(caller, name, value);
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw new RangeError(`${caller}: \`${name}\` must fit single precision, but is ${value}`);
}

/** A TypeError where `value` is neither true nor false. */
export function requireBoolean(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean')
    throw new TypeError(`${caller}: \`${name}\` must be true or false, but is ${described(value)}`);
}

/** Arrays by the names of a call's arguments; an absent one is undefined. */
export type NamedArrays = Readonly<Record<string, ArrayBufferView | undefined>>;

/**
 * A RangeError where an array that is written shares memory with another one of the call: engines that copy
 * and engines that work in place would then give different numbers.
 */
export function requireDisjoint(caller: string, written: NamedArrays, read: NamedArrays): void {
  // Without lists of entries: this runs at every call, and some calls take less than a microsecond.
  for (const name in written) {
    const output = written[name];
    if (!output) continue;
    requireApart(caller, name, output, read);
    requireApart(caller, name, output, written);
  }
}

function requireApart(caller: string, name: string, output: ArrayBufferView, others: NamedArrays): void {
  for (const other in others) {
    const array = others[other];
    if (array && other !== name && overlap(output, array)) {
      throw new RangeError(
        `${caller}: \`${name}\` is written and must not share memory with \`${other}\`; pass a copy of one of them`,
      );
    }
  }
}

function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

function whyEmpty(array: ArrayBufferView): string {
  return array.buffer.byteLength === 0 ? ' (its buffer is empty or was transferred)' : '';
}

/** A value of unknown kind in a few words. */
function described(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  return withArticle(typeOf.call(value) ?? Object.prototype.toString.call(value).slice(8, -1));
}

function withArticle(noun: string): string {
  return /^[AEIO]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}
