import type { GpsEngine } from '@metadescent/kernels/gps';
import { choleskyWithJitter } from './cholesky.js';
import type { GroupSamples } from './environment.js';
import { precisions, type LinearGaussian } from './linear-gaussian.js';
import type { Moments } from './moments.js';
import { symmetrise } from './symmetric.js';

/**
 * Second moments of the policy's means with the sampled states: all that the linear model and the dual steps
 * need.
 */
export interface PolicyMoments {
  /** E[μ_π] [T, U] */
  readonly mean: Float64Array;
  /** cov(s, μ_π) [T, D, U] */
  readonly cross: Float64Array;
  /** cov(μ_π) [T, U, U] */
  readonly covariance: Float64Array;
}

/**
 * @param means μ_π along the sampled trajectories [T, rows, U]
 * @param steps moments of the same samples, whose first D columns are the state
 */
export function policyMoments(
  engine: GpsEngine,
  samples: GroupSamples,
  means: Float64Array,
  steps: readonly Moments[],
  D: number,
  U: number,
): PolicyMoments {
  const T = steps.length;
  const { rows } = samples;
  const result = {
    mean: new Float64Array(T * U),
    cross: new Float64Array(T * D * U),
    covariance: new Float64Array(T * U * U),
  };
  const centred = new Float64Array(rows * U);
  const states = new Float64Array(rows * D);
  for (let t = 0; t < T; t++) {
    const at = t * rows * U;
    for (let u = 0; u < U; u++) {
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += means[at + r * U + u]!;
      result.mean[t * U + u] = sum / rows;
    }
    for (let i = 0; i < rows * U; i++) centred[i] = means[at + i]! - result.mean[t * U + (i % U)]!;
    const raw = samples.states(t);
    for (let i = 0; i < rows * D; i++) states[i] = raw[i]! - steps[t]!.mean[i % D]!;
    engine.gemm({
      m: D,
      n: U,
      k: rows,
      a: states,
      b: centred,
      c: result.cross.subarray(t * D * U, (t + 1) * D * U),
      transposeA: true,
      alpha: 1 / rows,
    });
    engine.syrk({
      rows,
      n: U,
      a: centred,
      c: result.covariance.subarray(t * U * U, (t + 1) * U * U),
      alpha: 1 / rows,
    });
  }
  return result;
}

/**
 * π̃: the linear-Gaussian model of the policy, by ridge regression of its means on the states per step. Its
 * covariance is the residual plus the policy's own Σ^π: a policy with memory is no function of the state, and
 * leaving the residual out would make the KL term falsely stiff.
 *
 * @param policyCovariance Σ^π [U, U]
 * @param scales σ of the states [D]
 * @param ridge per sample, in standardised units
 */
export function linearisePolicy(
  engine: GpsEngine,
  moments: PolicyMoments,
  steps: readonly Moments[],
  policyCovariance: Float64Array,
  scales: Float64Array,
  ridge: number,
): LinearGaussian {
  const D = scales.length;
  const T = steps.length;
  const U = moments.mean.length / T;
  const model = {
    stateSize: D,
    actionSize: U,
    horizon: T,
    K: new Float64Array(T * U * D),
    k: moments.mean.slice(),
    G: new Float64Array(T * U * U),
  };
  for (let t = 0; t < T; t++) {
    const { size, mean, covariance } = steps[t]!;
    const gram = new Float64Array(D * D);
    for (let i = 0; i < D; i++) {
      for (let j = 0; j < D; j++) gram[i * D + j] = covariance[i * size + j]!;
      gram[i * D + i]! += ridge * scales[i]! ** 2;
    }
    const W = moments.cross.slice(t * D * U, (t + 1) * D * U);
    engine.choleskySolve(D, choleskyWithJitter(engine, D, gram).factor, U, W);
    for (let u = 0; u < U; u++) {
      for (let i = 0; i < D; i++) {
        model.K[(t * U + u) * D + i] = W[i * U + u]!;
        model.k[t * U + u]! -= W[i * U + u]! * mean[i]!;
      }
    }
    const residual = meanSquaredGap(model, moments, steps[t]!, t);
    const G = model.G.subarray(t * U * U, (t + 1) * U * U);
    for (let i = 0; i < U * U; i++) G[i] = residual[i]! + policyCovariance[i]!;
    symmetrise(U, G);
  }
  return model;
}

/** E[(μ_π − K s − k)(μ_π − K s − k)ᵀ] over the samples of step t, from moments [U, U]. */
export function meanSquaredGap(
  { stateSize: D, actionSize: U, K, k }: LinearGaussian,
  moments: PolicyMoments,
  { size, mean, covariance }: Moments,
  t: number,
): Float64Array {
  const gap = new Float64Array(U);
  const KS = new Float64Array(U * D);
  for (let u = 0; u < U; u++) {
    gap[u] = moments.mean[t * U + u]! - k[t * U + u]!;
    for (let i = 0; i < D; i++) {
      gap[u]! -= K[(t * U + u) * D + i]! * mean[i]!;
      for (let j = 0; j < D; j++) KS[u * D + i]! += K[(t * U + u) * D + j]! * covariance[j * size + i]!;
    }
  }
  const out = new Float64Array(U * U);
  for (let u = 0; u < U; u++) {
    for (let w = 0; w < U; w++) {
      let value = moments.covariance[(t * U + u) * U + w]! + gap[u]! * gap[w]!;
      for (let i = 0; i < D; i++) {
        value -=
          K[(t * U + u) * D + i]! * moments.cross[(t * D + i) * U + w]! +
          K[(t * U + w) * D + i]! * moments.cross[(t * D + i) * U + u]!;
        value += KS[u * D + i]! * K[(t * U + w) * D + i]!;
      }
      out[u * U + w] = value;
    }
  }
  // Cancellation can leave a perfect fit slightly negative.
  for (let u = 0; u < U; u++) out[u * U + u] = Math.max(0, out[u * U + u]!);
  return out;
}

/** E[μ_π] − E[μ_ψ] over the sampled states [T, U]. */
export function meanGap(
  { stateSize: D, actionSize: U, K, k }: LinearGaussian,
  moments: PolicyMoments,
  steps: readonly Moments[],
): Float64Array {
  return moments.mean.map((mean, at) => {
    const t = Math.floor(at / U);
    let gap = mean - k[at]!;
    for (let i = 0; i < D; i++) gap -= K[at * D + i]! * steps[t]!.mean[i]!;
    return gap;
  });
}

/** Mean over the samples of KL(ψ ‖ π) per step, π = N(μ_π, Σ^π) [T]. */
export function sampledPolicyKl(
  engine: GpsEngine,
  controller: LinearGaussian,
  moments: PolicyMoments,
  steps: readonly Moments[],
  policyCovariance: Float64Array,
): Float64Array {
  const { actionSize: U, horizon: T, G } = controller;
  const own = precisions(engine, controller);
  const policy = precisions(engine, { actionSize: U, horizon: 1, G: policyCovariance });
  return Float64Array.from({ length: T }, (_, t) => {
    const gap = meanSquaredGap(controller, moments, steps[t]!, t);
    let sum = policy.logDeterminant[0]! - own.logDeterminant[t]! - U;
    for (let i = 0; i < U * U; i++) sum += policy.precision[i]! * (G[t * U * U + i]! + gap[i]!);
    return Math.max(0, 0.5 * sum);
  });
}
