/** What a tensor's numbers are kept in. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The types that are written, and read as they are. */
const WRITTEN = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;

/** The type that an array is written as; undefined where it would need another kind of array. */
export function writtenType(data: unknown): keyof typeof WRITTEN | undefined {
  // By tag: a typed array of another realm is no instance of this one's class.
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  return (Object.keys(WRITTEN) as (keyof typeof WRITTEN)[]).find((type) => WRITTEN[type].name === tag);
}

/** A type of the format: bits per number, and the exact values of a tensor's bytes, or why they are not read. */
interface StoredType {
  readonly bits: number;
  decode(bytes: Uint8Array<ArrayBuffer>): TensorData | string;
}

const NOT_READ = (bits: number, what: string): StoredType => ({
  bits,
  decode: () => `holds ${what}, which are not read`,
});

/** Every type of the format by its name. Narrower types are widened to the next one that holds all their values. */
export const STORED_TYPES: ReadonlyMap<string, StoredType> = new Map<string, StoredType>([
  ['F32', { bits: 32, decode: ({ buffer }) => new Float32Array(buffer) }],
  ['F64', { bits: 64, decode: ({ buffer }) => new Float64Array(buffer) }],
  ['I32', { bits: 32, decode: ({ buffer }) => new Int32Array(buffer) }],
  ['U32', { bits: 32, decode: ({ buffer }) => new Uint32Array(buffer) }],
  ['U8', { bits: 8, decode: (bytes) => bytes }],
  [
    'BOOL',
    {
      bits: 8,
      decode: (bytes) =>
        bytes.every((byte) => byte < 2) ? bytes : 'holds booleans that are neither 0 nor 1',
    },
  ],
  ['I8', { bits: 8, decode: ({ buffer }) => Int32Array.from(new Int8Array(buffer)) }],
  ['I16', { bits: 16, decode: ({ buffer }) => Int32Array.from(new Int16Array(buffer)) }],
  ['U16', { bits: 16, decode: ({ buffer }) => Int32Array.from(new Uint16Array(buffer)) }],
  ['F16', { bits: 16, decode: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), halfToNumber) }],
  // The upper half of a single-precision number.
  [
    'BF16',
    {
      bits: 16,
      decode: ({ buffer }) =>
        new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer),
    },
  ],
  ['I64', { bits: 64, decode: ({ buffer }) => exactIntegers(new BigInt64Array(buffer)) }],
  ['U64', { bits: 64, decode: ({ buffer }) => exactIntegers(new BigUint64Array(buffer)) }],
  ['C64', NOT_READ(64, 'complex numbers')],
  ...['F8_E4M3', 'F8_E5M2', 'F8_E8M0'].map((type) => [type, NOT_READ(8, '8-bit floats')] as const),
  ...['F6_E2M3', 'F6_E3M2'].map((type) => [type, NOT_READ(6, '6-bit floats')] as const),
  ['F4', NOT_READ(4, '4-bit floats')],
]);

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function exactIntegers(values: BigInt64Array | BigUint64Array): Float64Array | string {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    numbers[i] = Number(values[i]);
    if (!Number.isSafeInteger(numbers[i]))
      return `holds ${values[i]}, a 64-bit integer that no double holds exactly`;
  }
  return numbers;
}
