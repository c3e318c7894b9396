import { refuseGzip } from './dataset-format-error.js';
import {
  fail,
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
  /** Column-major: element (i, j, k, …) is data[i + shape[0]·(j + shape[1]·(k + …))]. 64-bit integers come as doubles. */
  readonly data: NumberArray;
}

/** The variables of a MAT-file. */
export interface MatFile {
  readonly arrays: ReadonlyMap<string, MatArray>;
  /** What was not read, by name, and what it is: cell arrays, structures, text, sparse and complex arrays, and arrays not asked for. */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface MatOptions {
  /** Names of the variables to read; all others are skipped. Default: all. */
  readonly variables?: readonly string[];
  /**
   * Unpacks a zlib stream, as the default of MATLAB since version 7 writes; for example `inflateSync` of node:zlib. Must throw rather than return more than
   * `limit` bytes. Default: compressed elements are refused.
   */
  readonly inflate?: (bytes: Uint8Array, limit: number) => Uint8Array;
}

const HEADER = 128;
/** Deflate cannot grow data more than this (zlib technical details); so a small file cannot ask for much memory. */
const LARGEST_EXPANSION = 1032;
const COMPLEX = 0x08;

/** Numeric classes by code. */
const NUMERIC: Readonly<Record<number, new (length: number) => NumberArray>> = {
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
  17: 'an opaque object',
};

/**
 * Parses a MATLAB level-5 MAT-file (MATLAB 5 to 7.2, `save -v6` or `-v7`): numeric arrays of any class, any number of dimensions and either byte order,
 * stored in smaller types where MATLAB did so, compressed or not.
 *
 * @param bytes the whole file
 * @throws DatasetFormatError on level-4 files, on version 7.3 (HDF5), and on everything that is damaged or truncated.
 */
export function parseMat(bytes: Uint8Array, options: MatOptions = {}): MatFile {
  const littleEndian = readHeader(bytes);
  const arrays = new Map<string, MatArray>();
  const skipped = new Map<string, string>();
  for (let at = HEADER; at < bytes.length;) {
    let element = readElement(bytes, at, littleEndian);
    at = element.next;
    if (element.type === miCOMPRESSED)
      element = readElement(inflated(element.bytes, options), 0, littleEndian);
    if (element.type !== miMATRIX)
      fail(`a variable must be of type ${miMATRIX}, but is of type ${element.type}; the file is damaged`);
    if (element.bytes.length > 0) {
      const { name, array, what } = readMatrix(element.bytes, littleEndian, options.variables);
      // Of two variables of one name the later counts, as in MATLAB.
      arrays.delete(name);
      skipped.delete(name);
      if (array) arrays.set(name, array);
      else skipped.set(name, what);
    }
  }
  return { arrays, skipped };
}

/** Checks the header; returns whether numbers are little-endian. */
function readHeader(bytes: Uint8Array): boolean {
  refuseGzip('MAT-file', bytes);
  if (bytes.length < HEADER)
    fail(`the header has ${HEADER} bytes, but the file has ${bytes.length}; it is truncated, or no MAT-file`);
  const endian = String.fromCharCode(bytes[126] as number, bytes[127] as number);
  if (endian !== 'IM' && endian !== 'MI') {
    // A level-4 file begins with a small integer; one of its bytes is always zero, and never in the text of a level-5 header.
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

function inflated(bytes: Uint8Array, { inflate }: MatOptions): Uint8Array {
  if (!inflate) {
    return fail(
      'a variable is compressed; give parseMat an `inflate` function, or use the loaders of @metadescent/optimizees/node, which do',
    );
  }
  let unpacked: Uint8Array;
  try {
    unpacked = inflate(bytes, Math.min(2 ** 31 - 1, 1024 + LARGEST_EXPANSION * bytes.length));
  } catch (error) {
    return fail(
      `a compressed variable cannot be unpacked (${(error as Error).message}); the file is truncated or damaged`,
    );
  }
  return unpacked;
}

interface Matrix {
  readonly name: string;
  readonly array?: MatArray;
  /** Why there is no array. */
  readonly what: string;
}

/** The sub-elements of a matrix: flags, dimensions, name, real part. */
function readMatrix(bytes: Uint8Array, littleEndian: boolean, wanted: readonly string[] | undefined): Matrix {
  const flags = readElement(bytes, 0, littleEndian);
  if (flags.type !== miUINT32 || flags.bytes.length !== 8)
    fail('a variable does not begin with its 8 bytes of array flags; the file is damaged');
  const word = numbersOf(flags, littleEndian, Uint32Array)[0] as number;
  const code = word & 0xff;
  const complex = ((word >>> 8) & COMPLEX) !== 0;
  // Opaque objects have no dimensions and a layout of their own.
  if (code === 17) return { name: '', what: OTHER[17] as string };

  const dimensions = readElement(bytes, flags.next, littleEndian);
  if (dimensions.type !== miINT32)
    fail(`the dimensions of a variable must be of type ${miINT32}, but are of type ${dimensions.type}`);
  const shape = Array.from(numbersOf(dimensions, littleEndian, Int32Array));
  if (shape.length < 2 || shape.some((side) => side < 0))
    fail(`a variable has the dimensions [${shape}]; there must be at least two, none negative`);

  const nameElement = readElement(bytes, dimensions.next, littleEndian);
  if (!NAME_TYPES.includes(nameElement.type))
    fail(`the name of a variable must be text, but is of type ${nameElement.type}`);
  const name = new TextDecoder().decode(nameElement.bytes);

  const Class = NUMERIC[code];
  if (!Class)
    return {
      name,
      what: OTHER[code] ?? fail(`"${name}" is of the unknown class ${code}; the file is damaged`),
    };
  if (complex) return { name, what: 'a complex array' };
  if (wanted && !wanted.includes(name)) return { name, what: 'not asked for' };
  return {
    name,
    array: {
      shape,
      data: realPart(name, shape, readElement(bytes, nameElement.next, littleEndian), littleEndian, Class),
    },
    what: '',
  };
}

function realPart(
  name: string,
  shape: readonly number[],
  element: MatElement,
  littleEndian: boolean,
  Class: new (length: number) => NumberArray,
): NumberArray {
  const size =
    NUMBERS[element.type]?.size ?? fail(`the numbers of "${name}" have the unknown type ${element.type}`);
  // Compared before anything is allocated.
  const count = shape.reduce((product, side) => product * side, 1);
  if (count * size !== element.bytes.length) {
    fail(
      `"${name}" has the dimensions [${shape}], ${count} numbers of ${size} bytes, but ${element.bytes.length} bytes; the file is damaged`,
    );
  }
  return numbersOf(element, littleEndian, Class);
}
