import { UserError } from '@metadescent/core';
import type { Matrix } from 'ml-matrix';
import { copyMatrix } from './linear-gaussian.js';

/**
 * Quadratic costs c̃_t(s) = ½ sᵀC_t s + d_tᵀs + h_t, t = 0 … T (Li & Malik 2017, §3.4; the terminal state is
 * costed, too), and optionally ½ aᵀR_t a + aᵀN_t s + r_tᵀa, t = 0 … T − 1, which the paper's setting does not
 * need.
 */
export interface QuadraticCost {
  readonly stateSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  /**
   * `dense`: C [T + 1, D, D]. `factors`: C_t = Σ_i w_ti r_ti r_tiᵀ with r [T + 1, rank, D] and w [T + 1,
   * rank]: cheaper, and positive semidefinite where w ≥ 0.
   */
  readonly state:
    | { readonly kind: 'dense'; readonly C: Float64Array }
    | {
        readonly kind: 'factors';
        readonly rank: number;
        readonly factor: Float64Array;
        readonly weight: Float64Array;
      };
  /** [T + 1, D] */
  readonly d: Float64Array;
  /** [T + 1] */
  readonly h: Float64Array;
  /** R [T, U, U] symmetric, N [T, U, D], r [T, U] */
  readonly action?: { readonly R: Float64Array; readonly N: Float64Array; readonly r: Float64Array };
}

/** Matrices of one step of a cost. All but C are zero if absent; R, N and r are not allowed at the terminal step. */
export interface CostMatrices {
  /** [D, D] */
  readonly C: Matrix;
  /** [D, 1] */
  readonly d?: Matrix;
  readonly h?: number;
  /** [U, U] */
  readonly R?: Matrix;
  /** [U, D] */
  readonly N?: Matrix;
  /** [U, 1] */
  readonly r?: Matrix;
}

/**
 * A cost from one record of matrices per time step, T + 1 of them.
 *
 * @throws UserError if there are fewer than two steps or the shapes differ.
 */
export function costFromMatrices(steps: readonly CostMatrices[], actionSize: number): QuadraticCost {
  if (steps.length < 2)
    throw new UserError(`costFromMatrices: needs T + 1 steps with T at least 1, but got ${steps.length}`);
  const D = steps[0]!.C.rows;
  const U = actionSize;
  const T = steps.length - 1;
  const C = new Float64Array((T + 1) * D * D);
  const d = new Float64Array((T + 1) * D);
  const h = new Float64Array(T + 1);
  const action = {
    R: new Float64Array(T * U * U),
    N: new Float64Array(T * U * D),
    r: new Float64Array(T * U),
  };
  steps.forEach((step, t) => {
    copyMatrix(`costFromMatrices: C at t = ${t}`, step.C, D, D, C, t * D * D);
    if (step.d) copyMatrix(`costFromMatrices: d at t = ${t}`, step.d, D, 1, d, t * D);
    h[t] = step.h ?? 0;
    const { R, N, r } = step;
    if (!R && !N && !r) return;
    if (t === T)
      throw new UserError(
        `costFromMatrices: the terminal step ${T} has no action, but R, N or r is given; leave them out`,
      );
    if (R) copyMatrix(`costFromMatrices: R at t = ${t}`, R, U, U, action.R, t * U * U);
    if (N) copyMatrix(`costFromMatrices: N at t = ${t}`, N, U, D, action.N, t * U * D);
    if (r) copyMatrix(`costFromMatrices: r at t = ${t}`, r, U, 1, action.r, t * U);
  });
  const hasAction = steps.some(({ R, N, r }) => R || N || r);
  return {
    stateSize: D,
    actionSize: U,
    horizon: T,
    state: { kind: 'dense', C },
    d,
    h,
    ...(hasAction && { action }),
  };
}

/** C_t as a dense matrix [D, D] (a copy). */
export function stateCostAt({ stateSize: D, state }: QuadraticCost, t: number): Float64Array {
  if (state.kind === 'dense') return state.C.slice(t * D * D, (t + 1) * D * D);
  const C = new Float64Array(D * D);
  for (let q = 0; q < state.rank; q++) {
    const at = (t * state.rank + q) * D;
    const w = state.weight[t * state.rank + q]!;
    for (let i = 0; i < D; i++)
      for (let j = 0; j < D; j++) C[i * D + j]! += w * (state.factor[at + i]! * state.factor[at + j]!);
  }
  return C;
}

/** c̃_t at a state [D] and, where there is one, an action [U]. */
export function evaluateCost(
  cost: QuadraticCost,
  t: number,
  state: ArrayLike<number>,
  action?: ArrayLike<number>,
): number {
  const { stateSize: D, actionSize: U } = cost;
  const C = stateCostAt(cost, t);
  let value = cost.h[t]!;
  for (let i = 0; i < D; i++) {
    value += cost.d[t * D + i]! * state[i]!;
    for (let j = 0; j < D; j++) value += 0.5 * C[i * D + j]! * state[i]! * state[j]!;
  }
  if (!action || !cost.action) return value;
  const { R, N, r } = cost.action;
  for (let u = 0; u < U; u++) {
    let inner = r[t * U + u]!;
    for (let w = 0; w < U; w++) inner += 0.5 * R[(t * U + u) * U + w]! * action[w]!;
    for (let i = 0; i < D; i++) inner += N[(t * U + u) * D + i]! * state[i]!;
    value += action[u]! * inner;
  }
  return value;
}
