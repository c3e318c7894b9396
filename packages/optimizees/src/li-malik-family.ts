import { checkArgument, createKey, type OptimizeeFamily } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import type { LabelledDataset } from './data/labelled-dataset.js';
import { projectAndStandardise } from './data/project-and-standardise.js';
import { mlpFamily } from './mlp-family.js';

/** A two-layer net of Li & Malik 2017, §4: `inputs` random projections, `hidden` ReLU units, one output per class. */
export interface LiMalikArchitecture {
  readonly inputs: number;
  readonly hidden: number;
}

/** The two nets of §4: the one of meta-training, and the one with about eight times as many parameters. */
export const liMalikArchitectures = {
  '48-48': { inputs: 48, hidden: 48 },
  '100-200': { inputs: 100, hidden: 200 },
} as const satisfies Record<string, LiMalikArchitecture>;

/**
 * One projection for every run, so that all runs of a data set minimise the same function: the paper has a
 * single training objective.
 */
const PROJECTION_SEED = 2017;

/**
 * A data set as the nets of Li & Malik 2017, §4 see it: "randomly projected and normalized", every dimension
 * with mean 0 and variance 1. The projection depends on the number of inputs and of dimensions alone, not on
 * the examples.
 *
 * Project once and share the result with the workers (`shareDataset`): it is small, and the engines' last
 * bits differ.
 *
 * @returns [count, dimensions] floats
 * @throws UserError if `dimensions` is not a positive integer, or a projected dimension does not vary.
 * @example
 * liMalikInputs(mnist, 48, engine).inputSize // => 48
 */
export function liMalikInputs(
  dataset: LabelledDataset,
  dimensions: number,
  engine: KernelEngine,
): LabelledDataset {
  return projectAndStandardise(dataset, {
    dimensions,
    key: createKey(PROJECTION_SEED).fold('projection').fold(dimensions),
    engine,
  });
}

export interface LiMalikFamilyOptions {
  /** What `liMalikInputs` made. */
  readonly dataset: LabelledDataset;
  readonly hidden: number;
  /** 64 in meta-training and figures 1, 2 and 5, 10 in figures 3 and 4. */
  readonly batchSize: number;
  readonly engine: KernelEngine;
  /**
   * Examples of the fixed subset that the true objective is the mean over. Default 2000, or all where there
   * are fewer.
   */
  readonly evaluationRows?: number;
}

/**
 * Training a two-layer ReLU net with softmax cross-entropy on randomly projected data: the objective
 * functions of Li & Malik 2017, §4. Meta-training has a single one, MNIST with 48 inputs, 48 hidden units and
 * mini-batches of 64; optimizees differ in θ₀ and in their mini-batches only.
 *
 *     θ₀ ~ N(0, 0.1²), weights and biases alike
 *
 * The paper states neither θ₀, the activation nor the set behind its "true objective": these are our choices.
 * f(θ₀) is then near ln(classes).
 *
 * @example
 * liMalikFamily({ dataset: liMalikInputs(mnist, 48, engine), hidden: 48, batchSize: 64, engine }).layout.size // => 2842
 */
export function liMalikFamily(options: LiMalikFamilyOptions): OptimizeeFamily {
  const advice = 'pass { dataset, hidden: 48, batchSize: 64, engine: wasmEngine() }';
  checkArgument(
    'liMalikFamily',
    'the options',
    options,
    ['dataset', 'hidden', 'batchSize', 'engine'],
    advice,
  );
  const { dataset, hidden, batchSize, engine, evaluationRows } = options;
  return mlpFamily({
    dataset,
    hidden: [hidden],
    activation: 'relu',
    batchSize,
    initialStandardDeviation: 0.1,
    engine,
    ...(evaluationRows !== undefined && { evaluationRows }),
  });
}
