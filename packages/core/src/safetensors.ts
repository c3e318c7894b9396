/**
 * The safetensors container: an 8-byte little-endian header length, a JSON header, then raw little-endian tensors.
 * Format: github.com/huggingface/safetensors. Supported: F32, F64, I32, U32, U8.
 */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

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

const CONSTRUCTORS = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;
type DType = keyof typeof CONSTRUCTORS;

/**
 * Serialises tensors, names sorted, so that equal content gives equal bytes.
 *
 * @throws RangeError if a shape does not match its data.
 */
export function writeSafetensors(file: TensorFile): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(file.metadata).length > 0) {
    header['__metadata__'] = Object.fromEntries(Object.entries(file.metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  let offset = 0;
  // The widest elements first keeps every tensor aligned to its own element size.
  const entries = Object.entries(file.tensors).sort(
    ([a, x], [b, y]) => y.data.BYTES_PER_ELEMENT - x.data.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  );
  for (const [name, { shape, data }] of entries) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (size !== data.length) {
      throw new RangeError(`writeSafetensors: "${name}" has shape [${shape}] (${size} entries), but ${data.length} values`);
    }
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let json = new TextEncoder().encode(JSON.stringify(header));
  const padding = (8 - (json.length % 8)) % 8;
  if (padding > 0) {
    const padded = new Uint8Array(json.length + padding).fill(0x20);
    padded.set(json);
    json = padded;
  }
  const bytes = new Uint8Array(8 + json.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Parses a safetensors file; every length, offset and type is checked before it is used.
 *
 * @throws SafetensorsError naming what is wrong.
 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  if (bytes.length < 8) fail(`a file starts with an 8-byte header length, but this one has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > bytes.length - 8) fail(`the header is said to have ${headerLength} bytes, but only ${bytes.length - 8} follow`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)));
  } catch (error) {
    fail(`the header is not JSON (${(error as Error).message})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('the header is not a JSON object');
  const body = bytes.subarray(8 + headerLength);
  const tensors: Record<string, Tensor> = {};
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') metadata = parseMetadata(entry);
    else tensors[name] = parseTensor(name, entry, body);
  }
  return { tensors, metadata };
}

/** A file that is not valid safetensors, or lacks what was asked for. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

function parseMetadata(entry: unknown): Record<string, string> {
  const valid = typeof entry === 'object' && entry !== null && Object.values(entry).every((v) => typeof v === 'string');
  if (!valid) fail('__metadata__ is not a record of strings');
  return { ...(entry as Record<string, string>) };
}

function parseTensor(name: string, entry: unknown, body: Uint8Array): Tensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== 'string' || !Object.hasOwn(CONSTRUCTORS, dtype)) {
    fail(`"${name}" has type ${String(dtype)}; supported are ${Object.keys(CONSTRUCTORS).join(', ')}`);
  }
  if (!isCounts(shape)) fail(`"${name}" has a shape that is not a list of non-negative integers`);
  if (!isCounts(offsets) || offsets.length !== 2) fail(`"${name}" has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  const Constructor = CONSTRUCTORS[dtype as DType];
  const length = shape.reduce((product, side) => product * side, 1);
  if (end > body.length) fail(`"${name}" ends at byte ${end}, but the data has ${body.length} bytes: the file is truncated`);
  if (end - begin !== length * Constructor.BYTES_PER_ELEMENT) {
    fail(`"${name}" has shape [${shape}] of ${dtype}, but ${end - begin} bytes`);
  }
  // A copy, because the bytes need not be aligned to the element size; not `slice`, which shares memory on Node's Buffer.
  return { shape, data: new Constructor(new Uint8Array(body.subarray(begin, end)).buffer) };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

function dtypeOf(data: TensorData): DType {
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  const found = (Object.keys(CONSTRUCTORS) as DType[]).find((dtype) => CONSTRUCTORS[dtype].name === tag);
  if (!found) fail(`cannot store a ${tag}`);
  return found;
}

function fail(what: string): never {
  throw new SafetensorsError(`safetensors: ${what}`);
}
