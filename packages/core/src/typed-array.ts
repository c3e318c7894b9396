interface TypedArrays {
  readonly Float32Array: Float32Array;
  readonly Float64Array: Float64Array;
  readonly Int32Array: Int32Array;
  readonly Uint32Array: Uint32Array;
  readonly Uint8Array: Uint8Array;
}

/**
 * Whether `value` is a typed array of this kind. By tag, because an array of another realm (a worker's
 * context, a test's) is no instance of this one's class.
 *
 * @example
 * isTypedArray(new Float32Array(2), 'Float32Array') // => true
 */
export function isTypedArray<Name extends keyof TypedArrays>(
  value: unknown,
  name: Name,
): value is TypedArrays[Name] {
  return ArrayBuffer.isView(value) && tagOf(value) === name;
}

/**
 * What kind of value this is, without its content: `a number`, `a Float32Array`, `a list`, `undefined`. For
 * messages.
 */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (ArrayBuffer.isView(value)) return `a ${tagOf(value)}`;
  return typeof value === 'object' ? 'a record' : `a ${typeof value}`;
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
