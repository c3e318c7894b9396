import { checkArgument, parseOptions, type Key } from '@metadescent/core';
import * as z from 'zod/mini';
import { labelledDataset, type LabelledDataset } from './labelled-dataset.js';

/** The options of `gaussianClusters`. */
export const gaussianClustersOptionsSchema = z.strictObject({
  /** Number of examples. */
  count: z._default(z.int().check(z.minimum(1)), 600),
  /** Numbers per example. */
  inputSize: z._default(z.int().check(z.minimum(1)), 8),
  classes: z._default(z.int().check(z.minimum(1), z.maximum(256)), 3),
  /** Standard deviation of the centres' coordinates; the noise around a centre has 1. The larger, the easier. */
  separation: z._default(z.number().check(z.nonnegative()), 1),
});
export type GaussianClustersOptions = z.input<typeof gaussianClustersOptionsSchema>;

/**
 * A synthetic classification problem without files: one Gaussian cloud per class.
 *
 *     x_i = m_c + e_i,   c = i mod classes,   m_c ~ N(0, separation² I),   e_i ~ N(0, I)
 *
 * @throws UserError if an option is out of range.
 * @example
 * gaussianClusters(createKey(1), { count: 90, classes: 3 }).count // => 90
 */
export function gaussianClusters(key: Key, options: GaussianClustersOptions = {}): LabelledDataset {
  checkArgument('gaussianClusters', 'the key', key, ['fold'], 'pass createKey(1)');
  const { count, inputSize, classes, separation } = parseOptions(
    'gaussianClusters',
    gaussianClustersOptionsSchema,
    options,
  );
  const centres = key.fold('centres').normal(classes * inputSize);
  const noise = key.fold('noise').normal(count * inputSize);
  const inputs = new Float32Array(count * inputSize);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = i % classes;
    labels[i] = label;
    for (let k = 0; k < inputSize; k++) {
      inputs[i * inputSize + k] =
        separation * (centres[label * inputSize + k] as number) + (noise[i * inputSize + k] as number);
    }
  }
  return labelledDataset({ name: 'gaussian-clusters', inputs, labels, classes });
}
