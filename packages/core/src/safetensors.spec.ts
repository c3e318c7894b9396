import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readSafetensors, SafetensorsError, writeSafetensors, type TensorFile } from './safetensors.js';
import { isTypedArray } from './typed-array.js';
import { isUserError } from './user-error.js';

/** Any text that UTF-8 can hold; what a plain assignment to an object would lose is drawn often. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '7', '', 'a"\\'),
);
const record = <T>(value: fc.Arbitrary<T>, names = text): fc.Arbitrary<Record<string, T>> =>
  fc.array(fc.tuple(names, value)).map((entries) => Object.fromEntries(entries));
const tensorFile: fc.Arbitrary<TensorFile> = fc.record({
  tensors: record(
    fc
      .oneof(fc.float32Array(), fc.float64Array(), fc.int32Array(), fc.uint32Array(), fc.uint8Array())
      .chain((data) =>
        fc
          .constantFrom([data.length], [1, data.length], [data.length, 1, 1])
          .map((shape) => ({ shape, data })),
      ),
    text.filter((name) => name !== '__metadata__'),
  ),
  metadata: record(text),
});

const example: TensorFile = {
  tensors: {
    b: { shape: [], data: Float64Array.of(Math.PI) },
    a: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  },
  metadata: { seed: '7' },
};

test('what is written is read back, names, shapes, bits and metadata', () => {
  fc.assert(
    fc.property(tensorFile, (file) => {
      const back = readSafetensors(writeSafetensors(file));
      expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(file.metadata).sort());
      expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(file.tensors).sort());
      for (const [name, { shape, data }] of Object.entries(file.tensors)) {
        expect(Object.hasOwn(back.tensors, name)).toBe(true);
        expect(back.tensors[name]?.shape).toEqual(shape);
        expect(Array.from(back.tensors[name]!.data)).toEqual(Array.from(data));
        expect(isTypedArray(back.tensors[name]!.data, data.constructor.name as 'Float32Array')).toBe(true);
      }
    }),
  );
});

test('equal content gives equal bytes whatever the order of the keys', () => {
  const reversed = { ...example, tensors: Object.fromEntries(Object.entries(example.tensors).reverse()) };
  expect(writeSafetensors(reversed)).toEqual(writeSafetensors(example));
});

test('the layout is the published one: length, JSON header, tensors at their offsets', () => {
  const bytes = writeSafetensors(example);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
    __metadata__: { seed: '7' },
    b: { dtype: 'F64', shape: [], data_offsets: [0, 8] },
    a: { dtype: 'F32', shape: [2, 3], data_offsets: [8, 32] },
  });
});

test('truncated and altered files are parsed or refused, nothing else', () => {
  const whole = writeSafetensors(example);
  const parse = (bytes: Uint8Array) => {
    try {
      readSafetensors(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(SafetensorsError);
    }
  };
  for (let cut = 0; cut < whole.length; cut++)
    expect(() => readSafetensors(whole.slice(0, cut))).toThrow(SafetensorsError);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
      const altered = whole.slice();
      altered[at] = value;
      parse(altered);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), parse));
});

test('any view of the bytes reads the same, also a Node Buffer in the middle of its pool', () => {
  const bytes = writeSafetensors(example);
  const pooled = Buffer.from([...new Uint8Array(13), ...bytes]).subarray(13);
  expect(Array.from(readSafetensors(pooled).tensors['a']!.data)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(Array.from(readSafetensors(pooled).tensors['b']!.data)).toEqual([Math.PI]);
});

const one = { shape: [1], data: Float32Array.of(3) };
test.each<[string, TensorFile, RegExp]>([
  [
    'a shape of another product',
    { tensors: { w: { shape: [2], data: new Float32Array(3) } }, metadata: {} },
    /"w" has shape \[2\] \(2 entries\), but 3 values/,
  ],
  [
    'a shape of halves',
    { tensors: { w: { shape: [0.5, 2], data: new Float32Array(1) } }, metadata: {} },
    /"w" has shape \[0.5,2\] \(no number of/,
  ],
  [
    'the name of the metadata',
    { tensors: { __metadata__: one }, metadata: {} },
    /cannot be named "__metadata__"/,
  ],
  [
    'metadata that is no text',
    { tensors: {}, metadata: { epoch: 5 as unknown as string } },
    /"epoch" must be a string, but is a number/,
  ],
  [
    'half a surrogate pair in a name',
    { tensors: { '\ud800': one }, metadata: {} },
    /"\\u\{d800\}" has half a surrogate pair/,
  ],
  [
    'half a surrogate pair in metadata',
    { tensors: {}, metadata: { a: '\udc00' } },
    /"a" has half a surrogate pair/,
  ],
  [
    'another array',
    { tensors: { w: { shape: [1], data: new Int16Array(1) as unknown as Int32Array } }, metadata: {} },
    /"w" is a Int16Array, but must be/,
  ],
  [
    'a header of more than 100,000,000 bytes',
    { tensors: {}, metadata: { log: 'x'.repeat(100_000_000) } },
    /more than 100000000 bytes/,
  ],
])('%s is refused on writing', (_, file, message) => {
  expect(() => writeSafetensors(file)).toThrow(SafetensorsError);
  expect(() => writeSafetensors(file)).toThrow(message);
});

/** A file of this header (JSON, or a record that becomes it) and data. */
const raw = (header: unknown, data: ArrayLike<number> = []): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
};
const u8 = (begin: number, end: number, shape = [end - begin]) => ({
  dtype: 'U8',
  shape,
  data_offsets: [begin, end],
});
const deep = `${'['.repeat(4000)}${']'.repeat(4000)}`;

test.each<[string, Uint8Array, RegExp]>([
  [
    'a hole',
    raw({ a: u8(0, 1), b: u8(3, 4) }, [1, 2, 3, 4]),
    /"b" begins at byte 3, but the tensors before it end at 1/,
  ],
  [
    'an overlap',
    raw({ a: u8(0, 4), b: u8(2, 4) }, [1, 2, 3, 4]),
    /"b" begins at byte 2, but the tensors before it end at 4/,
  ],
  ['two tensors of the same bytes', raw({ a: u8(0, 4), b: u8(0, 4) }, [1, 2, 3, 4]), /"b" begins at byte 0/],
  ['a gap at the beginning', raw({ a: u8(1, 2) }, [1, 2]), /"a" begins at byte 1/],
  ['trailing bytes', raw({ a: u8(0, 1) }, [1, 2]), /end at byte 1, but the data has 2 bytes/],
  ['data without a tensor', raw({}, [1]), /end at byte 0, but the data has 1 bytes/],
  [
    'a repeated name',
    raw(
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    ),
    /the key "a" twice/,
  ],
  [
    'a repeated field',
    raw('{"a":{"dtype":"F32","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    /the key "dtype" twice/,
  ],
  ['metadata that is a list', raw('{"__metadata__":["x"]}'), /must be a record of strings, but is a list/],
  ['metadata with a number', raw({ __metadata__: { epoch: 5 } }), /"epoch" is a number/],
  [
    'a type with control characters',
    raw({ a: { ...u8(0, 0), dtype: '\u001b[2J' } }),
    /unknown type "\\u\{1b\}\[2J"/,
  ],
  [
    'a name with control characters',
    raw({ '\u001b]0;x\u0007\u202e': 1 }),
    /"\\u\{1b\}\]0;x\\u\{7\}\\u\{202e\}" must be a record/,
  ],
  [
    'a type that is a deep nest',
    raw(`{"a":{"dtype":${deep},"shape":[0],"data_offsets":[0,0]}}`),
    /unknown type a list/,
  ],
  [
    'a shape that is a deep nest',
    raw(`{"a":{"dtype":"U8","shape":${deep},"data_offsets":[0,0]}}`),
    /a shape that is not a list of/,
  ],
  ['a shape whose product overflows', raw({ a: u8(0, 0, [2 ** 40, 2 ** 40, 0]) }), /beyond 2\^53/],
  ['offsets in the wrong order', raw({ a: { ...u8(0, 0), data_offsets: [1, 0] } }, [1]), /but -1 bytes/],
  [
    'half a surrogate pair',
    raw('{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    /half a surrogate pair/,
  ],
  ['a header that begins with a space', raw(' {}'), /from its first byte on/],
  ['a byte order mark', raw('\ufeff{}'), /is not JSON/],
  ['a list', raw('[]'), /from its first byte on, but is a list/],
  [
    'another format',
    new TextEncoder().encode('# A heading of a text file\n'),
    /100000000 is the limit: this is no safetensors file/,
  ],
])('%s is refused on reading', (_, bytes, message) => {
  expect(() => readSafetensors(bytes)).toThrow(SafetensorsError);
  expect(() => readSafetensors(bytes)).toThrow(message);
});

test('no message holds more of a file than a line, and nothing that a terminal obeys', () => {
  const names = fc.string({
    unit: fc.constantFrom('\u001b', '\u0007', '\u202e', '\n', '\u009b', 'x', '"'),
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(names, names, (name, dtype) => {
      try {
        readSafetensors(raw({ [name]: { ...u8(0, 0), dtype } }));
      } catch (error) {
        expect((error as Error).message).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
        expect((error as Error).message.length).toBeLessThan(2000);
        return;
      }
      throw new Error('nothing was refused');
    }),
  );
});

test('metadata that is null is none, as in the reference implementation; empty tensors lie anywhere', () => {
  const file = readSafetensors(
    raw({ __metadata__: null, a: u8(0, 1), empty: u8(1, 1, [0, 3]), last: u8(1, 2, []) }, [7, 8]),
  );
  expect(file.metadata).toEqual({});
  expect(Array.from(file.tensors['a']!.data)).toEqual([7]);
  expect(file.tensors['empty']).toEqual({ shape: [0, 3], data: new Uint8Array(0) });
  expect(file.tensors['last']!.shape).toEqual([]);
});

test('the types of other writers are read exactly, or named as not read', () => {
  const at = (dtype: string, begin: number, end: number, shape: number[]) => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  // bfloat16 and float16 of 1.5 and −2 by their bits; IEEE 754, table 3.5, gives 0x3e00 and 0xc000, the upper
  // halves of 1.5f and −2f
  // 0x3fc0 and 0xc000.
  [0x3fc0, 0xc000, 0x3e00, 0xc000, 0x0001, 0x7c00].forEach((half, i) => view.setUint16(2 * i, half, true));
  view.setBigInt64(12, -7n, true);
  view.setBigInt64(20, 2n ** 53n, true);
  view.setBigUint64(28, 2n ** 53n - 1n, true);
  view.setInt16(36, -300, true);
  view.setUint16(38, 65535, true);
  view.setInt8(40, -1);
  bytes[41] = 1;
  bytes[42] = 2;
  const { tensors, skipped } = readSafetensors(
    raw(
      {
        bf16: at('BF16', 0, 4, [2]),
        f16: at('F16', 4, 12, [4]),
        counter: at('I64', 12, 20, []),
        large: at('I64', 20, 28, []),
        u64: at('U64', 28, 36, [1]),
        i16: at('I16', 36, 38, [1]),
        u16: at('U16', 38, 40, [1]),
        i8: at('I8', 40, 41, [1]),
        bool: at('BOOL', 41, 42, [1]),
        wrong: at('BOOL', 42, 43, [1]),
        f8: at('F8_E4M3', 43, 44, [1]),
        f4: at('F4', 44, 45, [2]),
        rest: at('U8', 45, 64, [19]),
      },
      bytes,
    ),
  );
  const values = Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data)]),
  );
  expect(values).toMatchObject({
    bf16: [1.5, -2],
    f16: [1.5, -2, 2 ** -24, Infinity],
    counter: [-7],
    u64: [2 ** 53 - 1],
    i16: [-300],
    u16: [65535],
    i8: [-1],
    bool: [1],
  });
  expect([...skipped]).toEqual([
    ['large', expect.stringMatching(/9007199254740992, a 64-bit integer/)],
    ['wrong', expect.stringMatching(/neither 0 nor 1/)],
    ['f8', expect.stringMatching(/8-bit floats/)],
    ['f4', expect.stringMatching(/4-bit floats/)],
  ]);
});

test('a file that cannot be read is something that its user can mend', () => {
  for (const given of [
    new Uint8Array(3),
    undefined,
    'text',
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(16)),
    new Float32Array(16),
  ]) {
    try {
      readSafetensors(given as Uint8Array);
    } catch (error) {
      expect(error).toBeInstanceOf(SafetensorsError);
      expect([isUserError(error), (error as Error).name]).toEqual([true, 'SafetensorsError']);
      continue;
    }
    throw new Error('nothing was refused');
  }
});

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /the tensors must be a record by name, but are undefined/],
  ['no metadata', { tensors: {} }, /the metadata must be a record by name, but are undefined/],
  [
    'null for metadata',
    { tensors: {}, metadata: null },
    /the metadata must be a record by name, but are null/,
  ],
  [
    'a list of tensors',
    { tensors: [], metadata: {} },
    /the tensors must be a record by name, but are a list/,
  ],
  [
    'null for a tensor',
    { tensors: { w: null }, metadata: {} },
    /"w" must be a record of shape and data, but is null/,
  ],
])('%s is refused by the writer in its own words', (_, file, message) => {
  expect(() => writeSafetensors(file as TensorFile)).toThrow(SafetensorsError);
  expect(() => writeSafetensors(file as TensorFile)).toThrow(message);
});

test('an array that was transferred away is one of no entries', () => {
  const data = new Float32Array(2);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  const file = (shape: number[]): TensorFile => ({ tensors: { w: { shape, data } }, metadata: {} });
  expect(() => writeSafetensors(file([2]))).toThrow(/"w" has shape \[2\] \(2 entries\), but 0 values/);
  expect(readSafetensors(writeSafetensors(file([0]))).tensors['w']?.data).toHaveLength(0);
});
