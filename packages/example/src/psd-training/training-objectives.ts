import { createKey, type OptimizeeFamily } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import {
  gatherRows,
  labelAt,
  labelledDataset,
  liMalikInputs,
  mlpFamily,
  projectAndStandardise,
  selectRows,
  shareDataset,
  type LabelledDataset,
} from '@metadescent/optimizees';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import * as z from 'zod/mini';
import type { Recorded } from '../record-file.js';

const size = z.optional(z.int().check(z.positive()));
const positive = z.optional(z.number().check(z.positive()));

/** One objective to meta-train on: a net on some view of MNIST. The defaults are the one of Li & Malik 2017, §4. */
export const trainingObjectiveSchema = z.strictObject({
  /** Random projections that the net sees. Default 48. */
  inputs: size,
  /** Hidden units. Default 48. */
  hidden: size,
  /** Default 64. */
  batchSize: size,
  /** Which random projection; 0, the default, is that of the paper's experiments. */
  projection: z.optional(z.int().check(z.nonnegative())),
  /** Multiplies the inputs after they were given unit variance. Default 1. */
  inputScale: positive,
  /**
   * p: the k-th principal direction of the inputs is given the standard deviation k^(−p), before every
   * dimension is put back to unit variance. The power of natural images falls with the square of the
   * frequency (Field 1987), so that their k-th principal component has about the standard deviation k^(−1/2),
   * where the digits' fall off late and fast. Default: as the digits are.
   */
  spectrum: z.optional(z.number().check(z.nonnegative())),
  /** Share of the labels that are replaced by random ones: an objective that cannot be brought near 0. Default 0. */
  labelNoise: z.optional(z.number().check(z.nonnegative(), z.maximum(1))),
  /**
   * 10; fewer merge digits (label mod classes), 100 split every digit in ten by a further random projection.
   * Default 10.
   */
  classes: size,
  /** Examples to draw from. Default 20,000. */
  examples: size,
  /** Of the initial weights. Default 0.1. */
  initialStandardDeviation: positive,
  /** Examples behind the true objective. Default 1000. */
  evaluationRows: size,
});
export type TrainingObjective = Recorded<typeof trainingObjectiveSchema>;

const DEFAULT_EXAMPLES = 20_000;

/** The view of MNIST that an objective is about, on shared memory. */
export function objectiveDataset(
  mnist: LabelledDataset,
  objective: TrainingObjective,
  engine: KernelEngine,
): LabelledDataset {
  const {
    inputs = 48,
    projection = 0,
    inputScale = 1,
    spectrum,
    labelNoise = 0,
    classes = 10,
    examples = DEFAULT_EXAMPLES,
  } = objective;
  const key = createKey(projection).fold('view');
  const projected =
    projection === 0
      ? liMalikInputs(mnist, inputs, engine)
      : projectAndStandardise(mnist, { dimensions: inputs, key: key.fold('projection'), engine });
  const rows = key.fold('rows').permutation(projected.count).subarray(0, examples);
  const part = selectRows(projected, rows, projected.name);
  const values = new Float32Array(examples * inputs);
  gatherRows(
    part,
    Uint32Array.from({ length: examples }, (_, i) => i),
    values,
    new Uint8Array(examples),
  );
  if (spectrum !== undefined) imposeSpectrum(values, inputs, spectrum);
  const codes = classes > 10 ? deciles(values, inputs, key.fold('classes').normal(inputs)) : undefined;
  const noisy = key.fold('noisy').uniform(examples);
  const random = key.fold('labels').integers(examples, classes);
  const labels = Uint8Array.from({ length: examples }, (_, i) => {
    if (noisy[i]! < labelNoise) return random[i]!;
    const digit = labelAt(part, i);
    return codes ? 10 * digit + codes[i]! : digit % classes;
  });
  return shareDataset(
    labelledDataset({
      name: `${projected.name}, ${describeObjective(objective)}`,
      inputs: values.map((x) => inputScale * x),
      labels,
      classes,
    }),
  );
}

/**
 * Whitens rows [count, width] of mean 0, gives their k-th principal direction the standard deviation k^(−p),
 * and every dimension unit variance again. In place.
 */
function imposeSpectrum(rows: Float32Array, width: number, p: number): void {
  const count = rows.length / width;
  const X = new Matrix(count, width);
  rows.forEach((x, i) => X.set(Math.floor(i / width), i % width, x));
  const { realEigenvalues, eigenvectorMatrix: V } = new EigenvalueDecomposition(
    X.transpose().mmul(X).div(count),
    { assumeSymmetric: true },
  );
  const byVariance = realEigenvalues
    .map((_, k) => k)
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const gains = new Array<number>(width);
  byVariance.forEach((k, rank) => (gains[k] = (rank + 1) ** -p / Math.sqrt(realEigenvalues[k]!)));
  const coloured = X.mmul(V).mmul(Matrix.diag(gains)).mmul(V.transpose());
  for (let j = 0; j < width; j++) {
    const deviation = Math.sqrt(coloured.getColumn(j).reduce((sum, x) => sum + x * x, 0) / count);
    for (let i = 0; i < count; i++) rows[i * width + j] = coloured.get(i, j) / deviation;
  }
}

/** The decile of every row's product with a direction. */
function deciles(values: Float32Array, width: number, direction: Float64Array): Uint8Array {
  const count = values.length / width;
  const products = Float64Array.from({ length: count }, (_, i) =>
    direction.reduce((sum, d, k) => sum + d * values[i * width + k]!, 0),
  );
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => products[a]! - products[b]!);
  const result = new Uint8Array(count);
  order.forEach((row, rank) => (result[row] = Math.floor((10 * rank) / count)));
  return result;
}

/** The family of an objective on the data set that `objectiveDataset` made for it. */
export function objectiveFamily(
  dataset: LabelledDataset,
  objective: TrainingObjective,
  engine: KernelEngine,
): OptimizeeFamily {
  const { hidden = 48, batchSize = 64, initialStandardDeviation = 0.1, evaluationRows = 1000 } = objective;
  return mlpFamily({
    dataset,
    hidden: [hidden],
    activation: 'relu',
    batchSize,
    initialStandardDeviation,
    evaluationRows,
    engine,
  });
}

/** An objective in a few words, for tables. */
export function describeObjective({
  inputs = 48,
  hidden = 48,
  batchSize = 64,
  classes = 10,
  inputScale = 1,
  spectrum,
  labelNoise = 0,
}: TrainingObjective): string {
  return [
    `${inputs}-${hidden}-${classes}`,
    `batch ${batchSize}`,
    ...(inputScale === 1 ? [] : [`inputs × ${inputScale}`]),
    ...(spectrum === undefined ? [] : [`spectrum k^−${spectrum}`]),
    ...(labelNoise === 0 ? [] : [`${100 * labelNoise} % random labels`]),
  ].join(', ');
}
