import { createKey, type Key } from '@metadescent/core';
import type { LinearDynamics } from '../dynamics.js';
import type { LinearGaussian } from '../linear-gaussian.js';
import type { QuadraticCost } from '../quadratic-cost.js';

export interface ProblemSize {
  readonly stateSize: number;
  readonly actionSize: number;
  readonly horizon: number;
}

/** Random but well-posed parts of a ψ-subproblem; the name is the seed. */
export function randomParts(name: string, size: ProblemSize) {
  const key = createKey(5).fold(name);
  return {
    dynamics: randomDynamics(key.fold('dynamics'), size),
    cost: randomCost(key.fold('cost'), size),
    previous: randomController(key.fold('previous'), size),
    model: randomController(key.fold('model'), size),
    nu: key
      .fold('nu')
      .uniform(size.horizon)
      .map((x) => 0.2 + x),
    lambda: key
      .fold('lambda')
      .normal(size.horizon * size.actionSize)
      .map((x) => 0.3 * x),
  };
}

export function randomDynamics(
  key: Key,
  { stateSize: D, actionSize: U, horizon: T }: ProblemSize,
): LinearDynamics {
  return {
    stateSize: D,
    actionSize: U,
    horizon: T,
    A: key
      .fold('A')
      .normal(T * D * D)
      .map((x) => (0.7 * x) / Math.sqrt(D)),
    B: key.fold('B').normal(T * D * U),
    c: key
      .fold('c')
      .normal(T * D)
      .map((x) => 0.2 * x),
    F: covariances(key.fold('F'), T, D, 0.05),
    initialMean: key.fold('mean').normal(D),
    initialCovariance: covariances(key.fold('covariance'), 1, D, 0.3),
  };
}

export function randomController(
  key: Key,
  { stateSize: D, actionSize: U, horizon: T }: ProblemSize,
): LinearGaussian {
  return {
    stateSize: D,
    actionSize: U,
    horizon: T,
    K: key
      .fold('K')
      .normal(T * U * D)
      .map((x) => 0.3 * x),
    k: key
      .fold('k')
      .normal(T * U)
      .map((x) => 0.3 * x),
    G: covariances(key.fold('G'), T, U, 0.5),
  };
}

export function randomCost(
  key: Key,
  { stateSize: D, actionSize: U, horizon: T }: ProblemSize,
): QuadraticCost {
  return {
    stateSize: D,
    actionSize: U,
    horizon: T,
    state: { kind: 'dense', C: covariances(key.fold('C'), T + 1, D, 1) },
    d: key
      .fold('d')
      .normal((T + 1) * D)
      .map((x) => 0.3 * x),
    h: key.fold('h').normal(T + 1),
    action: {
      R: covariances(key.fold('R'), T, U, 0.3),
      N: key
        .fold('N')
        .normal(T * U * D)
        .map((x) => 0.05 * x),
      r: key
        .fold('r')
        .normal(T * U)
        .map((x) => 0.2 * x),
    },
  };
}

/** `count` random positive-definite matrices [count, n, n]. */
export function covariances(key: Key, count: number, n: number, scale: number): Float64Array {
  const m = key.normal(count * n * n);
  const out = new Float64Array(count * n * n);
  for (let at = 0; at < out.length; at += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = i === j ? 0.2 : 0;
        for (let p = 0; p < n; p++) sum += (m[at + i * n + p]! * m[at + j * n + p]!) / n;
        out[at + i * n + j] = out[at + j * n + i] = scale * sum;
      }
    }
  }
  return out;
}
