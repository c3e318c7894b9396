import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datasetSources, loadDatasets } from './data-sets.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
const before = process.env['METADESCENT_DATA'];
beforeAll(() => {
  delete process.env['METADESCENT_DATA'];
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  if (before !== undefined) process.env['METADESCENT_DATA'] = before;
});
afterEach(() => {
  rmSync(join(folder, 'TFD_48x48.mat'), { force: true });
});

function idx(shape: number[], values: number[]): Uint8Array {
  const header = [0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255])];
  return Uint8Array.from([...header, ...values]);
}

function put(path: string, bytes: Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

/** Records of `labels` label bytes and a 32 × 32 colour image. */
function cifar(count: number, labels: number): Uint8Array {
  return Uint8Array.from({ length: count * (labels + 3072) }, (_, i) =>
    i % (labels + 3072) < labels ? 3 : i % 251,
  );
}

test('what is there is loaded, what is missing is named with the option and the files that it needs', () => {
  put('faces/train-images-idx3-ubyte', idx([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]));
  put('faces/train-labels-idx1-ubyte', idx([2], [6, 0]));
  put('cifar10/data_batch_2.bin', cifar(3, 1));
  put('cifar100/train-part.bin', cifar(2, 2));
  const { loaded, missing } = loadDatasets(folder);
  expect(
    loaded.map(({ source, title, data: { count, classes } }) => [source.id, title, count, classes]),
  ).toEqual([
    ['faces', 'FER2013', 2, 7],
    ['cifar-10', 'CIFAR-10', 3, 10],
    ['cifar-100', 'CIFAR-100', 2, 100],
  ]);
  expect(missing.map(({ id }) => id)).toEqual(['fashion-mnist']);
  expect(missing[0]?.message).toMatch(
    /^fashion-mnist is not there, so its column is left out; it would be in .*: a folder "fashion-mnist" with the four IDX files/,
  );
});

test('a whole CIFAR-100 is preferred to a part of it, and the publisher’s folder names are known', () => {
  put('cifar-100-binary/train.bin', cifar(4, 2));
  put('cifar-100-binary/train-part.bin', cifar(2, 2));
  rmSync(join(folder, 'cifar100'), { recursive: true });
  expect(loadDatasets(folder).loaded.find(({ source }) => source.id === 'cifar-100')?.data.count).toBe(4);
});

test('the Toronto Faces Dataset is preferred to its stand-in, and a damaged file takes no other data set with it', () => {
  put('TFD_48x48.mat', Uint8Array.of(1, 2, 3));
  const { loaded, missing } = loadDatasets(folder);
  expect(missing.find(({ id }) => id === 'faces')?.message).toMatch(/cannot be read: .*TFD_48x48\.mat/);
  expect(loaded.map(({ source }) => source.id)).toContain('cifar-10');
});

test('without any folder all are missing, each with its advice', () => {
  const { loaded, missing } = loadDatasets(join(folder, 'nowhere'));
  expect(loaded).toEqual([]);
  expect(missing.map(({ id }) => id)).toEqual(datasetSources.map(({ id }) => id));
  for (const { message } of missing) expect(message).toContain('--data');
});
