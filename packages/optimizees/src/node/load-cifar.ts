import { UserError } from '@metadescent/core';
import type { LabelledDataset } from '../data/labelled-dataset.js';
import { parseCifar10, parseCifar100 } from '../formats/cifar.js';
import { fileIn, isDirectory, parsing, readDataFile } from './data-file.js';

/** Which of the publisher's two parts. */
export type Part = 'train' | 'test';

/**
 * Loads CIFAR-10 (Krizhevsky 2009) in its binary version: 32 × 32 colour images of ten classes.
 *
 * @param source the folder of the published archive (`cifar-10-batches-bin`, or the folder around it): 50,000
 *   training images in `data_batch_1.bin` …
 * `data_batch_5.bin`, 10,000 test images in `test_batch.bin`. Or a list of files, taken as they are and in
 *   this order.
 * @param options.part of a folder. Default: 'train'.
 * @throws UserError naming the file, what is wrong with it and what to do.
 * @example
 * loadCifar10('data/cifar-10-batches-bin').count // => 50000
 */
export function loadCifar10(
  source: string | readonly string[],
  options: { readonly part?: Part; readonly name?: string } = {},
): LabelledDataset {
  const { part = 'train', name = 'cifar-10' } = options;
  const batches = { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] };
  const paths = pathsOf('loadCifar10', source, 'cifar-10-batches-bin', batches[part]);
  return load('loadCifar10', paths, (files) => parseCifar10(files, { name }));
}

/**
 * Loads CIFAR-100 (Krizhevsky 2009) in its binary version: 32 × 32 colour images of a hundred classes in
 * twenty superclasses.
 *
 * @param source the folder of the published archive (`cifar-100-binary`, or the folder around it): 50,000
 *   training images in `train.bin`, 10,000 test
 *   images in `test.bin`. Or a list of files, taken as they are and in this order.
 * @param options.part of a folder. Default: 'train'.
 * @param options.labels the hundred fine classes or the twenty coarse ones. Default: 'fine'.
 * @throws UserError naming the file, what is wrong with it and what to do.
 * @example
 * loadCifar100('data/cifar-100-binary', { labels: 'coarse' }).classes // => 20
 */
export function loadCifar100(
  source: string | readonly string[],
  options: { readonly part?: Part; readonly name?: string; readonly labels?: 'fine' | 'coarse' } = {},
): LabelledDataset {
  const { part = 'train', name = 'cifar-100', labels = 'fine' } = options;
  const paths = pathsOf('loadCifar100', source, 'cifar-100-binary', [`${part}.bin`]);
  return load('loadCifar100', paths, (files) => parseCifar100(files, { name, labels }));
}

function pathsOf(
  caller: string,
  source: string | readonly string[],
  subfolder: string,
  names: readonly string[],
): readonly string[] {
  if (Array.isArray(source)) return source;
  if (typeof source !== 'string')
    throw new UserError(
      `${caller}: the source must be a folder or a list of files, but is ${typeof source}; give the path of the unpacked archive`,
    );
  const nested = `${source}/${subfolder}`;
  const directory = isDirectory(nested) ? nested : source;
  const advice = 'unpack the whole archive there, or give the files wanted as a list';
  return names.map((name) => fileIn(caller, directory, [name, `${name}.gz`], advice));
}

function load(
  caller: string,
  paths: readonly string[],
  parse: (files: readonly Uint8Array[]) => LabelledDataset,
): LabelledDataset {
  const files = paths.map((path) => readDataFile(caller, path).bytes);
  return parsing(caller, paths, () => parse(files));
}
