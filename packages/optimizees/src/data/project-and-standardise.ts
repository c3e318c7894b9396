import { checkArgument, UserError, parseOptions, type Key } from '@metadescent/core';
import { typescriptEngine, type KernelEngine } from '@metadescent/kernels';
import * as z from 'zod/mini';
import { gatherRows } from './gather-rows.js';
import { labelAt, labelledDataset, type LabelledDataset } from './labelled-dataset.js';

const schema = z.strictObject({
  /** k, numbers per example afterwards. Li & Malik 2017, §4: 48, and 100 for the larger nets. */
  dimensions: z.int().check(z.minimum(1)),
});

export interface ProjectionOptions extends z.input<typeof schema> {
  /** Decides the projection. */
  readonly key: Key;
  /**
   * Multiplies the matrices. Default: the TypeScript twin, right everywhere and slow. Engines may differ in
   * the last bits.
   */
  readonly engine?: KernelEngine;
}

/**
 * Rows are projected a chunk of this many numbers at a time, so that the floats of the whole set never exist
 * (16 MiB).
 */
const CHUNK = 2 ** 22;

/**
 * A random projection to k dimensions, each then shifted to mean 0 and scaled to variance 1 over the examples:
 *
 *     z_i = x_iᵀP,   P_jm ~ N(0, 1/d),   x′_im = (z_im − mean_m) / sd_m      (x_i [d], P [d, k], x′_i [k])
 *
 * This is Li & Malik 2017, §4, "a randomly projected and normalized version of the MNIST training set with
 * dimensionality 48 and unit variance in each dimension". The paper does not name the distribution of P, nor
 * whether the mean is removed; Gaussian entries and centring are our choices, and the scale of P cancels. The
 * mean and the variance (divisor: the count) are those of `dataset` itself: to give several parts one
 * projection, project first and then `splitDataset`.
 *
 * @returns a data set of floats with the same examples in the same order [count, k]
 * @throws UserError if `dimensions` is not a positive integer, or if a projected dimension does not vary (a
 *   single example, or all equal).
 * @example
 * projectAndStandardise(mnist, { dimensions: 48, key: createKey(1), engine }).inputSize // => 48
 */
export function projectAndStandardise(dataset: LabelledDataset, options: ProjectionOptions): LabelledDataset {
  checkArgument(
    'projectAndStandardise',
    'the data set',
    dataset,
    ['inputs', 'labels', 'classes'],
    'pass a data set, such as labelledDataset gives',
  );
  checkArgument(
    'projectAndStandardise',
    'the options',
    options,
    ['dimensions', 'key'],
    'pass { dimensions: 48, key: createKey(1) }',
  );
  const { key, engine = typescriptEngine(), ...plain } = options;
  const { dimensions: k } = parseOptions('projectAndStandardise', schema, plain);
  const { count, inputSize: d } = dataset;
  const projection = Float32Array.from(key.normal(d * k), (x) => x / Math.sqrt(d));
  const projected = new Float32Array(count * k);

  const chunkRows = Math.min(count, Math.max(1, Math.floor(CHUNK / d)));
  const chunk = new Float32Array(chunkRows * d);
  const chunkLabels = new Uint8Array(chunkRows);
  for (let begin = 0; begin < count; begin += chunkRows) {
    const m = Math.min(chunkRows, count - begin);
    gatherRows(
      dataset,
      Uint32Array.from({ length: m }, (_, i) => begin + i),
      chunk,
      chunkLabels,
    );
    engine.gemm({
      m,
      n: k,
      k: d,
      a: chunk.subarray(0, m * d),
      b: projection,
      c: projected.subarray(begin * k, (begin + m) * k),
    });
  }
  standardise(projected, k, dataset.name);
  return labelledDataset({
    name: `${dataset.name}, projected to ${k}`,
    inputs: projected,
    labels: Uint8Array.from({ length: count }, (_, i) => labelAt(dataset, i)),
    classes: dataset.classes,
  });
}

/**
 * Shifts and scales every column of `values` [count, k] to mean 0 and variance 1, in place; two passes in
 * double precision.
 */
function standardise(values: Float32Array, k: number, name: string): void {
  const count = values.length / k;
  const mean = new Float64Array(k);
  for (let i = 0; i < values.length; i++)
    mean[i % k] = (mean[i % k] as number) + (values[i] as number) / count;
  const variance = new Float64Array(k);
  for (let i = 0; i < values.length; i++) {
    const m = i % k;
    variance[m] = (variance[m] as number) + ((values[i] as number) - (mean[m] as number)) ** 2 / count;
  }
  variance.forEach((v, m) => {
    // Rounding leaves about 1e-14 of the squared mean where the exact variance is 0.
    if (!(v > 1e-12 * (mean[m] as number) ** 2)) {
      throw new UserError(
        `projectAndStandardise: projected dimension ${m} of "${name}" does not vary over its ${count} examples, so it has no unit variance; give at least two different examples`,
      );
    }
  });
  const inverse = variance.map((v) => 1 / Math.sqrt(v));
  for (let i = 0; i < values.length; i++) {
    const m = i % k;
    values[i] = ((values[i] as number) - (mean[m] as number)) * (inverse[m] as number);
  }
}
