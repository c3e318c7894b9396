import { UserError } from '@metadescent/core';
import type { Matrix } from 'ml-matrix';
import { copyMatrix, toMatrix } from './linear-gaussian.js';

/**
 * Time-varying linear-Gaussian dynamics s_{t+1} = A_t s + B_t a + c_t + N(0, F_t) from s_0 ~ N(μ_0, Σ_0) (Li
 * & Malik 2017, §3.4).
 */
export interface LinearDynamics {
  readonly stateSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  /** [T, D, D] */
  readonly A: Float64Array;
  /** [T, D, U] */
  readonly B: Float64Array;
  /** [T, D] */
  readonly c: Float64Array;
  /** Symmetric positive semidefinite [T, D, D] */
  readonly F: Float64Array;
  /** The rows of B that may be non-zero, ascending; all of them if absent. */
  readonly actionRows?: readonly number[];
  /** [D] */
  readonly initialMean: Float64Array;
  /** [D, D] */
  readonly initialCovariance: Float64Array;
}

/** One step of dynamics as matrices: A [D, D], B [D, U], c [D, 1], F [D, D]. */
export interface DynamicsMatrices {
  readonly A: Matrix;
  readonly B: Matrix;
  readonly c: Matrix;
  readonly F: Matrix;
}

/**
 * Dynamics from one record of matrices per time step and the initial distribution.
 *
 * @param initial mean [D, 1] and covariance [D, D]
 * @throws UserError if there is no step or the shapes differ.
 */
export function dynamicsFromMatrices(
  steps: readonly DynamicsMatrices[],
  initial: { readonly mean: Matrix; readonly covariance: Matrix },
): LinearDynamics {
  const first = steps[0];
  if (!first) throw new UserError('dynamicsFromMatrices: needs at least one time step, but got none');
  const D = first.A.rows;
  const U = first.B.columns;
  const T = steps.length;
  const dynamics = {
    stateSize: D,
    actionSize: U,
    horizon: T,
    A: new Float64Array(T * D * D),
    B: new Float64Array(T * D * U),
    c: new Float64Array(T * D),
    F: new Float64Array(T * D * D),
    initialMean: new Float64Array(D),
    initialCovariance: new Float64Array(D * D),
  };
  steps.forEach((step, t) => {
    copyMatrix(`dynamicsFromMatrices: A at t = ${t}`, step.A, D, D, dynamics.A, t * D * D);
    copyMatrix(`dynamicsFromMatrices: B at t = ${t}`, step.B, D, U, dynamics.B, t * D * U);
    copyMatrix(`dynamicsFromMatrices: c at t = ${t}`, step.c, D, 1, dynamics.c, t * D);
    copyMatrix(`dynamicsFromMatrices: F at t = ${t}`, step.F, D, D, dynamics.F, t * D * D);
  });
  copyMatrix('dynamicsFromMatrices: initial.mean', initial.mean, D, 1, dynamics.initialMean, 0);
  copyMatrix(
    'dynamicsFromMatrices: initial.covariance',
    initial.covariance,
    D,
    D,
    dynamics.initialCovariance,
    0,
  );
  return dynamics;
}

/** Step t of dynamics as matrices (copies). */
export function dynamicsMatrices(
  { stateSize: D, actionSize: U, horizon, A, B, c, F }: LinearDynamics,
  t: number,
): DynamicsMatrices {
  if (!Number.isInteger(t) || t < 0 || t >= horizon)
    throw new RangeError(`dynamicsMatrices: t must be an integer in [0, ${horizon}), but is ${t}`);
  return {
    A: toMatrix(A, t * D * D, D, D),
    B: toMatrix(B, t * D * U, D, U),
    c: toMatrix(c, t * D, D, 1),
    F: toMatrix(F, t * D * D, D, D),
  };
}
