import { checkArgument } from '@metadescent/core';
import { choleskyWithJitter } from './cholesky.js';
import type { CostContext, CostExpansion } from './cost-expansion.js';
import { poolMoments, type Moments } from './moments.js';

export interface RankOneCostOptions {
  /**
   * κ > 0: curvature of the objective per coordinate, one number, or one per step [T + 1] measured on the
   * samples (see `secantCurvature`). Default 1.
   */
  readonly kappa?: number | ((context: CostContext) => Float64Array);
  /** w: weight of the cost, e.g. the number of coordinates, one per group. Default 1. */
  readonly weight?: number | readonly number[];
  /** Ridge of the regression per sample, in standardised units. Default 1e-3. */
  readonly ridge?: number;
  /** Multiplies the ridge per column [D] (see `DynamicsStructure.ridgeFactors`). */
  readonly ridgeFactors?: readonly number[];
  /** State dimensions left out of the regression. */
  readonly excludedColumns?: readonly number[];
  /** Temporal pooling, as in the dynamics fit. Default 1. */
  readonly window?: number;
  /** Which of the samples' signals is the gradient. Default 0. */
  readonly signal?: number;
}

/**
 * The rank-one, positive-semidefinite cost for controllers that are shared by many coordinates. The true
 * gradient g* of the objective is regressed on the state, g* ≈ r_tᵀs + b_t, and
 *
 *     c̃_t(s) = (w / 2κ) (r_tᵀs + b_t)²,      C_t = (w/κ) r rᵀ,   d_t = (w/κ) b r
 *
 * The local separable model of an objective is f_min + (κ/2)(x − x*)² = f_min + g²/2κ. Its minimiser x*
 * differs from coordinate to coordinate and cannot be shared, but the gradient is (noisily) part of the
 * state, so this form can. Averaging exact gradients and curvatures over a group instead (the literal reading
 * of Li & Malik 2017, §3.4–3.5) leaves d ≈ 0 and drives all coordinates to one common point.
 *
 * It needs the environment's samples to carry signals.
 */
export function rankOneCost(options: RankOneCostOptions = {}): CostExpansion {
  checkArgument('rankOneCost', 'the options', options, [], 'pass { ridge, window, signal }, or nothing');
  const { ridge = 1e-3, window = 1, signal = 0, excludedColumns = [], ridgeFactors } = options;
  return (context) => {
    const { engine, group, horizon: T, stateSize: D, actionSize: U, moments, scales } = context;
    if (signal >= moments.signalCount) {
      throw new RangeError(
        `rankOneCost: needs signal ${signal} (the true gradient), but the samples of group ${group} carry ${moments.signalCount}; give them signals(t) and signalCount`,
      );
    }
    const columns = Array.from({ length: D }, (_, i) => i).filter((i) => !excludedColumns.includes(i));
    const n = columns.length;
    const kappa =
      typeof options.kappa === 'function'
        ? options.kappa(context)
        : new Float64Array(T + 1).fill(options.kappa ?? 1);
    const w = typeof options.weight === 'object' ? options.weight[group]! : (options.weight ?? 1);
    const factor = new Float64Array((T + 1) * D);
    const weight = new Float64Array(T + 1);
    const d = new Float64Array((T + 1) * D);
    const h = new Float64Array(T + 1);
    const regress = ({ size, mean, covariance }: Moments, signalStart: number, t: number) => {
      const target = signalStart + signal;
      const gram = new Float64Array(n * n);
      const r = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) gram[i * n + j] = covariance[columns[i]! * size + columns[j]!]!;
        gram[i * n + i]! += ridge * scales[columns[i]!]! ** 2 * (ridgeFactors?.[columns[i]!] ?? 1);
        r[i] = covariance[columns[i]! * size + target]!;
      }
      engine.choleskySolve(n, choleskyWithJitter(engine, n, gram).factor, 1, r);
      let b = mean[target]!;
      for (let i = 0; i < n; i++) b -= r[i]! * mean[columns[i]!]!;
      weight[t] = w / kappa[t]!;
      h[t] = 0.5 * weight[t]! * b * b;
      for (let i = 0; i < n; i++) {
        factor[t * D + columns[i]!] = r[i]!;
        d[t * D + columns[i]!] = weight[t]! * b * r[i]!;
      }
    };
    poolMoments(moments.steps, window).forEach((step, t) => regress(step, 2 * D + U, t));
    regress(moments.terminal, D, T);
    return {
      stateSize: D,
      actionSize: U,
      horizon: T,
      state: { kind: 'factors', rank: 1, factor, weight },
      d,
      h,
    };
  };
}

/**
 * Secant curvature along the directions that were really taken, κ = Σ (g' − g)(x' − x) / Σ (x' − x)², over
 * coordinates and trajectories: for a quadratic objective exactly the Rayleigh quotient of its Hessian. 0
 * where nothing moved.
 */
export function secantCurvature(
  x: ArrayLike<number>,
  nextX: ArrayLike<number>,
  gradient: ArrayLike<number>,
  nextGradient: ArrayLike<number>,
): number {
  let product = 0;
  let square = 0;
  for (let i = 0; i < x.length; i++) {
    const step = nextX[i]! - x[i]!;
    product += step * (nextGradient[i]! - gradient[i]!);
    square += step * step;
  }
  return square > 0 ? product / square : 0;
}
