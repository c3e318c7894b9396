import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LabelledDataset } from '../data/labelled-dataset.js';
import { inflateWithin } from '../node/data-file.js';
import { writeIdx } from '../testing/idx-writer.js';
import { writeMat } from '../testing/matlab-writer.js';
import { parseCifar10, parseCifar100 } from './cifar.js';
import { DatasetFormatError } from './dataset-format-error.js';
import { idxDataset, parseIdx } from './idx.js';
import { parseMat } from './matlab.js';
import { parseTfd } from './tfd.js';

const inflate: ReturnType<typeof inflateWithin> = (bytes, limit) => inflateWithin(limit)(bytes, limit);

/** Damaged versions of a file: bytes flipped, cut short, or followed by something; and random bytes. */
function damaged(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const flips = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  // Most of the structure is in the first bytes.
  const early = fc.array(
    fc.tuple(fc.nat(Math.min(valid.length - 1, 260)), fc.integer({ min: 1, max: 255 })),
    { minLength: 1, maxLength: 2 },
  );
  return fc.oneof(
    fc.oneof(flips, early).map((list) => {
      const bytes = valid.slice();
      for (const [at, mask] of list) bytes[at]! ^= mask;
      return bytes;
    }),
    fc.nat(valid.length - 1).map((length) => valid.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((tail) => Uint8Array.from([...valid, ...tail])),
    fc.uint8Array({ maxLength: 300 }),
  );
}

function soundDataset(dataset: LabelledDataset, bytes: Uint8Array): void {
  expect(dataset.inputs.length).toBe(dataset.count * dataset.inputSize);
  expect(dataset.labels.length).toBe(dataset.count);
  expect(dataset.labels.every((label) => label < dataset.classes)).toBe(true);
  expect(dataset.inputs.byteLength).toBeLessThanOrEqual(1100 * bytes.length);
}

const bytesOf = (length: number, limit: number) => Array.from({ length }, (_, i) => (31 * i) % limit);
const matrix = (name: string, shape: number[], limit: number, from = 0) => ({
  name,
  shape,
  values: bytesOf(
    shape.reduce((a, b) => a * b, 1),
    limit,
  ).map((value) => value + from),
  classCode: 6,
  storedType: 2,
});
const variables = [
  matrix('images', [4, 3, 3], 256),
  matrix('labs_ex', [4, 1], 7, 1),
  matrix('folds', [4, 5], 3, 1),
];
const labels = parseIdx(writeIdx([6], bytesOf(6, 3)));

interface Reader {
  readonly name: string;
  readonly valid: Uint8Array;
  /** Parses, and checks what came out. */
  readonly parse: (bytes: Uint8Array) => void;
}

const readers: Reader[] = [
  {
    name: 'parseIdx',
    valid: writeIdx([4, 3, 2], bytesOf(24, 256)),
    parse(bytes) {
      const { shape, data } = parseIdx(bytes);
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      expect(data.byteLength).toBeLessThanOrEqual(bytes.length);
    },
  },
  {
    name: 'idxDataset, images',
    valid: writeIdx([6, 2, 2], bytesOf(24, 256)),
    parse: (bytes) => soundDataset(idxDataset(parseIdx(bytes), labels, { name: 'fuzz' }), bytes),
  },
  {
    name: 'idxDataset, labels',
    valid: writeIdx([6], bytesOf(6, 3)),
    parse: (bytes) =>
      soundDataset(
        idxDataset(parseIdx(writeIdx([6, 2, 2], bytesOf(24, 256))), parseIdx(bytes), {
          name: 'fuzz',
          classes: 3,
        }),
        writeIdx([6, 2, 2], bytesOf(24, 256)),
      ),
  },
  {
    name: 'parseCifar10',
    valid: Uint8Array.from([3, ...bytesOf(3072, 256), 9, ...bytesOf(3072, 256)]),
    parse: (bytes) => soundDataset(parseCifar10([bytes]), bytes),
  },
  {
    name: 'parseCifar100',
    valid: Uint8Array.from([3, 7, ...bytesOf(3072, 256)]),
    parse: (bytes) => soundDataset(parseCifar100([bytes]), bytes),
  },
  ...[true, false].flatMap((littleEndian) =>
    [false, true].map((compressed): Reader => ({
      name: `parseMat, ${littleEndian ? 'little' : 'big'}-endian${compressed ? ', compressed' : ''}`,
      valid: writeMat(
        variables.map((array) => ({ ...array, ...(compressed && { deflate: deflateSync }) })),
        littleEndian,
      ),
      parse(bytes) {
        for (const [name, { shape, data }] of parseMat(bytes, { inflate }).arrays) {
          expect(typeof name).toBe('string');
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        }
      },
    })),
  ),
  { name: 'parseTfd', valid: writeMat(variables), parse: (bytes) => soundDataset(parseTfd(bytes), bytes) },
  {
    name: 'parseTfd, compressed',
    valid: writeMat(variables.map((array) => ({ ...array, deflate: deflateSync }))),
    parse: (bytes) => soundDataset(parseTfd(bytes, {}, inflate), bytes),
  },
];

describe('a damaged file gives a sound result or a DatasetFormatError, nothing else', () => {
  test.each(readers)('$name', ({ valid, parse }) => {
    parse(valid);
    let refused = 0;
    fc.assert(
      fc.property(damaged(valid), (bytes) => {
        try {
          parse(bytes);
        } catch (error) {
          if (!(error instanceof DatasetFormatError)) throw error;
          refused++;
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
