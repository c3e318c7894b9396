import { UserError } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { Matrix } from 'ml-matrix';
import { clampEigenvalues } from './symmetric.js';

/**
 * A time-varying linear-Gaussian controller ψ_t(a | s) = N(K_t s + k_t, G_t) (Li & Malik 2017, §3.4), t = 0 …
 * T − 1. The linear-Gaussian model of a policy has the same form.
 */
export interface LinearGaussian {
  /** D */
  readonly stateSize: number;
  /** U */
  readonly actionSize: number;
  /** T */
  readonly horizon: number;
  /** Feedback gains [T, U, D] */
  readonly K: Float64Array;
  /** Feed-forward actions [T, U] */
  readonly k: Float64Array;
  /** Covariances, not standard deviations [T, U, U] */
  readonly G: Float64Array;
}

/** One step of a controller as matrices: K [U, D], k [U, 1], G [U, U]. */
export interface LinearGaussianMatrices {
  readonly K: Matrix;
  readonly k: Matrix;
  readonly G: Matrix;
}

/**
 * A controller of zero gains that draws its actions from N(0, variance · I).
 *
 * @param variance one number, or one per action [U]
 */
export function zeroController(
  { stateSize, actionSize, horizon }: Pick<LinearGaussian, 'stateSize' | 'actionSize' | 'horizon'>,
  variance: number | readonly number[],
): LinearGaussian {
  const G = new Float64Array(horizon * actionSize * actionSize);
  for (let t = 0; t < horizon; t++) {
    for (let u = 0; u < actionSize; u++) {
      const value = typeof variance === 'number' ? variance : variance[u];
      if (!(value! > 0 && value! < Infinity)) {
        throw new UserError(
          `zeroController: the variance of action ${u} must be positive and finite, but is ${value}`,
        );
      }
      G[(t * actionSize + u) * actionSize + u] = value!;
    }
  }
  return {
    stateSize,
    actionSize,
    horizon,
    K: new Float64Array(horizon * actionSize * stateSize),
    k: new Float64Array(horizon * actionSize),
    G,
  };
}

/**
 * A controller from one record of matrices per time step.
 *
 * @throws UserError if there is no step or the shapes differ.
 * @example
 * controllerFromMatrices([{ K: new Matrix([[1, 2]]), k: new Matrix([[3]]), G: new Matrix([[1]]) }]).stateSize // => 2
 */
export function controllerFromMatrices(steps: readonly LinearGaussianMatrices[]): LinearGaussian {
  const first = steps[0];
  if (!first) throw new UserError('controllerFromMatrices: needs at least one time step, but got none');
  const { rows: actionSize, columns: stateSize } = first.K;
  const horizon = steps.length;
  const K = new Float64Array(horizon * actionSize * stateSize);
  const k = new Float64Array(horizon * actionSize);
  const G = new Float64Array(horizon * actionSize * actionSize);
  steps.forEach((step, t) => {
    copyMatrix(
      `controllerFromMatrices: K at t = ${t}`,
      step.K,
      actionSize,
      stateSize,
      K,
      t * actionSize * stateSize,
    );
    copyMatrix(`controllerFromMatrices: k at t = ${t}`, step.k, actionSize, 1, k, t * actionSize);
    copyMatrix(
      `controllerFromMatrices: G at t = ${t}`,
      step.G,
      actionSize,
      actionSize,
      G,
      t * actionSize * actionSize,
    );
  });
  return { stateSize, actionSize, horizon, K, k, G };
}

/** Step t of a controller as matrices (copies). */
export function controllerMatrices(
  { stateSize, actionSize, horizon, K, k, G }: LinearGaussian,
  t: number,
): LinearGaussianMatrices {
  if (!Number.isInteger(t) || t < 0 || t >= horizon)
    throw new RangeError(`controllerMatrices: t must be an integer in [0, ${horizon}), but is ${t}`);
  return {
    K: toMatrix(K, t * actionSize * stateSize, actionSize, stateSize),
    k: toMatrix(k, t * actionSize, actionSize, 1),
    G: toMatrix(G, t * actionSize * actionSize, actionSize, actionSize),
  };
}

/** The [rows, columns] block of a flat array that starts at `start`, as a Matrix (a copy). */
export function toMatrix(values: Float64Array, start: number, rows: number, columns: number): Matrix {
  return Matrix.from1DArray(rows, columns, Array.from(values.subarray(start, start + rows * columns)));
}

/** Writes a Matrix into a flat array; `what` names it in the error where its shape is not [rows, columns]. */
export function copyMatrix(
  what: string,
  matrix: Matrix,
  rows: number,
  columns: number,
  out: Float64Array,
  start: number,
): void {
  if (matrix.rows !== rows || matrix.columns !== columns) {
    throw new UserError(`${what} must be [${rows}, ${columns}], but is [${matrix.rows}, ${matrix.columns}]`);
  }
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[start + i * columns + j] = matrix.get(i, j);
}

/** Inverses and log-determinants of a controller's covariances. */
export interface Precisions {
  /** G_t⁻¹ [T, U, U] */
  readonly precision: Float64Array;
  /** ln |G_t| [T] */
  readonly logDeterminant: Float64Array;
}

/** @throws RangeError if some G_t is not positive definite. */
export function precisions(
  engine: GpsEngine,
  { actionSize: U, horizon: T, G }: Pick<LinearGaussian, 'actionSize' | 'horizon' | 'G'>,
): Precisions {
  const precision = new Float64Array(T * U * U);
  const logDeterminant = new Float64Array(T);
  const factor = new Float64Array(U * U);
  for (let t = 0; t < T; t++) {
    const Gt = G.subarray(t * U * U, (t + 1) * U * U);
    if (engine.cholesky(U, Gt, factor) !== 0) {
      throw new RangeError(
        `precisions: the covariance at t = ${t} is not positive definite (diagonal starts ${Gt[0]}); give every action a positive variance`,
      );
    }
    const inverse = precision.subarray(t * U * U, (t + 1) * U * U);
    for (let u = 0; u < U; u++) {
      inverse[u * U + u] = 1;
      logDeterminant[t]! += 2 * Math.log(factor[u * U + u]!);
    }
    engine.choleskySolve(U, factor, U, inverse);
    for (let i = 0; i < U; i++) {
      for (let j = 0; j < i; j++) {
        const value = 0.5 * (inverse[i * U + j]! + inverse[j * U + i]!);
        inverse[i * U + j] = value;
        inverse[j * U + i] = value;
      }
    }
  }
  return { precision, logDeterminant };
}

/** Mean differential entropy per step in nats: mean_t ½ ln((2πe)^U |G_t|). */
export function meanEntropy(engine: GpsEngine, controller: LinearGaussian): number {
  const { logDeterminant } = precisions(engine, controller);
  let sum = 0;
  for (const value of logDeterminant) sum += value;
  return 0.5 * (sum / controller.horizon + controller.actionSize * Math.log(2 * Math.PI * Math.E));
}

/**
 * The controller a `fraction` of the way from one to another: gains and offsets move on straight lines,
 * covariances too (which keeps them positive definite).
 */
export function interpolateControllers(
  from: LinearGaussian,
  to: LinearGaussian,
  fraction: number,
): LinearGaussian {
  const mix = (a: Float64Array, b: Float64Array) => a.map((x, i) => x + fraction * (b[i]! - x));
  return { ...from, K: mix(from.K, to.K), k: mix(from.k, to.k), G: mix(from.G, to.G) };
}

/**
 * Keeps every eigenvalue of G_t in [floor_t, cap_t]: exploration that vanishes leaves B unidentified and
 * linearisations ill-posed; exploration that explodes leaves the region where they hold.
 *
 * @param floor variances [T]
 * @param cap variances [T]
 */
export function clampCovariances(
  controller: LinearGaussian,
  floor: ArrayLike<number>,
  cap: ArrayLike<number>,
): LinearGaussian {
  const { actionSize: U, horizon: T } = controller;
  const G = controller.G.slice();
  for (let t = 0; t < T; t++) clampEigenvalues(U, G.subarray(t * U * U, (t + 1) * U * U), floor[t]!, cap[t]!);
  return { ...controller, G };
}

/** K_t s + k_t for many states: states [rows, D] → means [rows, U]. */
export function controllerMeans(
  controller: LinearGaussian,
  t: number,
  rows: number,
  states: Float64Array,
  means: Float64Array,
): void {
  const { stateSize: D, actionSize: U, K, k } = controller;
  for (let r = 0; r < rows; r++) {
    for (let u = 0; u < U; u++) {
      let sum = k[t * U + u]!;
      for (let i = 0; i < D; i++) sum += K[(t * U + u) * D + i]! * states[r * D + i]!;
      means[r * U + u] = sum;
    }
  }
}
