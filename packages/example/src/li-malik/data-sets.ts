import { UserError, printable } from '@metadescent/core';
import type { LabelledDataset } from '@metadescent/optimizees';
import {
  findData,
  loadCifar10,
  loadCifar100,
  loadIdxDataset,
  loadIdxDirectory,
  loadTfd,
} from '@metadescent/optimizees/node';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withoutCaller } from '../without-caller.js';

/** A data set of the figures: a column of the report. */
export interface DatasetSource {
  readonly id: 'faces' | 'cifar-10' | 'cifar-100' | 'fashion-mnist';
  /** One of the paper's three; the others are shown beside them and not counted. */
  readonly inPaper: boolean;
  /** Files or folders that it may be, the first that is there is taken. */
  readonly names: readonly [string, ...string[]];
  /** What the user has to put into the folder of `--data`. */
  readonly needs: string;
  /**
   * Loads the training part.
   *
   * @param path where one of `names` is
   * @throws UserError if something is missing or damaged there.
   */
  load(path: string): LoadedDataset;
}

export interface LoadedDataset {
  /** What it is called in reports: what was really loaded. */
  readonly title: string;
  readonly data: LabelledDataset;
}

const TFD_FILE = 'TFD_48x48.mat';
const CIFAR_10_BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);

/** The columns of the figures, in the paper's order, then ours. */
export const datasetSources: readonly DatasetSource[] = [
  {
    id: 'faces',
    inPaper: true,
    names: [TFD_FILE, 'faces'],
    needs: `${TFD_FILE}, or a folder "faces" with train-images-idx3-ubyte and train-labels-idx1-ubyte (FER2013, seven expressions)`,
    load(path) {
      if (path.endsWith(TFD_FILE)) return { title: 'TFD', data: loadTfd(path) };
      const [images, labels] = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'].map((name) =>
        join(path, name),
      ) as [string, string];
      return { title: 'FER2013', data: loadIdxDataset(images, labels, { name: 'fer2013', classes: 7 }) };
    },
  },
  {
    id: 'cifar-10',
    inPaper: true,
    names: ['cifar10', 'cifar-10-batches-bin'],
    needs: `a folder "cifar10" or "cifar-10-batches-bin" with one or more of ${CIFAR_10_BATCHES.join(', ')}`,
    load(path) {
      const files = CIFAR_10_BATCHES.map((name) => join(path, name)).filter((file) => existsSync(file));
      // A folder without any is refused by the loader, in its words.
      return { title: 'CIFAR-10', data: loadCifar10(files.length > 0 ? files : path) };
    },
  },
  {
    id: 'cifar-100',
    inPaper: true,
    names: ['cifar100', 'cifar-100-binary'],
    needs:
      'a folder "cifar100" or "cifar-100-binary" with train.bin, or a part of it in a file whose name begins with "train" and ends with ".bin"',
    load(path) {
      const part = existsSync(join(path, 'train.bin'))
        ? undefined
        : readdirSync(path)
            .sort()
            .find((name) => /^train.*\.bin$/.test(name));
      // A folder without any is refused by the loader, in its words.
      return { title: 'CIFAR-100', data: loadCifar100(part === undefined ? path : [join(path, part)]) };
    },
  },
  {
    id: 'fashion-mnist',
    inPaper: false,
    names: ['fashion-mnist'],
    needs: 'a folder "fashion-mnist" with the four IDX files of Fashion-MNIST',
    load: (path) => ({
      title: 'Fashion-MNIST',
      data: loadIdxDirectory(path, { name: 'fashion-mnist', classes: 10 }).train,
    }),
  },
];

/** A data set that could not be loaded, and what to do about it. */
export interface MissingDataset {
  readonly id: DatasetSource['id'];
  readonly message: string;
}

/**
 * All data sets that can be loaded, and why the others cannot: one that is missing or damaged takes no other
 * panel with it.
 */
export function loadDatasets(directory?: string): {
  readonly loaded: (LoadedDataset & { readonly source: DatasetSource })[];
  readonly missing: MissingDataset[];
} {
  const loaded: (LoadedDataset & { readonly source: DatasetSource })[] = [];
  const missing: MissingDataset[] = [];
  for (const source of datasetSources) {
    const { id, names, needs } = source;
    const path = names.map((name) => found(name, directory)).find((candidate) => candidate !== undefined);
    if (path === undefined) {
      const where =
        directory === undefined
          ? 'the folder of --data or METADESCENT_DATA'
          : `the folder of --data, ${printable(directory, 400)}`;
      missing.push({
        id,
        message: `${id} is not there, so its column is left out; it would be in ${where}: ${needs}.`,
      });
      continue;
    }
    try {
      loaded.push({ source, ...source.load(path) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      missing.push({
        id,
        message: `${id} cannot be read: ${withoutCaller(error.message)}; its column is left out. The folder of --data needs ${needs}.`,
      });
    }
  }
  return { loaded, missing };
}

/** Where `name` is, in the folder given or in those of METADESCENT_DATA. */
function found(name: string, directory: string | undefined): string | undefined {
  try {
    return findData(name, directory === undefined ? {} : { directory });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
