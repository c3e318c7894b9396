import { DatasetFormatError } from './dataset-format-error.js';

/**
 * The tagged data elements that a MATLAB level-5 file is made of ("MAT-File Format", The MathWorks, chapter
 * 1). An element is a tag of 8 bytes, type and length, then its bytes, padded to a multiple of 8. A small
 * element packs type, length and up to 4 bytes into the 8 bytes of the tag.
 */
export interface MatElement {
  readonly type: number;
  readonly bytes: Uint8Array;
  /** Where the next element begins. */
  readonly next: number;
}

/** Type codes of elements that are not plain numbers. */
export const miMATRIX = 14;
export const miCOMPRESSED = 15;
const miUINT8 = 2;
export const miUINT32 = 6;
export const miINT32 = 5;
/** Names are miINT8; some writers use miUINT8 or miUTF8. */
export const NAME_TYPES: readonly number[] = [1, 2, 16];

/** Reads one number. */
type Read = (view: DataView, at: number, littleEndian: boolean) => number;

/** Thrown where an element holds a 64-bit integer beyond ±(2⁵³ − 1), which has no exact number. */
export class InexactInteger extends Error {}

const exactly = (value: bigint): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new InexactInteger(`an array with ${value}, a 64-bit integer that no double holds exactly`);
  return number;
};

/** Numeric element types: size in bytes, and how to read one. */
export const NUMBERS: Readonly<Record<number, { readonly size: number; readonly read: Read }>> = {
  1: { size: 1, read: (view, at) => view.getInt8(at) },
  [miUINT8]: { size: 1, read: (view, at) => view.getUint8(at) },
  3: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  4: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  [miINT32]: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  [miUINT32]: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  7: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  9: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  12: { size: 8, read: (view, at, little) => exactly(view.getBigInt64(at, little)) },
  13: { size: 8, read: (view, at, little) => exactly(view.getBigUint64(at, little)) },
};

/**
 * The element that begins at `at`.
 *
 * @throws DatasetFormatError if it does not lie within `bytes`.
 */
export function readElement(bytes: Uint8Array, at: number, littleEndian: boolean): MatElement {
  if (at + 8 > bytes.length)
    fail(
      `an element begins at byte ${at}, but only ${bytes.length - at} of its tag's 8 bytes are there; the file is truncated`,
    );
  const view = viewOf(bytes);
  const first = view.getUint32(at, littleEndian);
  const smallLength = first >>> 16;
  if (smallLength > 0) {
    if (smallLength > 4)
      fail(`the small element at byte ${at} is said to have ${smallLength} bytes, but 4 is the most`);
    return { type: first & 0xffff, bytes: bytes.subarray(at + 4, at + 4 + smallLength), next: at + 8 };
  }
  const length = view.getUint32(at + 4, littleEndian);
  const begin = at + 8;
  const end = begin + length;
  if (end > bytes.length) {
    fail(
      `the element at byte ${at} is said to have ${length} bytes, but only ${bytes.length - begin} follow; the file is truncated or damaged`,
    );
  }
  // Compressed elements are not padded, and the last padding of a file may be missing.
  const next = first === miCOMPRESSED ? end : Math.min(bytes.length, begin + 8 * Math.ceil(length / 8));
  return { type: first, bytes: bytes.subarray(begin, end), next };
}

/**
 * All numbers of a numeric element, as `Values` (which must hold them exactly, or be floats). May be a view
 * of the element's bytes.
 */
export function numbersOf<Values extends NumberArray>(
  element: MatElement,
  littleEndian: boolean,
  Values: new (length: number) => Values,
): Values {
  // Bytes are bytes in either order: a view will do for the largest arrays there are, images.
  if (element.type === miUINT8 && (Values as unknown) === Uint8Array) {
    const { buffer, byteOffset, length } = element.bytes;
    return new Uint8Array(buffer, byteOffset, length) as NumberArray as Values;
  }
  const type = NUMBERS[element.type];
  if (!type) return fail(`an element of numbers was expected, but its type code is ${element.type}`);
  const count = element.bytes.length / type.size;
  if (!Number.isInteger(count))
    fail(`an element of ${type.size}-byte numbers has ${element.bytes.length} bytes`);
  const values = new Values(count);
  const view = viewOf(element.bytes);
  for (let i = 0; i < count; i++) {
    const value = type.read(view, i * type.size, littleEndian);
    values[i] = value;
    const kept = values[i] as number;
    if (kept !== value && !(values instanceof Float32Array) && !(Number.isNaN(kept) && Number.isNaN(value))) {
      fail(`the number ${value} is outside the range of its array's class`);
    }
  }
  return values;
}

export type NumberArray =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function fail(what: string): never {
  throw new DatasetFormatError(`MAT-file: ${what}`);
}
