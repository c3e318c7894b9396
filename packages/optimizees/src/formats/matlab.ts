import { checkArgument, printable } from '@metadescent/core';
import { DatasetFormatError, largestUnpacked, refusePacked } from './dataset-format-error.js';
import {
  fail,
  InexactInteger,
  miCOMPRESSED,
  miINT32,
  miMATRIX,
  miUINT32,
  NAME_TYPES,
  NUMBERS,
  numbersOf,
  readElement,
  type MatElement,
  type NumberArray,
} from './matlab-elements.js';

/** A real numeric array of a MAT-file. */
export interface MatArray {
  /** At least two sides. */
  readonly shape: readonly number[];
  /**
   * Column-major: element (i, j, k, …) is data[i + shape[0]·(j + shape[1]·(k + …))]. 64-bit integers come as
   * doubles.
   */
  readonly data: NumberArray;
}

/** The variables of a MAT-file. */
export interface MatFile {
  readonly arrays: ReadonlyMap<string, MatArray>;
  /**
   * What was not read, by name, and what it is: cell arrays, structures, text, sparse and complex arrays,
   * arrays with 64-bit integers that no double holds exactly, and arrays not asked for.
   */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface MatOptions {
  /** Names of the variables to read; all others are skipped. Default: all. */
  readonly variables?: readonly string[];
  /**
   * Unpacks a zlib stream, as the default of MATLAB since version 7 writes; for example `inflateSync` of
   * node:zlib. Must throw rather than return more than `limit` bytes. Default: compressed elements are
   * refused.
   */
  readonly inflate?: (bytes: Uint8Array, limit: number) => Uint8Array;
}

const HEADER = 128;
/** Deflate cannot grow data more than this (zlib technical details); so a small file cannot ask for much memory. */
const LARGEST_EXPANSION = 1032;
const COMPLEX = 0x08;
/** The class of objects that have no dimensions and a layout of their own. */
const OPAQUE = 17;

type NumberClass = { readonly BYTES_PER_ELEMENT: number; new (length: number): NumberArray };

/** Numeric classes by code. */
const NUMERIC: Readonly<Record<number, NumberClass>> = {
  6: Float64Array,
  7: Float32Array,
  8: Int8Array,
  9: Uint8Array,
  10: Int16Array,
  11: Uint16Array,
  12: Int32Array,
  13: Uint32Array,
  14: Float64Array,
  15: Float64Array,
};

const OTHER: Readonly<Record<number, string>> = {
  1: 'a cell array',
  2: 'a structure',
  3: 'an object',
  4: 'text',
  5: 'a sparse array',
  16: 'a function handle',
  [OPAQUE]: 'an opaque object',
};

/**
 * Parses a MATLAB level-5 MAT-file (MATLAB 5 to 7.2, `save -v6` or `-v7`): numeric arrays of any class, any
 * number of dimensions and either byte order, stored in smaller types where MATLAB did so, compressed or not.
 * What compressed variables unpack to, and the arrays, take at most 64 MiB and a hundred times the bytes of
 * the file (below 2 GiB) together.
 *
 * @param bytes the whole file
 * @throws DatasetFormatError on level-4 files, on version 7.3 (HDF5), on everything that is damaged or
 *   truncated, and on what would take
 *   more memory.
 */
export function parseMat(bytes: Uint8Array, options: MatOptions = {}): MatFile {
  checkArgument(
    'parseMat',
    'the bytes',
    bytes,
    ['buffer', 'length'],
    'pass a Uint8Array with the bytes of the file',
  );
  const littleEndian = readHeader(bytes);
  const memory = memoryFor(bytes.length);
  const arrays = new Map<string, MatArray>();
  const skipped = new Map<string, string>();
  for (let at = HEADER; at < bytes.length;) {
    let element = readVariable(bytes, at, littleEndian);
    at = element.next;
    if (element.type === miCOMPRESSED)
      element = readElement(inflated(element.bytes, options, memory), 0, littleEndian);
    if (element.type !== miMATRIX)
      fail(`a variable must be of type ${miMATRIX}, but is of type ${element.type}; the file is damaged`);
    if (element.bytes.length > 0) {
      const { name, array, what } = readMatrix(element.bytes, littleEndian, memory, options.variables);
      // Of two variables of one name the later counts, as in MATLAB.
      arrays.delete(name);
      skipped.delete(name);
      if (array) arrays.set(name, array);
      else skipped.set(name, what);
    }
  }
  return { arrays, skipped };
}

/** What may still be allocated for a file. */
interface Memory {
  readonly left: number;
  /** @throws DatasetFormatError if there is not so much left. */
  take(bytes: number): void;
}

function memoryFor(fileSize: number): Memory {
  const limit = largestUnpacked(fileSize);
  let left = limit;
  return {
    get left() {
      return left;
    },
    take(bytes) {
      left -= bytes;
      if (left < 0)
        fail(
          `the variables unpack to more than ${limit} bytes, the most for a file of ${fileSize} bytes; the file is damaged`,
        );
    },
  };
}

/** The element of a variable; where it is cut short, the failure names the variable if its name is still there. */
function readVariable(bytes: Uint8Array, at: number, littleEndian: boolean): MatElement {
  try {
    return readElement(bytes, at, littleEndian);
  } catch (error) {
    const name = nameAt(bytes.subarray(at + 8), littleEndian);
    if (name === undefined) throw error;
    return fail(
      `the variable "${printable(name)}" is cut short: ${(error as Error).message.replace('MAT-file: ', '')}`,
    );
  }
}

function nameAt(matrix: Uint8Array, littleEndian: boolean): string | undefined {
  try {
    return readMatrixHead(matrix, littleEndian).name;
  } catch (error) {
    if (error instanceof DatasetFormatError) return undefined;
    throw error;
  }
}

/** Checks the header; returns whether numbers are little-endian. */
function readHeader(bytes: Uint8Array): boolean {
  refusePacked('MAT-file', bytes);
  if (bytes.length < HEADER)
    fail(`the header has ${HEADER} bytes, but the file has ${bytes.length}; it is truncated, or no MAT-file`);
  const endian = String.fromCharCode(bytes[126] as number, bytes[127] as number);
  if (endian !== 'IM' && endian !== 'MI') {
    // A level-4 file begins with a small integer; one of its bytes is always zero, and never in the text of a
    // level-5 header.
    if (bytes.subarray(0, 4).includes(0))
      fail('this is no level-5 file, perhaps a level-4 one; save it in MATLAB with the option -v7');
    fail('bytes 126 and 127 must be "IM" or "MI", but are not; this is no level-5 MAT-file');
  }
  const littleEndian = endian === 'IM';
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint16(124, littleEndian);
  if (version === 0x0200)
    fail('this is version 7.3, which is HDF5 and not read here; save it in MATLAB with the option -v7');
  if (version !== 0x0100)
    fail(`the version must be 0x0100, but is 0x${version.toString(16).padStart(4, '0')}`);
  return littleEndian;
}

function inflated(bytes: Uint8Array, { inflate }: MatOptions, memory: Memory): Uint8Array {
  if (!inflate) {
    return fail(
      'a variable is compressed; give parseMat an `inflate` function, or use the loaders of @metadescent/optimizees/node, which do',
    );
  }
  let unpacked: Uint8Array;
  try {
    unpacked = inflate(bytes, Math.min(memory.left, 1024 + LARGEST_EXPANSION * bytes.length));
  } catch (error) {
    return fail(
      `a compressed variable cannot be unpacked (${(error as Error).message}); the file is truncated or damaged`,
    );
  }
  memory.take(unpacked.length);
  return unpacked;
}

interface MatrixHead {
  readonly code: number;
  readonly complex: boolean;
  readonly name: string;
  /** Not looked into: only arrays that are read need to be sound. Absent for opaque objects, which have none. */
  readonly dimensions?: MatElement;
  readonly next: number;
}

/** The first sub-elements of a matrix: flags, dimensions, name. */
function readMatrixHead(bytes: Uint8Array, littleEndian: boolean): MatrixHead {
  const flags = readElement(bytes, 0, littleEndian);
  if (flags.type !== miUINT32 || flags.bytes.length !== 8)
    fail('a variable does not begin with its 8 bytes of array flags; the file is damaged');
  const word = numbersOf(flags, littleEndian, Uint32Array)[0] as number;
  const code = word & 0xff;
  const dimensions = code === OPAQUE ? undefined : readElement(bytes, flags.next, littleEndian);
  const nameElement = readElement(bytes, (dimensions ?? flags).next, littleEndian);
  if (!NAME_TYPES.includes(nameElement.type))
    fail(`the name of a variable must be text, but is of type ${nameElement.type}`);
  return {
    code,
    complex: ((word >>> 8) & COMPLEX) !== 0,
    name: new TextDecoder().decode(nameElement.bytes),
    ...(dimensions && { dimensions }),
    next: nameElement.next,
  };
}

interface Matrix {
  readonly name: string;
  readonly array?: MatArray;
  /** Why there is no array. */
  readonly what: string;
}

function readMatrix(
  bytes: Uint8Array,
  littleEndian: boolean,
  memory: Memory,
  wanted: readonly string[] | undefined,
): Matrix {
  const { code, complex, name, dimensions, next } = readMatrixHead(bytes, littleEndian);
  const Class = NUMERIC[code];
  if (!Class || !dimensions)
    return {
      name,
      what: OTHER[code] ?? fail(`"${printable(name)}" is of the unknown class ${code}; the file is damaged`),
    };
  if (complex) return { name, what: 'a complex array' };
  if (wanted && !wanted.includes(name)) return { name, what: 'not asked for' };
  const shape = shapeOf(name, dimensions, littleEndian);
  try {
    const data = realPart(name, shape, readElement(bytes, next, littleEndian), littleEndian, memory, Class);
    return { name, array: { shape, data }, what: '' };
  } catch (error) {
    if (!(error instanceof InexactInteger)) throw error;
    return { name, what: error.message };
  }
}

/** MATLAB writes dimensions as miINT32, other programs as miUINT32. */
function shapeOf(name: string, dimensions: MatElement, littleEndian: boolean): number[] {
  if (dimensions.type !== miINT32 && dimensions.type !== miUINT32) {
    fail(
      `the dimensions of "${printable(name)}" must be of type ${miINT32} or ${miUINT32}, but are of type ${dimensions.type}`,
    );
  }
  const shape = Array.from(numbersOf(dimensions, littleEndian, Float64Array));
  if (shape.length < 2 || shape.some((side) => side < 0))
    fail(
      `"${printable(name)}" has the dimensions ${shown(shape)}; there must be at least two, none negative`,
    );
  return shape;
}

function realPart(
  name: string,
  shape: readonly number[],
  element: MatElement,
  littleEndian: boolean,
  memory: Memory,
  Class: NumberClass,
): NumberArray {
  const size =
    NUMBERS[element.type]?.size ??
    fail(`the numbers of "${printable(name)}" have the unknown type ${element.type}`);
  // Compared before anything is allocated.
  const count = shape.reduce((product, side) => product * side, 1);
  if (count * size !== element.bytes.length) {
    fail(
      `"${printable(name)}" has the dimensions ${shown(shape)}, ${count} numbers of ${size} bytes, ` +
        `but ${element.bytes.length} bytes; the file is damaged`,
    );
  }
  memory.take(count * Class.BYTES_PER_ELEMENT);
  return numbersOf(element, littleEndian, Class);
}

function shown(shape: readonly number[]): string {
  return printable(`[${String(shape)}]`);
}
