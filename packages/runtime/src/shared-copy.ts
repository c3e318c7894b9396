type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/**
 * A copy in memory that all threads share: sending it to a worker sends a reference. For data sets in the
 * `setup` payload; nobody may write to it afterwards.
 *
 * @example
 * sharedCopy(Float32Array.of(1, 2)).buffer instanceof SharedArrayBuffer // => true
 */
export function sharedCopy<A extends NumberArray>(array: A): A {
  const Constructor = array.constructor as new (buffer: SharedArrayBuffer) => A;
  const copy = new Constructor(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
