import { duplicateKey } from './duplicate-key.js';
import { printable } from './printable-text.js';
import { STORED_TYPES, writtenType, type TensorData } from './safetensors-types.js';
import { describeKind, isTypedArray } from './typed-array.js';
import { UserError } from './user-error.js';

export type { TensorData } from './safetensors-types.js';

/**
 * The safetensors container: an 8-byte little-endian header length, a JSON header, then raw little-endian tensors.
 * Format: github.com/huggingface/safetensors.
 */
export interface Tensor {
  /** Row-major; the product is `data.length`; [] is a scalar. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface TensorFile {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Free text: config, seed, versions. Values are strings by the format; put JSON in them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a file holds. */
export interface ReadTensorFile extends TensorFile {
  /**
   * The tensors that have no exact values here, by name, and why: 8-bit floats, complex numbers, integers
   * beyond ±(2⁵³ − 1).
   */
  readonly skipped: ReadonlyMap<string, string>;
}

/** A file that is not valid safetensors, or content that would make such a file. */
export class SafetensorsError extends UserError {
  override readonly name = 'SafetensorsError';
}

/** The longest header in bytes, the format's own limit. */
const LONGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

/**
 * Serialises tensors, names sorted, so that equal content gives equal bytes. F32, F64, I32, U32 and U8 are written.
 *
 * @throws SafetensorsError on all that no reader would give back: a shape that does not match its data, a
 *   tensor named `__metadata__`,
 * metadata that is no text, names or text with half a surrogate pair, another kind of array, a header above
 *   100,000,000 bytes.
 */
export function writeSafetensors(file: TensorFile): Uint8Array {
  const refuse = (what: string): never => {
    throw new SafetensorsError(`writeSafetensors: ${what}`);
  };
  for (const part of ['tensors', 'metadata'] as const) {
    const given: unknown = isRecord(file) ? file[part] : file;
    if (!isRecord(given))
      refuse(
        `the ${part} must be a record by name, but are ${describeKind(given)}; give { tensors, metadata: {} }`,
      );
  }
  const metadata = Object.entries(file.metadata).sort(byName);
  for (const [key, value] of metadata) {
    if (typeof value !== 'string')
      refuse(
        `the metadata "${printable(key)}" must be a string, but is ${describeKind(value)}; give JSON.stringify of it`,
      );
    if (!isWellFormed(key) || !isWellFormed(value))
      refuse(`the metadata "${printable(key)}" has half a surrogate pair, which UTF-8 cannot hold`);
  }
  const entries = Object.entries(file.tensors).map(([name, tensor]) => {
    if (!isRecord(tensor))
      return refuse(
        `"${printable(name)}" must be a record of shape and data, but is ${describeKind(tensor)}`,
      );
    const { shape, data } = tensor;
    if (name === METADATA)
      refuse(
        `a tensor cannot be named "${METADATA}", which the format keeps for its metadata; choose another name`,
      );
    if (!isWellFormed(name))
      refuse(
        `the name "${printable(name)}" has half a surrogate pair, which UTF-8 cannot hold; choose another name`,
      );
    const type =
      writtenType(data) ??
      refuse(
        `"${printable(name)}" is ${describeKind(data)}, but must be one of Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array`,
      );
    const size = isCounts(shape) ? sizeOf(shape) : undefined;
    if (size !== data.length) {
      refuse(
        `"${printable(name)}" has shape ${shown(shape)} (${size ?? 'no number of'} entries), but ${data.length} values`,
      );
    }
    return { name, type, shape, data };
  });
  // The widest elements first keeps every tensor aligned to its own element size.
  entries.sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  let length = 0;
  const header = entries.map(({ name, type, shape, data }) => {
    const begin = length;
    length += data.byteLength;
    return [name, { dtype: type, shape, data_offsets: [begin, length] }] as const;
  });
  const json = headerBytes([
    ...(metadata.length > 0 ? [[METADATA, Object.fromEntries(metadata)] as const] : []),
    ...header,
  ]);
  if (json === undefined)
    return refuse(
      `the header would have more than ${LONGEST_HEADER} bytes, the limit of the format; put less into the metadata`,
    );
  const bytes = new Uint8Array(8 + json.length + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const { data } of entries) {
    // An empty array may be what was left of a buffer that was transferred away.
    if (data.byteLength > 0) bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Parses a safetensors file. Every length, offset and type is checked before it is used, and before memory is
 * taken for it: what is returned takes at most 5 times the bytes of the file, plus the header's names.
 *
 * BOOL is read as bytes, I8, I16 and U16 as 32-bit integers, F16 and BF16 as single, I64 and U64 as double
 * precision, exactly; tensors that have no exact values here are named in `skipped`.
 *
 * @param bytes the whole file
 * @throws SafetensorsError naming what is wrong: a header that is too long, cut, no JSON or repeats a key;
 *   tensors that do not cover the
 * data whole and once (holes, overlaps, trailing bytes); an unknown type; a shape that does not match its
 *   bytes; metadata that is no
 *   record of strings.
 */
export function readSafetensors(bytes: Uint8Array): ReadTensorFile {
  if (!isTypedArray(bytes, 'Uint8Array'))
    return fail(
      `the file must be given as a Uint8Array, but is ${describeKind(bytes)}; wrap its bytes with new Uint8Array(…)`,
    );
  if (bytes.length < 8)
    fail(
      `a file starts with an 8-byte header length, but this one has ${bytes.length} bytes; it is truncated, or another format`,
    );
  const headerLength = Number(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true),
  );
  if (headerLength > LONGEST_HEADER) {
    fail(
      `the first 8 bytes give the header ${headerLength} bytes, but ${LONGEST_HEADER} is the limit: this is no safetensors file`,
    );
  }
  if (headerLength > bytes.length - 8)
    fail(
      `the header is said to have ${headerLength} bytes, but only ${bytes.length - 8} follow: the file is truncated`,
    );
  const header = parseHeader(bytes.subarray(8, 8 + headerLength));
  const body = bytes.subarray(8 + headerLength);
  const regions = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => parseEntry(name, entry, body.length));
  checkCoverage(regions, body.length);
  const tensors: [string, Tensor][] = [];
  const skipped = new Map<string, string>();
  for (const { name, shape, decode, begin, end } of regions) {
    // A copy, because the bytes need not be aligned to the element size; not `slice`, which shares memory on
    // Node's Buffer.
    const data = decode(new Uint8Array(body.subarray(begin, end)));
    if (typeof data === 'string') skipped.set(name, data);
    else tensors.push([name, { shape, data }]);
  }
  // Entries become own properties whatever their name: an assignment to `__proto__` would not.
  return {
    tensors: Object.fromEntries(tensors),
    metadata: Object.hasOwn(header, METADATA) ? parseMetadata(header[METADATA]) : {},
    skipped,
  };
}

/** The header as UTF-8, padded to a multiple of 8 bytes; undefined if it is too long. */
function headerBytes(entries: readonly (readonly [string, unknown])[]): Uint8Array | undefined {
  let text: string;
  try {
    text = JSON.stringify(Object.fromEntries(entries));
  } catch {
    // The longest string there is was passed, and with it the limit.
    return undefined;
  }
  if (text.length > LONGEST_HEADER) return undefined;
  const json = new TextEncoder().encode(text);
  const padded = new Uint8Array(8 * Math.ceil(json.length / 8)).fill(0x20);
  padded.set(json);
  return padded.length > LONGEST_HEADER ? undefined : padded;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    // A byte order mark is kept, and is no JSON. Copied: memory may be shared between threads, which decoders refuse.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
    header = JSON.parse(text);
  } catch (error) {
    return fail(
      `the header is not JSON (${printable((error as Error).message, 120)}): the file is damaged, or no safetensors file`,
    );
  }
  if (!isRecord(header) || text[0] !== '{')
    return fail(`the header must be a JSON object from its first byte on, but is ${describeKind(header)}`);
  const repeated = duplicateKey(text);
  if (repeated !== undefined) fail(`the header has the key "${printable(repeated)}" twice`);
  return header;
}

/** The Rust reader takes null for an absent field, so it is one here. */
function parseMetadata(entry: unknown): Record<string, string> {
  if (entry === null) return {};
  if (!isRecord(entry)) return fail(`${METADATA} must be a record of strings, but is ${describeKind(entry)}`);
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== 'string')
      fail(`${METADATA} must be a record of strings, but "${printable(key)}" is ${describeKind(value)}`);
    if (!isWellFormed(key) || !isWellFormed(value as string))
      fail(`${METADATA} has half a surrogate pair in "${printable(key)}"`);
  }
  return { ...(entry as Record<string, string>) };
}

/** Where a tensor lies and how it is read. */
interface Region {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => TensorData | string;
  readonly begin: number;
  readonly end: number;
}

function parseEntry(name: string, entry: unknown, bodyLength: number): Region {
  const quoted = `"${printable(name)}"`;
  if (!isWellFormed(name)) fail(`the name ${quoted} has half a surrogate pair`);
  if (!isRecord(entry))
    return fail(`${quoted} must be a record of dtype, shape and data_offsets, but is ${describeKind(entry)}`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = typeof dtype === 'string' ? STORED_TYPES.get(dtype) : undefined;
  if (!type) {
    const given = typeof dtype === 'string' ? `"${printable(dtype)}"` : describeKind(dtype);
    return fail(
      `${quoted} has the unknown type ${given}; the types are ${[...STORED_TYPES.keys()].join(', ')}`,
    );
  }
  if (!isCounts(shape)) return fail(`${quoted} has a shape that is not a list of non-negative integers`);
  if (!isCounts(offsets) || offsets.length !== 2)
    return fail(`${quoted} must have two byte numbers as data_offsets`);
  const [begin, end] = offsets as [number, number];
  if (end > bodyLength)
    fail(`${quoted} ends at byte ${end}, but the data has ${bodyLength} bytes: the file is truncated`);
  const size = sizeOf(shape);
  if (size === undefined) return fail(`${quoted} has shape ${shown(shape)}, whose product is beyond 2^53`);
  if (8 * (end - begin) !== size * type.bits)
    fail(`${quoted} has shape ${shown(shape)} of ${String(dtype)}, but ${end - begin} bytes`);
  return { name, shape, decode: type.decode, begin, end };
}

/** The format wants every byte of the data to belong to one tensor. */
function checkCoverage(regions: readonly Region[], length: number): void {
  const sorted = [...regions].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== covered) {
      fail(
        `"${printable(name)}" begins at byte ${begin}, but the tensors before it end at ${covered}: ` +
          'the data must be indexed whole and once',
      );
    }
    covered = end;
  }
  if (covered !== length)
    fail(
      `the tensors end at byte ${covered}, but the data has ${length} bytes: it must be indexed whole and once`,
    );
}

/** Number of entries; undefined where a product on the way is no exact integer. */
function sizeOf(shape: readonly number[]): number | undefined {
  let size = 1;
  for (const side of shape) {
    size *= side;
    if (!Number.isSafeInteger(size)) return undefined;
  }
  return size;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether text has no half of a surrogate pair: those have no UTF-8. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function shown(shape: readonly number[]): string {
  return printable(`[${String(shape)}]`);
}

function fail(what: string): never {
  throw new SafetensorsError(`safetensors: ${what}`);
}
