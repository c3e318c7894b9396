import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readSafetensors, SafetensorsError, writeSafetensors, type TensorFile } from './safetensors.js';

const tensorFile: fc.Arbitrary<TensorFile> = fc.record({
  tensors: fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
    fc.oneof(
      fc.float32Array(),
      fc.float64Array(),
      fc.int32Array(),
      fc.uint32Array(),
      fc.uint8Array(),
    ).map((data) => ({ shape: [data.length], data })),
  ),
  metadata: fc.dictionary(fc.string().filter((name) => name !== '__proto__'), fc.string()),
});

const example: TensorFile = {
  tensors: { b: { shape: [], data: Float64Array.of(Math.PI) }, a: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } },
  metadata: { seed: '7' },
};

test('what is written is read back, names, shapes, bits and metadata', () => {
  fc.assert(
    fc.property(tensorFile, (file) => {
      const back = readSafetensors(writeSafetensors(file));
      expect(back.metadata).toEqual(file.metadata);
      expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(file.tensors).sort());
      for (const [name, { shape, data }] of Object.entries(file.tensors)) {
        expect(back.tensors[name]?.shape).toEqual(shape);
        expect(Array.from(back.tensors[name]!.data)).toEqual(Array.from(data));
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
  for (let cut = 0; cut < whole.length; cut++) expect(() => readSafetensors(whole.slice(0, cut))).toThrow(SafetensorsError);
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

test('a shape that does not match its data is refused on writing', () => {
  expect(() => writeSafetensors({ tensors: { w: { shape: [2], data: new Float32Array(3) } }, metadata: {} })).toThrow(/"w" has shape \[2\]/);
});
