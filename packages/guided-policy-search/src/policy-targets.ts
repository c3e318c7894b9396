import { median } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { nuCap, type Duals } from './duals.js';
import type { GroupSamples } from './environment.js';
import { controllerMeans, precisions, type LinearGaussian } from './linear-gaussian.js';
import type { PolicyTargets } from './policy.js';

/**
 * A step's precision is capped at this multiple of the median step's, so that a nearly deterministic step
 * cannot take the whole loss.
 */
const PRECISION_CAP = 100;

/**
 * The θ-subproblem as a weighted regression. Completing the square of the paper's objective, λᵀμ + (ν/2)(μ −
 * Ks − k)ᵀG⁻¹(μ − Ks − k), gives
 *
 *     target y = K_t s + k_t − G_t λ_t / ν_t,      weight ν_t G_t⁻¹
 *
 * (The reference implementations use ν G λ as the shift, which is wrong wherever ν ≠ 1.) Where a weight is
 * capped to s ν G⁻¹, s < 1, the shift is G λ / (s ν): the cap then softens the penalty and leaves the
 * multiplier's pull, and so the point that Bregman ADMM converges to, unchanged. Where ν = 0 the target is
 * the controller's mean and the weight G⁻¹: plain imitation.
 *
 * @param cap cap the weights (see `regressionWeights`)
 */
export function policyTargets(
  engine: GpsEngine,
  samples: GroupSamples,
  controller: LinearGaussian,
  duals: Duals | undefined,
  cap = true,
): PolicyTargets {
  const { actionSize: U, horizon: T, G } = controller;
  const { rows } = samples;
  const targets = new Float64Array(T * rows * U);
  const { weights, capped } = regressionWeights(engine, controller, duals?.nu, cap);
  for (let t = 0; t < T; t++) {
    const means = targets.subarray(t * rows * U, (t + 1) * rows * U);
    controllerMeans(controller, t, rows, samples.states(t), means);
    const nu = duals?.nu[t] ?? 0;
    if (!duals || nu === 0) continue;
    for (let u = 0; u < U; u++) {
      let shift = 0;
      for (let w = 0; w < U; w++)
        shift += (G[(t * U + u) * U + w]! * duals.lambda[t * U + w]!) / (nu * capped[t]!);
      for (let r = 0; r < rows; r++) means[r * U + u]! -= shift;
    }
  }
  return {
    rows,
    rowsPerTrajectory: samples.rowsPerTrajectory,
    observations: (t) => samples.observations(t),
    targets,
    precision: weights,
  };
}

/**
 * ν_t G_t⁻¹ with both factors capped, scaled to a mean diagonal of 1 [T, U, U], and the share s ≤ 1 that the
 * caps left of each step's weight [T].
 */
export function regressionWeights(
  engine: GpsEngine,
  controller: LinearGaussian,
  nu?: Float64Array,
  cap = true,
): { readonly weights: Float64Array; readonly capped: Float64Array } {
  const { actionSize: U, horizon: T } = controller;
  const inverse = precisions(engine, controller).precision;
  const size = Float64Array.from({ length: T }, (_, t) => {
    let trace = 0;
    for (let u = 0; u < U; u++) trace += inverse[(t * U + u) * U + u]!;
    return trace / U;
  });
  const limit = PRECISION_CAP * median(size);
  const byNu = nu?.some((x) => x > 0) ? nu : new Float64Array(T).fill(1);
  const nuLimit = nuCap(byNu);
  const capped = size.map((s, t) => (!cap ? 1 : Math.min(1, limit / s) * Math.min(1, nuLimit / byNu[t]!)));
  let mean = 0;
  for (let t = 0; t < T; t++) mean += (byNu[t]! * capped[t]! * size[t]!) / T;
  return {
    weights: inverse.map((x, i) => {
      const t = Math.floor(i / (U * U));
      return (x * byNu[t]! * capped[t]!) / mean;
    }),
    capped,
  };
}

/**
 * Σ^π in closed form: the minimiser of Σ_t (ν_t/2)( tr(G_t⁻¹Σ) − ln|Σ| ) is Σ = ( Σ_t ν_t G_t⁻¹ / Σ_t ν_t )⁻¹
 * [U, U]. Equal weights where every ν is 0.
 */
export function policyCovariance(
  engine: GpsEngine,
  controller: LinearGaussian,
  nu?: Float64Array,
): Float64Array {
  const { actionSize: U, horizon: T } = controller;
  const { precision } = precisions(engine, controller);
  const weights = nu?.some((x) => x > 0) ? nu : new Float64Array(T).fill(1);
  const sum = weights.reduce((total, x) => total + x, 0);
  const G = new Float64Array(U * U);
  for (let i = 0; i < precision.length; i++)
    G[i % (U * U)]! += (weights[Math.floor(i / (U * U))]! * precision[i]!) / sum;
  return precisions(engine, { actionSize: U, horizon: 1, G }).precision;
}
