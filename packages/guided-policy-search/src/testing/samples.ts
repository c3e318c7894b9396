import type { Key } from '@metadescent/core';
import type { LinearDynamics } from '../dynamics.js';
import type { GroupSamples } from '../environment.js';
import type { LinearGaussian } from '../linear-gaussian.js';

/**
 * Samples from arrays per step: states [T + 1][rows, D], actions [T][rows, U]; observations are the states
 * unless given.
 */
export function samplesOf(
  rows: number,
  states: readonly Float64Array[],
  actions: readonly Float64Array[],
  extra: Partial<GroupSamples> = {},
): GroupSamples {
  return {
    rows,
    rowsPerTrajectory: 1,
    states: (t) => states[t]!,
    actions: (t) => actions[t]!,
    observations: (t) => states[t]!,
    ...extra,
  };
}

/** Draws `rows` trajectories of linear-Gaussian dynamics under a linear-Gaussian controller. */
export function linearGaussianSamples(
  dynamics: LinearDynamics,
  controller: LinearGaussian,
  rows: number,
  key: Key,
): GroupSamples {
  const { stateSize: D, actionSize: U, horizon: T } = dynamics;
  const draw = (name: string, t: number, mean: Float64Array, covariance: Float64Array, n: number) => {
    const factor = lowerFactor(n, covariance);
    const noise = key
      .fold(name)
      .fold(t)
      .normal(rows * n);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) mean[r * n + i]! += factor[i * n + j]! * noise[r * n + j]!;
    return mean;
  };
  const first = Float64Array.from({ length: rows * D }, (_, i) => dynamics.initialMean[i % D]!);
  const states = [draw('initial', 0, first, dynamics.initialCovariance, D)];
  const actions: Float64Array[] = [];
  for (let t = 0; t < T; t++) {
    const s = states[t]!;
    const a = new Float64Array(rows * U);
    const next = new Float64Array(rows * D);
    for (let r = 0; r < rows; r++) {
      for (let u = 0; u < U; u++) {
        a[r * U + u] = controller.k[t * U + u]!;
        for (let i = 0; i < D; i++) a[r * U + u]! += controller.K[(t * U + u) * D + i]! * s[r * D + i]!;
      }
    }
    draw('action', t, a, controller.G.subarray(t * U * U, (t + 1) * U * U), U);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < D; i++) {
        let value = dynamics.c[t * D + i]!;
        for (let j = 0; j < D; j++) value += dynamics.A[(t * D + i) * D + j]! * s[r * D + j]!;
        for (let u = 0; u < U; u++) value += dynamics.B[(t * D + i) * U + u]! * a[r * U + u]!;
        next[r * D + i] = value;
      }
    }
    actions.push(a);
    states.push(draw('step', t, next, dynamics.F.subarray(t * D * D, (t + 1) * D * D), D));
  }
  return samplesOf(rows, states, actions);
}

function lowerFactor(n: number, covariance: Float64Array): Float64Array {
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * n + j]!;
      for (let p = 0; p < j; p++) sum -= L[i * n + p]! * L[j * n + p]!;
      L[i * n + j] = i === j ? Math.sqrt(Math.max(0, sum)) : L[j * n + j]! > 0 ? sum / L[j * n + j]! : 0;
    }
  }
  return L;
}
