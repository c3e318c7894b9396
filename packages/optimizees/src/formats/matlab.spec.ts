import { readFileSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inflateWithin } from '../node/data-file.js';
import { writeMat, type WrittenArray } from '../testing/matlab-writer.js';
import { DatasetFormatError } from './dataset-format-error.js';
import { parseMat } from './matlab.js';

/** Unpacks what a test packed. */
const inflate = inflateWithin(2 ** 24);

const read = (bytes: Uint8Array, variables?: string[]) =>
  parseMat(bytes, { inflate, ...(variables && { variables }) });

describe('files that scipy wrote', () => {
  const oracle = JSON.parse(readFileSync(new URL('../testing/scipy-mat.json', import.meta.url), 'utf8')) as {
    plain: string;
    compressed: string;
    arrays: Record<string, { shape: number[]; data: number[] }>;
    skipped: string[];
  };

  test.each(['plain', 'compressed'] as const)('%s', (form) => {
    const { arrays, skipped } = read(Uint8Array.from(Buffer.from(oracle[form], 'base64')));
    expect([...arrays.keys()].toSorted()).toEqual(Object.keys(oracle.arrays).toSorted());
    for (const [name, { shape, data }] of Object.entries(oracle.arrays)) {
      expect(arrays.get(name)!.shape).toEqual(shape);
      expect(Array.from(arrays.get(name)!.data)).toEqual(data);
    }
    expect([...skipped.keys()].toSorted()).toEqual(oracle.skipped.toSorted());
    expect(skipped.get('spin')).toBe('a complex array');
    expect(skipped.get('cell')).toBe('a cell array');
  });
});

/** Classes with a range of whole numbers that all the listed types can store. */
const CLASSES = [
  { classCode: 6, storedTypes: [1, 2, 3, 4, 5, 6, 7, 9], data: Float64Array },
  { classCode: 7, storedTypes: [1, 2, 3, 4, 5, 7], data: Float32Array },
  { classCode: 8, storedTypes: [1, 2, 5, 9], data: Int8Array },
  { classCode: 9, storedTypes: [1, 2, 5, 9], data: Uint8Array },
  { classCode: 10, storedTypes: [1, 2, 3], data: Int16Array },
  { classCode: 11, storedTypes: [1, 2, 4], data: Uint16Array },
  { classCode: 12, storedTypes: [1, 2, 3, 5], data: Int32Array },
  { classCode: 13, storedTypes: [1, 2, 4, 6], data: Uint32Array },
  { classCode: 14, storedTypes: [1, 12], data: Float64Array },
  { classCode: 15, storedTypes: [2, 13], data: Float64Array },
] as const;

test('what the writer wrote is read: every class, smaller stored types, any dimensions, both byte orders, compressed or not', () => {
  const array = fc
    .tuple(
      fc.constantFrom(...CLASSES),
      fc.nat(7),
      fc.array(fc.nat(4), { minLength: 2, maxLength: 4 }),
      fc.boolean(),
      fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/),
      fc.integer({ min: 0, max: 100 }),
    )
    .map(([{ classCode, storedTypes }, type, shape, compressed, name, start]): WrittenArray => {
      const count = shape.reduce((product, side) => product * side, 1);
      const values = Array.from({ length: count }, (_, i) => (start + 7 * i) % 128);
      const storedType = storedTypes[type % storedTypes.length]!;
      return { name, shape, values, classCode, storedType, ...(compressed && { deflate: deflateSync }) };
    });
  fc.assert(
    fc.property(
      fc.uniqueArray(array, { selector: ({ name }) => name, maxLength: 4 }),
      fc.boolean(),
      (list, littleEndian) => {
        const { arrays, skipped } = read(writeMat(list, littleEndian));
        expect([...arrays.keys()]).toEqual(list.map(({ name }) => name));
        expect(skipped.size).toBe(0);
        for (const { name, shape, values, classCode } of list) {
          const found = arrays.get(name)!;
          expect(found.shape).toEqual(shape);
          expect(Array.from(found.data)).toEqual(values);
          expect(found.data).toBeInstanceOf(CLASSES.find((entry) => entry.classCode === classCode)!.data);
        }
      },
    ),
    { numRuns: 200 },
  );
});

const one = (part: Partial<WrittenArray> = {}): WrittenArray => ({
  name: 'x',
  shape: [2, 2],
  values: [1, 2, 3, 4],
  classCode: 6,
  storedType: 9,
  ...part,
});

test('values of every sign and size survive', () => {
  const cases = [
    one({ name: 'a', values: [-1.5, 1e300, -0, 1 / 3] }),
    one({ name: 'b', classCode: 14, storedType: 12, values: [-(2 ** 53) + 1, 2 ** 53 - 1, -1, 0] }),
    one({ name: 'c', classCode: 10, storedType: 3, values: [-32768, 32767, -1, 0] }),
    one({ name: 'd', classCode: 13, storedType: 6, values: [2 ** 32 - 1, 0, 1, 2 ** 31] }),
    one({ name: 'e', values: [NaN, Infinity, -Infinity, 0] }),
  ];
  for (const littleEndian of [true, false]) {
    const { arrays } = read(writeMat(cases, littleEndian));
    for (const { name, values } of cases) expect(Array.from(arrays.get(name)!.data)).toEqual(values);
  }
});

test('only the variables asked for are decoded; of two with one name the later counts', () => {
  const bytes = writeMat([one({ name: 'a' }), one({ name: 'b' }), one({ name: 'a', values: [5, 6, 7, 8] })]);
  const { arrays, skipped } = read(bytes, ['a']);
  expect(Array.from(arrays.get('a')!.data)).toEqual([5, 6, 7, 8]);
  expect([...skipped]).toEqual([['b', 'not asked for']]);
});

test('a later variable of a kind that is not read hides an earlier array of its name, and the other way round', () => {
  const text = one({ classCode: 4, storedType: 4 });
  const [hidden, shown] = [read(writeMat([one(), text])), read(writeMat([text, one()]))];
  expect([hidden.arrays.size, hidden.skipped.get('x')]).toEqual([0, 'text']);
  expect([shown.arrays.size, shown.skipped.size]).toEqual([1, 0]);
});

test('dimensions may be unsigned, as other programs write them', () => {
  const bytes = writeMat([one(), one({ name: 'y' })]);
  expect(bytes[152]).toBe(5);
  bytes[152] = 6;
  expect([...read(bytes).arrays.keys()]).toEqual(['x', 'y']);
});

test.each<[string, Partial<WrittenArray>, RegExp]>([
  ['text', { classCode: 4, storedType: 4 }, /^text$/],
  ['text whose dimensions are not integers', { classCode: 4, storedType: 4, shape: [-1, 4] }, /^text$/],
  ['a structure', { classCode: 2 }, /^a structure$/],
  ['a complex array', { flags: 8 }, /^a complex array$/],
  [
    'an integer beyond doubles',
    { classCode: 15, storedType: 13, values: [2 ** 63, 0, 0, 0] },
    /9223372036854775808, a 64-bit integer that no double/,
  ],
])('%s beside an array is named, and the array is read', (_, part, what) => {
  const { arrays, skipped } = read(
    writeMat([one({ name: 'other', ...part }), one({ values: [3.5, 1, 2, 3] })]),
  );
  expect(Array.from(arrays.get('x')!.data)).toEqual([3.5, 1, 2, 3]);
  expect([...skipped]).toEqual([['other', expect.stringMatching(what)]]);
});

test('names like those of object members are only names', () => {
  const { arrays } = read(writeMat([one({ name: '__proto__' }), one({ name: 'constructor' })]));
  expect([...arrays.keys()]).toEqual(['__proto__', 'constructor']);
});

const valid = writeMat([one()]);
const changed = (changes: Record<number, number>): Uint8Array => valid.map((byte, at) => changes[at] ?? byte);
/** Where the parts of `valid` begin: matrix tag 128, flags 136, dimensions 152, name (small) 168, numbers 176. */
test.each<[string, Uint8Array, RegExp]>([
  ['an empty file', new Uint8Array(0), /header has 128 bytes, but the file has 0/],
  [
    'a level-4 file',
    Uint8Array.from({ length: 200 }, (_, i) => (i === 4 ? 2 : 0)),
    /perhaps a level-4 one.*-v7/,
  ],
  ['something else', new Uint8Array(200).fill(0x41), /must be "IM" or "MI"/],
  ['version 7.3', changed({ 124: 0x00, 125: 0x02 }), /version 7\.3, which is HDF5.*-v7/],
  ['an unknown version', changed({ 125: 0x03 }), /must be 0x0100, but is 0x0300/],
  ['a gzip stream', gzipSync(valid), /gzip-compressed/],
  ['a cut tag', valid.subarray(0, 130), /only 2 of its tag's 8 bytes/],
  ['a cut variable', valid.subarray(0, valid.length - 1), /truncated or damaged/],
  ['a variable that is none', changed({ 128: 9 }), /must be of type 14, but is of type 9/],
  ['no array flags', changed({ 136: 5 }), /array flags/],
  [
    'dimensions of another type',
    changed({ 152: 9 }),
    /dimensions of "x" must be of type 5 or 6, but are of type 9/,
  ],
  ['negative dimensions', changed({ 163: 0xff }), /none negative/],
  [
    'dimensions that do not fit',
    changed({ 160: 3 }),
    /"x" has the dimensions \[3,2\], 6 numbers of 8 bytes, but 32 bytes/,
  ],
  ['huge dimensions', changed({ 163: 0x7f, 167: 0x7f }), /numbers of 8 bytes, but 32 bytes/],
  ['a name that is no text', changed({ 168: 9 }), /name of a variable must be text/],
  ['a small element of too many bytes', changed({ 170: 5 }), /said to have 5 bytes, but 4 is the most/],
  ['an unknown class', changed({ 144: 99 }), /"x" is of the unknown class 99/],
  ['numbers of an unknown type', changed({ 176: 8 }), /numbers of "x" have the unknown type 8/],
  [
    'numbers outside the class',
    writeMat([one({ classCode: 9, storedType: 3, values: [0, 256, 0, 0] })]),
    /256 is outside the range/,
  ],
  [
    'no number in integers',
    writeMat([one({ classCode: 12, storedType: 9, values: [NaN, 0, 0, 0] })]),
    /NaN is outside the range/,
  ],
  [
    'a cut variable after whole ones',
    writeMat([one({ name: 'a' }), one({ name: 'broken' })]).subarray(0, -24),
    /the variable "broken" is cut short: .* said to have 88 bytes, but only 64 follow/,
  ],
  [
    'control characters in a name',
    writeMat([one({ name: '\u001b[2J', shape: [3, 2] })]),
    /"\\u\{1b\}\[2J" has the dimensions \[3,2\]/,
  ],
  [
    'a zip archive',
    Uint8Array.of(0x50, 0x4b, 3, 4, ...new Uint8Array(200)),
    /the bytes are a zip archive; unpack it first/,
  ],
  [
    'a damaged stream',
    writeMat([one({ deflate: (bytes) => deflateSync(bytes).subarray(0, 30) })]),
    /cannot be unpacked/,
  ],
])('%s is refused', (_, bytes, message) => {
  expect(() => read(bytes)).toThrow(DatasetFormatError);
  expect(() => read(bytes)).toThrow(message);
});

test('without inflate, compressed variables are refused with the way out; plain ones are read', () => {
  expect(() => parseMat(writeMat([one({ deflate: deflateSync })]))).toThrow(
    /compressed.*`inflate`.*optimizees\/node/,
  );
  expect(parseMat(valid).arrays.size).toBe(1);
});

test('inflate is told a limit that follows from the size of the file', () => {
  const limits: number[] = [];
  const bytes = writeMat([one({ deflate: deflateSync })]);
  parseMat(bytes, { inflate: (packed, limit) => (limits.push(limit), inflate(packed, limit)) });
  expect(limits).toHaveLength(1);
  expect(limits[0]).toBeLessThan(1100 * bytes.length);
  expect(() => inflateWithin(4000)(deflateSync(new Uint8Array(5000)), 10_000)).toThrow(
    /more than 4000 bytes inside/,
  );
  expect(() => inflateWithin(10_000)(deflateSync(new Uint8Array(5000)), 4000)).toThrow(
    /more than 4000 bytes inside/,
  );
});

test('the variables of a file share its limit: what they unpack to, and what they are decoded to', () => {
  // Six streams of 20 MiB of nothing each, 20 kB on the disk, where 64 MiB and a little are allowed in all.
  const stream = deflateSync(new Uint8Array(20 * 2 ** 20));
  let calls = 0;
  const packed = writeMat(Array.from({ length: 6 }, (_, i) => one({ name: `v${i}`, deflate: () => stream })));
  const count = (bytes: Uint8Array, limit: number): Uint8Array => {
    calls++;
    const unpacked = inflateWithin(limit)(bytes, limit);
    // As an element that is skipped: a structure of this size.
    const view = new DataView(unpacked.buffer, unpacked.byteOffset);
    [14, unpacked.length - 8, 6, 8, 2, 0, 5, 8, 1, 1, 1, 1, 0x78].forEach((word, i) =>
      view.setUint32(4 * i, word, true),
    );
    return unpacked;
  };
  expect(() => parseMat(packed, { inflate: count })).toThrow(DatasetFormatError);
  expect(calls).toBeLessThanOrEqual(4);
  // Bytes that are stored as bytes and are doubles by class grow to eight times.
  const wide = writeMat([
    one({
      name: 'wide',
      shape: [1, 10 * 2 ** 20],
      values: new Uint8Array(10 * 2 ** 20) as never,
      storedType: 2,
      deflate: deflateSync,
    }),
  ]);
  expect(() => parseMat(wide, { inflate })).toThrow(
    /unpack to more than \d+ bytes, the most for a file of \d+ bytes/,
  );
});
