import { expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { DatasetFormatError } from './dataset-format-error.js';
import { parseCifar10, parseCifar100 } from './cifar.js';

/** Records with these label bytes and random pixels. */
function records(labels: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((bytes, i) => [...bytes, ...createKey(1).fold(i).integers(3072, 256)]),
  );
}

test('CIFAR-10: one label byte and three planes a record, files one after another', () => {
  const [a, b] = [records([[3], [9]]), records([[0]])];
  const dataset = parseCifar10([a, b], { name: 'mine' });
  expect(dataset).toMatchObject({
    name: 'mine',
    count: 3,
    inputSize: 3072,
    classes: 10,
    imageShape: [3, 32, 32],
  });
  expect(Array.from(dataset.labels)).toEqual([3, 9, 0]);
  expect(dataset.inputs.slice(3072, 2 * 3072)).toEqual(a.slice(3074, 3073 + 3073));
  expect(dataset.inputs.slice(2 * 3072)).toEqual(b.slice(1));
});

test('CIFAR-100: fine labels unless coarse ones are asked for', () => {
  const file = records([
    [19, 99],
    [4, 0],
  ]);
  const [fine, coarse] = [parseCifar100([file]), parseCifar100([file], { labels: 'coarse' })];
  expect([Array.from(fine.labels), fine.classes]).toEqual([[99, 0], 100]);
  expect([Array.from(coarse.labels), coarse.classes]).toEqual([[19, 4], 20]);
  expect(fine.inputs).toEqual(coarse.inputs);
  expect(fine.inputs.slice(3072)).toEqual(file.slice(3074 + 2));
});

test.each<[string, () => unknown, RegExp]>([
  ['no file', () => parseCifar10([]), /no files/],
  ['an empty file', () => parseCifar10([new Uint8Array(0)]), /file 1 .* has 0 bytes/],
  [
    'a cut file',
    () => parseCifar10([records([[1]]), records([[1]]).slice(0, 3000)]),
    /file 2 must consist of records of 3073 bytes/,
  ],
  ['the other format', () => parseCifar10([records([[1, 1]])]), /whole records of CIFAR-100/],
  ['the other format', () => parseCifar100([records([[1]])]), /whole records of CIFAR-10$/],
  [
    'a label out of range',
    () => parseCifar10([records([[1], [10]])]),
    /label byte 0 must be below 10, but is 10 in record 1 of file 1/,
  ],
  ['a fine label out of range', () => parseCifar100([records([[1, 100]])]), /label byte 1 must be below 100/],
  ['a coarse label out of range', () => parseCifar100([records([[20, 1]])]), /label byte 0 must be below 20/],
])('%s is refused', (_, parse, message) => {
  expect(parse).toThrow(DatasetFormatError);
  expect(parse).toThrow(message);
});
