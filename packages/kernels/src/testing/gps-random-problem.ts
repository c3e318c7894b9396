import { createKey, type Key } from '@metadescent/core';
import type {
  ActionPenalty,
  LqgController,
  LqgMoments,
  LqgProblem,
  LqgShape,
  LqgValues,
} from '../gps/gps-engine.js';

export interface RandomLqgOptions {
  /** Rows of B that may be non-zero; default all. */
  readonly actionRows?: readonly number[];
  /** Add action costs. Default true. */
  readonly action?: boolean;
  /** Add the policy penalty. Default true. */
  readonly policy?: boolean;
}

/**
 * A well-posed random LQG problem; `name` is the seed. Rows of B outside `actionRows` hold NaN, to show that
 * they are not read.
 */
export function randomLqgProblem(
  name: string,
  shape: LqgShape,
  { actionRows, action = true, policy = true }: RandomLqgOptions = {},
): LqgProblem {
  const { stateSize: D, actionSize: U, horizon: T, costRank } = shape;
  const key = createKey(3).fold(name);
  const normal = (what: string, n: number, scale = 1) =>
    key
      .fold(what)
      .normal(n)
      .map((x) => x * scale);
  const B = normal('B', T * D * U);
  if (actionRows) {
    for (let i = 0; i < B.length; i++) if (!actionRows.includes(Math.floor(i / U) % D)) B[i] = NaN;
  }
  const A = normal('A', T * D * D, 0.6 / Math.sqrt(D));
  const penalty = (what: string, scale: number): ActionPenalty => ({
    K: normal(`${what} K`, T * U * D, 0.3),
    k: normal(`${what} k`, T * U, 0.3),
    precision: positiveDefinite(key.fold(`${what} P`), T, U, scale),
  });
  return {
    A,
    B,
    c: normal('c', T * D, 0.3),
    F: positiveDefinite(key.fold('F'), T, D, 0.05),
    ...(actionRows && { actionRows }),
    initialMean: normal('mean', D),
    initialCovariance: positiveDefinite(key.fold('covariance'), 1, D, 0.5),
    cost:
      costRank === 'dense'
        ? { C: positiveDefinite(key.fold('C'), T + 1, D, 1) }
        : {
            factor: normal('factor', (T + 1) * costRank * D),
            weight: key
              .fold('weight')
              .uniform((T + 1) * costRank)
              .map((x) => x + 0.2),
          },
    d: normal('d', (T + 1) * D, 0.5),
    h: normal('h', T + 1),
    ...(action && {
      action: {
        R: positiveDefinite(key.fold('R'), T, U, 0.3),
        N: normal('N', T * U * D, 0.05),
        r: normal('r', T * U, 0.3),
      },
    }),
    previous: penalty('previous', 1),
    ...(policy && { policy: penalty('policy', 0.5) }),
    entropyWeight: key
      .fold('entropy')
      .uniform(T)
      .map((x) => x + 0.1),
  };
}

/** `count` matrices scale · (MMᵀ/n + 0.1 I) [count, n, n]. */
export function positiveDefinite(key: Key, count: number, n: number, scale: number): Float64Array {
  const m = key.normal(count * n * n);
  const out = new Float64Array(count * n * n);
  for (let at = 0; at < out.length; at += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = i === j ? 0.1 : 0;
        for (let p = 0; p < n; p++) sum += (m[at + i * n + p]! * m[at + j * n + p]!) / n;
        out[at + i * n + j] = scale * sum;
      }
    }
  }
  return out;
}

export function emptyController({ stateSize: D, actionSize: U, horizon: T }: LqgShape): LqgController {
  return { K: new Float64Array(T * U * D), k: new Float64Array(T * U), G: new Float64Array(T * U * U) };
}

export function emptyValues({ stateSize: D, horizon: T }: LqgShape): LqgValues {
  return { V: new Float64Array((T + 1) * D * D), v: new Float64Array((T + 1) * D) };
}

export function emptyMoments({ stateSize: D, horizon: T }: LqgShape): LqgMoments {
  return {
    cost: new Float64Array(T + 1),
    previous: new Float64Array(T),
    policy: new Float64Array(T),
    mean: new Float64Array((T + 1) * D),
    finalCovariance: new Float64Array(D * D),
  };
}
