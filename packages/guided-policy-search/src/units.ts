import type { LinearDynamics } from './dynamics.js';
import type { LinearGaussian } from './linear-gaussian.js';
import type { GroupMoments, Moments } from './moments.js';
import type { QuadraticCost } from './quadratic-cost.js';

/**
 * Standardised units: s̃ = s / σ with one positive scale per state dimension. Gains, dynamics and costs are
 * re-expressed exactly; actions, KL divergences, covariances G and the duals do not change.
 */

/**
 * Dimensions whose standard deviation is below this fraction of their magnitude are constant up to rounding:
 * their unit stays 1.
 */
const CONSTANT = 1e-12;

/**
 * σ [D]: standard deviations over all time steps and samples, 1 for a dimension that never varies.
 *
 * @param floor smallest σ of a dimension that does vary
 */
export function stateScales(moments: GroupMoments, floor = 1e-8): Float64Array {
  const { stateSize: D } = moments;
  const all = [...moments.steps, moments.terminal];
  const scales = new Float64Array(D);
  for (let i = 0; i < D; i++) {
    let weight = 0;
    let mean = 0;
    for (const step of all) {
      weight += step.count;
      mean += step.count * step.mean[i]!;
    }
    mean /= weight;
    let variance = 0;
    for (const step of all)
      variance += step.count * (step.covariance[i * step.size + i]! + (step.mean[i]! - mean) ** 2);
    const deviation = Math.sqrt(variance / weight);
    scales[i] = deviation > CONSTANT * Math.abs(mean) && deviation > 0 ? Math.max(deviation, floor) : 1;
  }
  return scales;
}

/** Inverse scales: `standardiseX(x, invertScales(σ))` undoes `standardiseX(x, σ)`. */
export function invertScales(scales: Float64Array): Float64Array {
  return scales.map((s) => 1 / s);
}

/** K̃ = K diag(σ). */
export function standardiseController(controller: LinearGaussian, scales: Float64Array): LinearGaussian {
  return { ...controller, K: scaleColumns(controller.K, scales) };
}

/** Ã = σ⁻¹Aσ, B̃ = σ⁻¹B, c̃ = σ⁻¹c, F̃ = σ⁻¹Fσ⁻¹, and the initial state likewise. */
export function standardiseDynamics(dynamics: LinearDynamics, scales: Float64Array): LinearDynamics {
  const { stateSize: D, actionSize: U } = dynamics;
  const inverse = invertScales(scales);
  return {
    ...dynamics,
    A: scaleColumns(scaleRows(dynamics.A, inverse, D), scales),
    B: scaleRows(dynamics.B, inverse, U),
    c: scaleColumns(dynamics.c, inverse),
    F: scaleColumns(scaleRows(dynamics.F, inverse, D), inverse),
    initialMean: scaleColumns(dynamics.initialMean, inverse),
    initialCovariance: scaleColumns(scaleRows(dynamics.initialCovariance, inverse, D), inverse),
  };
}

/** C̃ = σCσ, d̃ = σd, Ñ = Nσ. */
export function standardiseCost(cost: QuadraticCost, scales: Float64Array): QuadraticCost {
  const { state, action } = cost;
  return {
    ...cost,
    state:
      state.kind === 'dense'
        ? { kind: 'dense', C: scaleColumns(scaleRows(state.C, scales, cost.stateSize), scales) }
        : { ...state, factor: scaleColumns(state.factor, scales) },
    d: scaleColumns(cost.d, scales),
    ...(action && { action: { ...action, N: scaleColumns(action.N, scales) } }),
  };
}

/** Moments of s / σ (and of s'/σ; actions and signals keep their units). */
export function standardiseMoments(moments: GroupMoments, scales: Float64Array): GroupMoments {
  const { stateSize: D, actionSize: U, signalCount } = moments;
  const inverse = invertScales(scales);
  const ones = (n: number) => new Array<number>(n).fill(1);
  const full = Float64Array.from([...inverse, ...ones(U), ...inverse, ...ones(signalCount)]);
  const last = Float64Array.from([...inverse, ...ones(signalCount)]);
  const rescale = (step: Moments, factors: Float64Array): Moments => ({
    ...step,
    mean: scaleColumns(step.mean, factors),
    covariance: scaleColumns(scaleRows(step.covariance, factors, step.size), factors),
  });
  return {
    stateSize: D,
    actionSize: U,
    signalCount,
    steps: moments.steps.map((step) => rescale(step, full)),
    terminal: rescale(moments.terminal, last),
  };
}

/** Multiplies the last axis of a flat array, of length `factors.length`, by `factors`. */
function scaleColumns(values: Float64Array, factors: Float64Array): Float64Array {
  const n = factors.length;
  const out = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += n)
    for (let i = 0; i < n; i++) out[at + i] = values[at + i]! * factors[i]!;
  return out;
}

/**
 * Multiplies the last axis but one, of length `factors.length`, by `factors`; the last axis has `columns`
 * entries.
 */
function scaleRows(values: Float64Array, factors: Float64Array, columns: number): Float64Array {
  const n = factors.length;
  const out = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += n * columns) {
    for (let i = 0; i < n; i++) {
      const factor = factors[i]!;
      const row = at + i * columns;
      for (let j = 0; j < columns; j++) out[row + j] = values[row + j]! * factor;
    }
  }
  return out;
}
