import type { Moments } from './moments.js';

/** A normal-inverse-Wishart prior over the joint vector p = [s; a; s'] of one time step. */
export interface NiwPrior {
  /** μ₀ [n] */
  readonly mean: Float64Array;
  /** Φ [n, n] */
  readonly scale: Float64Array;
  /** m: pseudo-samples behind the mean */
  readonly meanCount: number;
  /** n₀: pseudo-samples behind the scale */
  readonly scaleCount: number;
}

/**
 * Moments after the prior's pseudo-samples (Levine & Finn's estimator):
 *
 *     Σ = ( N Ŝ + Φ + (N m / (N + m)) (p̄ − μ₀)(p̄ − μ₀)ᵀ ) / (N + n₀)
 *
 * The mean stays the data's, so a model conditioned on the result passes through the data; with no data it is
 * μ₀. m = n₀ = 0 and Φ = 0 changes nothing. The prior covers the first n columns; signals behind them are
 * left alone except for the normalisation by N + n₀.
 */
export function withNiwPrior(
  moments: Moments,
  { mean: priorMean, scale, meanCount: m, scaleCount }: NiwPrior,
): Moments {
  const { count: N, size, mean } = moments;
  const n = priorMean.length;
  const total = N + scaleCount;
  if (total === 0) return moments;
  const covariance = moments.covariance.map((x) => (N * x) / total);
  const between = N + m === 0 ? 0 : (N * m) / (N + m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const shift = between * (mean[i]! - priorMean[i]!) * (mean[j]! - priorMean[j]!);
      covariance[i * size + j]! += (scale[i * n + j]! + shift) / total;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const value = 0.5 * (covariance[i * size + j]! + covariance[j * size + i]!);
      covariance[i * size + j] = covariance[j * size + i] = value;
    }
  }
  const posteriorMean = mean.slice();
  if (N === 0) posteriorMean.set(priorMean);
  return { count: total, size, mean: posteriorMean, covariance };
}
