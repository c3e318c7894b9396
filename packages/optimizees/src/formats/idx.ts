import { checkArgument, printable } from '@metadescent/core';
import { labelledDataset, type LabelledDataset } from '../data/labelled-dataset.js';
import { DatasetFormatError, refusePacked } from './dataset-format-error.js';

export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An array as an IDX file holds it. */
export interface IdxArray {
  /** Row-major. */
  readonly shape: readonly number[];
  /** Unsigned bytes are a view of the file's bytes; other types are copied into this machine's byte order. */
  readonly data: IdxData;
}

type Decode = (view: DataView, begin: number, count: number) => IdxData;

interface IdxType {
  readonly size: number;
  readonly decode: Decode;
}

/** By type code, the third byte of the file. Numbers are big-endian. */
const TYPES: Readonly<Record<number, IdxType>> = {
  0x08: { size: 1, decode: (view, begin, n) => new Uint8Array(view.buffer, view.byteOffset + begin, n) },
  0x09: {
    size: 1,
    decode: (view, begin, n) => new Int8Array(view.buffer, view.byteOffset + begin, n).slice(),
  },
  0x0b: {
    size: 2,
    decode: (view, begin, n) => new Int16Array(n).map((_, i) => view.getInt16(begin + 2 * i)),
  },
  0x0c: {
    size: 4,
    decode: (view, begin, n) => new Int32Array(n).map((_, i) => view.getInt32(begin + 4 * i)),
  },
  0x0d: {
    size: 4,
    decode: (view, begin, n) => new Float32Array(n).map((_, i) => view.getFloat32(begin + 4 * i)),
  },
  0x0e: {
    size: 8,
    decode: (view, begin, n) => new Float64Array(n).map((_, i) => view.getFloat64(begin + 8 * i)),
  },
};

/** What an array's numbers are, for messages. */
const NAMES: Readonly<Record<string, string>> = {
  Uint8Array: 'unsigned bytes',
  Int8Array: 'signed bytes',
  Int16Array: '16-bit integers',
  Int32Array: '32-bit integers',
  Float32Array: '32-bit floats',
  Float64Array: '64-bit floats',
};

/**
 * Parses an IDX file, the format of MNIST (LeCun, Cortes & Burges): two zero bytes, a type code, the number
 * of dimensions, the dimensions as big-endian 32-bit integers, then the numbers, row-major and big-endian.
 *
 * @param bytes the whole file, unpacked
 * @throws DatasetFormatError if the magic number is wrong, or if the file is shorter or longer than its header says.
 * @example
 * parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)) // => { shape: [2], data: Uint8Array [7, 9] }
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  checkArgument(
    'parseIdx',
    'the bytes',
    bytes,
    ['buffer', 'length'],
    'pass a Uint8Array with the bytes of the file',
  );
  refusePacked('parseIdx', bytes);
  if (bytes.length < 4)
    fail(`the file has ${bytes.length} bytes, but the header alone has at least 4; it is empty or truncated`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES[bytes[2] as number];
  const dimensions = bytes[3] as number;
  if (view.getUint16(0) !== 0 || !type || dimensions === 0) {
    const magic = view.getUint32(0).toString(16).padStart(8, '0');
    fail(
      `the magic number is 0x${magic}, which is not that of an IDX file (images have 0x00000803, labels 0x00000801)`,
    );
  }
  const begin = 4 + 4 * dimensions;
  if (bytes.length < begin)
    fail(`the header has ${begin} bytes, but the file only ${bytes.length}; it is truncated`);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  // Compared before anything is allocated: the product may be any number up to infinity.
  const count = shape.reduce((product, side) => product * side, 1);
  const wanted = begin + count * type.size;
  if (bytes.length !== wanted) {
    const state = bytes.length < wanted ? 'truncated' : 'followed by something else';
    fail(
      `a file of shape ${shown(shape)} has ${wanted} bytes, but this one has ${bytes.length}; it is ${state}`,
    );
  }
  return { shape, data: type.decode(view, begin, count) };
}

/** How `idxDataset` is to read a pair of files. */
export interface IdxDatasetOptions {
  readonly name: string;
  /** Number of classes. Default: the highest label plus one. */
  readonly classes?: number;
}

/**
 * The data set of an array of byte images [count, …] and one of labels [count], bytes or wider integers.
 * Images [count, height, width] are taken as one channel; the inputs are the bytes over 255.
 *
 * @throws DatasetFormatError if a type or shape is not that, if counts differ, if there are no examples, or
 *   if a label is not below
 *   `classes` (at most 256).
 */
export function idxDataset(images: IdxArray, labels: IdxArray, options: IdxDatasetOptions): LabelledDataset {
  checkArgument('idxDataset', 'the images', images, ['shape', 'data'], 'pass what parseIdx returned');
  checkArgument('idxDataset', 'the labels', labels, ['shape', 'data'], 'pass what parseIdx returned');
  checkArgument('idxDataset', 'the options', options, [], 'pass { name, classes }');
  if (labels.shape.length !== 1) {
    fail(
      `labels must be one list of integers (magic 0x00000801), but have shape ${shown(labels.shape)}; are images and labels swapped?`,
    );
  }
  if (!(images.data instanceof Uint8Array) || images.shape.length < 2) {
    fail(
      'images must be unsigned bytes of at least two dimensions (magic 0x00000803), ' +
        `but are ${typeName(images.data)} of shape ${shown(images.shape)}`,
    );
  }
  const [count, ...sides] = images.shape as [number, ...number[]];
  if (labels.data.length !== count)
    fail(`there are ${count} images, but ${labels.data.length} labels; they belong to different sets`);
  if (images.data.length === 0) fail(`there are no images: the shape is ${shown(images.shape)}`);
  const bytes = byteLabels(labels.data);
  const { name, classes = bytes.reduce((highest, label) => Math.max(highest, label)) + 1 } = options;
  const wrong = bytes.findIndex((label) => label >= classes);
  if (wrong >= 0)
    fail(
      `labels must be below ${classes}, but label ${wrong} is ${bytes[wrong]}; these are not the labels of "${printable(name)}"`,
    );
  return labelledDataset({
    name,
    inputs: images.data,
    labels: bytes,
    classes,
    ...(sides.length === 2 && { imageShape: [1, sides[0] as number, sides[1] as number] as const }),
  });
}

/** Labels as the bytes that a data set keeps them in. */
function byteLabels(data: IdxData): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof Float32Array || data instanceof Float64Array)
    fail(`labels must be integers, but are ${typeName(data)}`);
  const bytes = Uint8Array.from(data);
  const wrong = bytes.findIndex((byte, i) => byte !== data[i]);
  if (wrong >= 0)
    fail(`labels must be 0 to 255, but label ${wrong} of these ${typeName(data)} is ${data[wrong]}`);
  return bytes;
}

function typeName(data: IdxData): string {
  return NAMES[data.constructor.name] ?? 'of another type';
}

function shown(shape: readonly number[]): string {
  return printable(`[${String(shape)}]`);
}

function fail(what: string): never {
  throw new DatasetFormatError(`IDX: ${what}`);
}
