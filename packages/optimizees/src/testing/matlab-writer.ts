/** One variable to write. */
export interface WrittenArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Column-major. */
  readonly values: readonly number[];
  /**
   * Class of the array (mxDOUBLE_CLASS is 6, mxUINT8_CLASS 9 …) and type its numbers are stored in (miUINT8
   * is 2, miDOUBLE 9 …).
   */
  readonly classCode: number;
  readonly storedType: number;
  /** The flags byte: 8 complex, 4 global, 2 logical. */
  readonly flags?: number;
  /** Compresses the variable, for example `deflateSync` of node:zlib. */
  readonly deflate?: (bytes: Uint8Array) => Uint8Array;
}

const SIZES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8 };

/** A level-5 MAT-file by the published format, independent of the reader: for tests. */
export function writeMat(arrays: readonly WrittenArray[], littleEndian = true): Uint8Array {
  const header = new Uint8Array(128).fill(0x20);
  header.set(new TextEncoder().encode('MATLAB 5.0 MAT-file, written by a test'));
  header.set(littleEndian ? [0x00, 0x01, 0x49, 0x4d] : [0x01, 0x00, 0x4d, 0x49], 124);
  return concatenate([header, ...arrays.map((array) => variable(array, littleEndian))]);
}

function variable(array: WrittenArray, littleEndian: boolean): Uint8Array {
  const { name, shape, values, classCode, storedType, flags = 0, deflate } = array;
  const element = elementWriter(littleEndian);
  const numbers = (type: number, list: readonly number[]): Uint8Array =>
    element(type, encode(type, list, littleEndian));
  const matrix = element(
    14,
    concatenate([
      numbers(6, [classCode + 256 * flags, 0]),
      numbers(5, shape),
      element(1, new TextEncoder().encode(name)),
      numbers(storedType, values),
      ...(flags & 8 ? [numbers(storedType, values)] : []),
    ]),
  );
  return deflate ? element(15, deflate(matrix)) : matrix;
}

function elementWriter(littleEndian: boolean): (type: number, bytes: Uint8Array) => Uint8Array {
  return (type, bytes) => {
    const small = bytes.length > 0 && bytes.length <= 4;
    const padded = type === 15 ? bytes.length : 8 * Math.ceil(bytes.length / 8);
    const out = new Uint8Array(small ? 8 : 8 + padded);
    const view = new DataView(out.buffer);
    view.setUint32(0, small ? bytes.length * 65_536 + type : type, littleEndian);
    if (!small) view.setUint32(4, bytes.length, littleEndian);
    out.set(bytes, small ? 4 : 8);
    return out;
  };
}

function encode(type: number, values: readonly number[], littleEndian: boolean): Uint8Array {
  const size = SIZES[type] as number;
  const view = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => {
    const at = i * size;
    if (type === 7) view.setFloat32(at, value, littleEndian);
    else if (type === 9) view.setFloat64(at, value, littleEndian);
    else if (size === 8) view.setBigInt64(at, BigInt(value), littleEndian);
    else if (size === 4) view.setInt32(at, value, littleEndian);
    else if (size === 2) view.setInt16(at, value, littleEndian);
    else view.setInt8(at, value);
  });
  return new Uint8Array(view.buffer);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
