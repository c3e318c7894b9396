import type { Key } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { choleskyWithJitter } from './cholesky.js';
import type { NiwPrior } from './niw-prior.js';

/** A mixture of Gaussians with full covariances. */
export interface GaussianMixture {
  readonly size: number;
  /** Masses, adding up to 1 [clusters] */
  readonly mass: Float64Array;
  /** [clusters, n] */
  readonly mean: Float64Array;
  /** [clusters, n, n] */
  readonly covariance: Float64Array;
  /** Mean log-likelihood of the points it was fitted to, per iteration (nats). */
  readonly logLikelihood: readonly number[];
}

export interface MixtureOptions {
  readonly clusters: number;
  /** At most this many EM iterations. Default 100. */
  readonly iterations?: number;
  /** Stop when the mean log-likelihood rises by less. Default 1e-5. */
  readonly tolerance?: number;
  /** Added to every covariance's diagonal, relative to the points' variance. Default 1e-6. */
  readonly floor?: number;
}

/**
 * Fits a mixture by expectation–maximisation from points [count, n]. Clusters start as random parts of the
 * points. A cluster whose mass falls below 10⁻⁴ / clusters or that holds identical points keeps a finite
 * covariance (the floor, and the pooled covariance where it is empty), so nothing turns NaN.
 */
export function fitMixture(
  engine: GpsEngine,
  size: number,
  points: Float64Array,
  key: Key,
  options: MixtureOptions,
): GaussianMixture {
  const { clusters, iterations = 100, tolerance = 1e-5, floor = 1e-6 } = options;
  const count = points.length / size;
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`fitMixture: ${points.length} values are no positive number of points of ${size}`);
  const pooled = weightedMoments(engine, size, points, new Float64Array(count).fill(1));
  const ridge = Float64Array.from(
    { length: size },
    (_, i) => floor * Math.max(pooled.covariance[i * (size + 1)]!, Number.MIN_VALUE) + 1e-300,
  );
  const responsibility = new Float64Array(clusters * count);
  const order = key.permutation(count);
  for (let p = 0; p < count; p++) responsibility[(p % clusters) * count + order[p]!] = 1;
  const mass = new Float64Array(clusters);
  const mean = new Float64Array(clusters * size);
  const covariance = new Float64Array(clusters * size * size);
  const logLikelihood: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (let q = 0; q < clusters; q++) {
      const weights = responsibility.subarray(q * count, (q + 1) * count);
      const share = weights.reduce((sum, w) => sum + w, 0) / count;
      const empty = !(share > 1e-4 / clusters);
      const own = empty ? pooled : weightedMoments(engine, size, points, weights);
      // An empty cluster restarts at a random point with the pooled covariance.
      mass[q] = empty ? 1 / count : share;
      const restart = key.fold('restart').fold(iteration).fold(q).integers(1, count)[0]!;
      mean.set(empty ? points.subarray(restart * size, (restart + 1) * size) : own.mean, q * size);
      covariance.set(own.covariance, q * size * size);
      for (let i = 0; i < size; i++) covariance[(q * size + i) * size + i]! += ridge[i]!;
    }
    const total = mass.reduce((sum, w) => sum + w, 0);
    for (let q = 0; q < clusters; q++) mass[q]! /= total;
    const likelihood = responsibilities(engine, size, points, { mass, mean, covariance }, responsibility);
    const before = logLikelihood.at(-1) ?? -Infinity;
    logLikelihood.push(likelihood);
    if (likelihood - before < tolerance) break;
  }
  return { size, mass, mean, covariance, logLikelihood };
}

/**
 * The prior that a mixture gives to a set of points: clusters weighted by their mean responsibility for the
 * points, collapsed by the law of total covariance,
 *
 *     μ₀ = Σ_q w_q μ_q,   Φ = n₀ Σ_q w_q (Σ_q + (μ_q − μ₀)(μ_q − μ₀)ᵀ),   m = n₀ = strength
 *
 * @param strength number of pseudo-samples (Levine et al.: 1)
 */
export function mixturePrior(
  engine: GpsEngine,
  mixture: GaussianMixture,
  points: Float64Array,
  strength: number,
): NiwPrior {
  const { size: n, mass, mean, covariance } = mixture;
  const clusters = mass.length;
  const count = points.length / n;
  const responsibility = new Float64Array(clusters * count);
  responsibilities(engine, n, points, mixture, responsibility);
  const weights = Array.from(
    { length: clusters },
    (_, q) => responsibility.subarray(q * count, (q + 1) * count).reduce((sum, w) => sum + w, 0) / count,
  );
  const center = new Float64Array(n);
  for (let q = 0; q < clusters; q++) for (let i = 0; i < n; i++) center[i]! += weights[q]! * mean[q * n + i]!;
  const scale = new Float64Array(n * n);
  for (let q = 0; q < clusters; q++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const between = (mean[q * n + i]! - center[i]!) * (mean[q * n + j]! - center[j]!);
        scale[i * n + j]! += strength * weights[q]! * (covariance[(q * n + i) * n + j]! + between);
      }
    }
  }
  return { mean: center, scale, meanCount: strength, scaleCount: strength };
}

/** Fills responsibilities [clusters, count]; returns the mean log-likelihood. */
function responsibilities(
  engine: GpsEngine,
  n: number,
  points: Float64Array,
  { mass, mean, covariance }: Pick<GaussianMixture, 'mass' | 'mean' | 'covariance'>,
  out: Float64Array,
): number {
  const count = points.length / n;
  const clusters = mass.length;
  for (let q = 0; q < clusters; q++) {
    const { factor } = choleskyWithJitter(engine, n, covariance.subarray(q * n * n, (q + 1) * n * n));
    let logDeterminant = 0;
    for (let i = 0; i < n; i++) logDeterminant += 2 * Math.log(factor[i * n + i]!);
    const constant = Math.log(mass[q]!) - 0.5 * (logDeterminant + n * Math.log(2 * Math.PI));
    const y = new Float64Array(n);
    for (let p = 0; p < count; p++) {
      let square = 0;
      for (let i = 0; i < n; i++) {
        let sum = points[p * n + i]! - mean[q * n + i]!;
        for (let j = 0; j < i; j++) sum -= factor[i * n + j]! * y[j]!;
        y[i] = sum / factor[i * n + i]!;
        square += y[i]! ** 2;
      }
      out[q * count + p] = constant - 0.5 * square;
    }
  }
  let total = 0;
  for (let p = 0; p < count; p++) {
    let largest = -Infinity;
    for (let q = 0; q < clusters; q++) largest = Math.max(largest, out[q * count + p]!);
    let sum = 0;
    for (let q = 0; q < clusters; q++) sum += Math.exp(out[q * count + p]! - largest);
    for (let q = 0; q < clusters; q++) out[q * count + p] = Math.exp(out[q * count + p]! - largest) / sum;
    total += largest + Math.log(sum);
  }
  return total / count;
}

function weightedMoments(engine: GpsEngine, n: number, points: Float64Array, weights: Float64Array) {
  const count = weights.length;
  let total = 0;
  const mean = new Float64Array(n);
  for (let p = 0; p < count; p++) {
    total += weights[p]!;
    for (let i = 0; i < n; i++) mean[i]! += weights[p]! * points[p * n + i]!;
  }
  for (let i = 0; i < n; i++) mean[i]! /= total;
  const rooted = new Float64Array(points.length);
  for (let p = 0; p < count; p++) {
    const root = Math.sqrt(weights[p]! / total);
    for (let i = 0; i < n; i++) rooted[p * n + i] = root * (points[p * n + i]! - mean[i]!);
  }
  const covariance = new Float64Array(n * n);
  engine.syrk({ rows: count, n, a: rooted, c: covariance });
  return { mean, covariance };
}
