/** An IDX file of unsigned bytes, for tests. */
export function writeIdx(shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const begin = 4 + 4 * shape.length;
  const bytes = new Uint8Array(begin + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((side, i) => view.setUint32(4 + 4 * i, side));
  bytes.set(data, begin);
  return bytes;
}
