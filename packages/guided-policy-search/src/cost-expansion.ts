import { checkArgument } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { choleskyWithJitter } from './cholesky.js';
import type { GroupSamples } from './environment.js';
import type { GroupMoments } from './moments.js';
import type { QuadraticCost } from './quadratic-cost.js';
import { clampEigenvalues, symmetrise } from './symmetric.js';

/** What a cost expansion may look at. */
export interface CostContext {
  readonly engine: GpsEngine;
  readonly group: number;
  readonly horizon: number;
  readonly stateSize: number;
  readonly actionSize: number;
  readonly samples: GroupSamples;
  /**
   * The group's cost per trajectory and step, the joint one where the group has no share of its own
   * [trajectories, T + 1]
   */
  readonly costs: Float64Array;
  readonly moments: GroupMoments;
  /** σ of the states [D] */
  readonly scales: Float64Array;
}

/** A strategy: the quadratic cost of one group around its samples, in the environment's units. */
export type CostExpansion = (context: CostContext) => QuadraticCost;

/** The user knows the quadratic cost: the same one for every iteration and group. */
export function givenCost(cost: QuadraticCost): CostExpansion {
  return () => cost;
}

/** Second-order expansion of a cost at one state and action. Absent parts are zero. */
export interface CostDerivatives {
  readonly value: number;
  /** ∂c/∂s [D] */
  readonly state: ArrayLike<number>;
  /** ∂²c/∂s² [D, D] */
  readonly stateState: ArrayLike<number>;
  /** ∂c/∂a [U] */
  readonly action?: ArrayLike<number>;
  /** ∂²c/∂a² [U, U] */
  readonly actionAction?: ArrayLike<number>;
  /** ∂²c/∂a∂s [U, D] */
  readonly actionState?: ArrayLike<number>;
}

/**
 * The user gives derivatives: the cost is expanded at every sample, re-centred and averaged (as the reference
 * implementations of guided policy search do). Negative curvature of the averaged Hessian of (s, a) is
 * clipped to zero.
 *
 * @param derivatives called with an action for t < T, without for t = T
 */
export function taylorCost(
  derivatives: (t: number, state: Float64Array, action: Float64Array | undefined) => CostDerivatives,
): CostExpansion {
  return ({ samples, horizon: T, stateSize: D, actionSize: U }) => {
    const n = D + U;
    return fromJointQuadratics(T, D, U, (t) => {
      const joint = { H: new Float64Array(n * n), g: new Float64Array(n), c: 0 };
      const states = samples.states(t);
      const actions = t < T ? samples.actions(t) : undefined;
      const share = 1 / samples.rows;
      const z = new Float64Array(n);
      const H = new Float64Array(n * n);
      const g = new Float64Array(n);
      for (let r = 0; r < samples.rows; r++) {
        z.fill(0);
        z.set(states.subarray(r * D, (r + 1) * D));
        if (actions) z.set(actions.subarray(r * U, (r + 1) * U), D);
        const at = derivatives(t, z.slice(0, D), actions && z.slice(D));
        H.fill(0);
        g.fill(0);
        for (let i = 0; i < D; i++) {
          g[i] = at.state[i]!;
          for (let j = 0; j < D; j++) H[i * n + j] = at.stateState[i * D + j]!;
        }
        for (let u = 0; actions && u < U; u++) {
          g[D + u] = at.action?.[u] ?? 0;
          for (let w = 0; w < U; w++) H[(D + u) * n + D + w] = at.actionAction?.[u * U + w] ?? 0;
          for (let i = 0; i < D; i++)
            H[(D + u) * n + i] = H[i * n + D + u] = at.actionState?.[u * D + i] ?? 0;
        }
        addRecentred(n, joint, share, at.value, g, H, z);
      }
      return joint;
    });
  };
}

export interface LeastSquaresCostOptions {
  /** `full`: every product of two dimensions; `diagonal`: squares only. */
  readonly terms: 'full' | 'diagonal';
  /** Regress on the action, too. Default true. */
  readonly actions?: boolean;
  /** Ridge on the coefficients of standardised features. Default 1e-3. */
  readonly ridge?: number;
}

/**
 * Only sampled costs are known: regresses them on a quadratic in the state (and action), per step, then clips
 * negative curvature to zero. The target of a row is the share of its trajectory in the cost.
 */
export function leastSquaresCost(options: LeastSquaresCostOptions): CostExpansion {
  checkArgument('leastSquaresCost', 'the options', options, ['terms'], 'pass { terms: "full" }');
  const { terms, actions = true, ridge = 1e-3 } = options;
  return ({ engine, samples, costs, horizon: T, stateSize: D, actionSize: U }) =>
    fromJointQuadratics(T, D, U, (t) => {
      const states = samples.states(t);
      const acts = actions && t < T ? samples.actions(t) : undefined;
      const rows = samples.rows;
      const width = acts ? D + U : D;
      const z = new Float64Array(rows * width);
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < D; i++) z[r * width + i] = states[r * D + i]!;
        for (let u = 0; acts && u < U; u++) z[r * width + D + u] = acts[r * U + u]!;
      }
      const { mean, deviation } = columnMoments(z, rows, width);
      for (let r = 0; r < rows; r++)
        for (let i = 0; i < width; i++) z[r * width + i] = (z[r * width + i]! - mean[i]!) / deviation[i]!;
      const pairs: [number, number][] = [];
      for (let i = 0; i < width; i++) for (let j = terms === 'full' ? 0 : i; j <= i; j++) pairs.push([i, j]);
      const p = 1 + width + pairs.length;
      const features = new Float64Array(rows * p);
      const target = new Float64Array(rows);
      for (let r = 0; r < rows; r++) {
        features[r * p] = 1;
        for (let i = 0; i < width; i++) features[r * p + 1 + i] = z[r * width + i]!;
        pairs.forEach(
          ([i, j], q) => (features[r * p + 1 + width + q] = z[r * width + i]! * z[r * width + j]!),
        );
        target[r] = costs[Math.floor(r / samples.rowsPerTrajectory) * (T + 1) + t]!;
      }
      const gram = new Float64Array(p * p);
      engine.syrk({ rows, n: p, a: features, c: gram, alpha: 1 / rows });
      for (let i = 0; i < p; i++) gram[i * p + i]! += i === 0 ? 1e-12 : ridge;
      const w = new Float64Array(p);
      engine.gemm({ m: p, n: 1, k: rows, a: features, b: target, c: w, transposeA: true, alpha: 1 / rows });
      engine.choleskySolve(p, choleskyWithJitter(engine, p, gram).factor, 1, w);
      const n = D + U;
      const g = new Float64Array(n);
      const H = new Float64Array(n * n);
      for (let i = 0; i < width; i++) g[i] = w[1 + i]! / deviation[i]!;
      pairs.forEach(([i, j], q) => {
        const value = w[1 + width + q]! / (deviation[i]! * deviation[j]!);
        H[i * n + j]! += value;
        H[j * n + i]! += value;
      });
      const joint = { H: new Float64Array(n * n), g: new Float64Array(n), c: 0 };
      const center = new Float64Array(n);
      center.set(mean);
      // Clip before moving the centre, so that the value at the mean state stays.
      clampEigenvalues(n, H, 0, Infinity);
      addRecentred(n, joint, 1, w[0]!, g, H, center);
      return joint;
    });
}

/** Adds share · (value + gᵀ(z − z₀) + ½(z − z₀)ᵀH(z − z₀)) to c + gᵀz + ½zᵀHz. */
function addRecentred(
  n: number,
  joint: { H: Float64Array; g: Float64Array; c: number },
  share: number,
  value: number,
  g: Float64Array,
  H: Float64Array,
  center: Float64Array,
): void {
  joint.c += share * value;
  for (let i = 0; i < n; i++) {
    let Hz = 0;
    for (let j = 0; j < n; j++) {
      Hz += H[i * n + j]! * center[j]!;
      joint.H[i * n + j]! += share * H[i * n + j]!;
    }
    joint.g[i]! += share * (g[i]! - Hz);
    joint.c += share * center[i]! * (0.5 * Hz - g[i]!);
  }
}

/**
 * Splits quadratics of (s, a) into the parts of a `QuadraticCost`, negative curvature clipped about the
 * minimiser-independent centre 0.
 */
function fromJointQuadratics(
  T: number,
  D: number,
  U: number,
  at: (t: number) => { H: Float64Array; g: Float64Array; c: number },
): QuadraticCost {
  const n = D + U;
  const C = new Float64Array((T + 1) * D * D);
  const d = new Float64Array((T + 1) * D);
  const h = new Float64Array(T + 1);
  const action = {
    R: new Float64Array(T * U * U),
    N: new Float64Array(T * U * D),
    r: new Float64Array(T * U),
  };
  for (let t = 0; t <= T; t++) {
    const { H, g, c } = at(t);
    symmetrise(n, H);
    clampEigenvalues(n, H, 0, Infinity);
    h[t] = c;
    for (let i = 0; i < D; i++) {
      d[t * D + i] = g[i]!;
      for (let j = 0; j < D; j++) C[(t * D + i) * D + j] = H[i * n + j]!;
    }
    for (let u = 0; t < T && u < U; u++) {
      action.r[t * U + u] = g[D + u]!;
      for (let w = 0; w < U; w++) action.R[(t * U + u) * U + w] = H[(D + u) * n + D + w]!;
      for (let i = 0; i < D; i++) action.N[(t * U + u) * D + i] = H[(D + u) * n + i]!;
    }
  }
  return { stateSize: D, actionSize: U, horizon: T, state: { kind: 'dense', C }, d, h, action };
}

function columnMoments(
  z: Float64Array,
  rows: number,
  width: number,
): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let r = 0; r < rows; r++) for (let i = 0; i < width; i++) mean[i]! += z[r * width + i]! / rows;
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < width; i++) deviation[i]! += (z[r * width + i]! - mean[i]!) ** 2 / rows;
  for (let i = 0; i < width; i++) deviation[i] = deviation[i]! > 0 ? Math.sqrt(deviation[i]!) : 1;
  return { mean, deviation };
}
