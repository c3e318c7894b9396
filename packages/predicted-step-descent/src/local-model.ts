import type { ParameterLayout } from '@metadescent/core';
import {
  rankOneCost,
  secantCurvature,
  type CostExpansion,
  type DynamicsStructure,
  type GroupSamples,
} from '@metadescent/guided-policy-search';
import { stateSlots, type FeatureShape } from './feature-shape.js';

/** What is known or assumed of the dynamics and the cost of optimisation. */
export interface LocalModelOptions {
  readonly shape: FeatureShape;
  readonly horizon: number;
  /**
   * Multiplies the secant curvature. While the trust region is active only directions count, and 0.3 to 30
   * were found to be alike. Default 8.
   */
  readonly curvatureFactor?: number;
}

/** Steps between the two points of a secant. */
const SECANT_LAG = 5;
/** Secants are pooled over this many steps to either side. */
const POOLED = 10;
/**
 * κ lies between these multiples of its median over time, and above the floor: secants of noisy steps can be
 * anything.
 */
const CURVATURE_RANGE = [0.2, 5] as const;
const CURVATURE_FLOOR = 1e-3;
/** Variance of x′ − x − a: none but rounding. */
const EXACT = 1e-12;

/**
 * Curvature of the objective along the steps that were taken, per step: secants of the true gradients over 5
 * steps, pooled over ±10 steps, clipped about their median [T + 1].
 */
export function measuredCurvature(samples: GroupSamples, horizon: number): Float64Array {
  const lag = Math.min(SECANT_LAG, horizon);
  const pairs = Array.from({ length: horizon + 1 - lag }, (_, t) => {
    const [x, g] = iterateAndGradient(samples, t);
    const [xNext, gNext] = iterateAndGradient(samples, t + lag);
    let moved = 0;
    for (let i = 0; i < x.length; i++) moved += (xNext[i]! - x[i]!) ** 2;
    return { moved, product: moved * secantCurvature(x, xNext, g, gNext) };
  });
  const raw = Float64Array.from({ length: horizon + 1 }, (_, t) => {
    const near = pairs.slice(Math.max(0, Math.min(t, pairs.length - 1) - POOLED), t + POOLED + 1);
    const moved = near.reduce((sum, pair) => sum + pair.moved, 0);
    return Math.max(
      CURVATURE_FLOOR,
      moved > 0 ? near.reduce((sum, pair) => sum + pair.product, 0) / moved : 0,
    );
  });
  const middle = [...raw].sort((a, b) => a - b)[Math.floor(raw.length / 2)]!;
  return raw.map((kappa) =>
    Math.min(CURVATURE_RANGE[1] * middle, Math.max(CURVATURE_RANGE[0] * middle, kappa)),
  );
}

function iterateAndGradient(samples: GroupSamples, t: number): [Float64Array, Float64Array] {
  const states = samples.states(t);
  const D = states.length / samples.rows;
  return [
    Float64Array.from({ length: samples.rows }, (_, r) => states[r * D]!),
    signalAt(samples, t, TRUE_GRADIENT),
  ];
}

/** Signals of the environment. */
const [TRUE_GRADIENT, FEATURE_SCALE] = [0, 1];

function signalAt(samples: GroupSamples, t: number, signal: number): Float64Array {
  const signals = samples.signals!(t);
  return Float64Array.from({ length: samples.rows }, (_, r) => signals[r * samples.signalCount! + signal]!);
}

/**
 * What the features multiply gradients by at step t: the mean over coordinates, weighted by their squared
 * true gradients. Unweighted, coordinates without gradients, whose s is tiny, would decide.
 */
function featureScale(samples: GroupSamples, t: number): number {
  const gradients = signalAt(samples, t, TRUE_GRADIENT);
  const scales = signalAt(samples, t, FEATURE_SCALE);
  const weight = gradients.reduce((sum, g) => sum + g * g, 0);
  return weight > 0 ? gradients.reduce((sum, g, r) => sum + g * g * scales[r]!, 0) / weight : scales[0]!;
}

/**
 * What is known of a group's dynamics:
 *
 * - The iterate moves by the action: x′ = x + a exactly.
 * - Of the features, only the newest gradient slot feels the action at once. It holds the mean of `window`
 *   gradients, so it moves by κa/window times the scale that the features multiply gradients by.
 * - x is no regressor. A regression on x_j would fit a slope for the gradient of each coordinate as if x_j
 *   alone had moved, but the controller of a group moves all its coordinates at once. Leaving x out decides
 *   whether the search succeeds.
 */
export function optimizationStructure({
  shape,
  horizon,
  curvatureFactor = 8,
}: LocalModelOptions): (samples: GroupSamples) => DynamicsStructure {
  const slots = stateSlots(shape);
  return (samples) => {
    const kappa = measuredCurvature(samples, horizon);
    return {
      knownRows: [{ row: slots.iterate, A: [{ column: slots.iterate, value: 1 }], B: [1], variance: EXACT }],
      actionRows: [slots.iterate, slots.gradient],
      excludedColumns: [slots.iterate],
      imposedB: [
        {
          row: slots.gradient,
          B: Float64Array.from(
            { length: horizon },
            (_, t) =>
              (featureScale(samples, t) * curvatureFactor * kappa[t]!) / Math.min(t + 2, shape.window),
          ),
        },
      ],
      ridgeFactors: objectiveRidge(shape, samples.rowsPerTrajectory),
    };
  };
}

/**
 * The rank-one cost of predicted gradients, weighted by the number of coordinates, so that it has the size of
 * the objective.
 */
export function optimizationCost(
  layout: ParameterLayout,
  { shape, horizon, curvatureFactor = 8 }: LocalModelOptions,
): CostExpansion {
  const slots = stateSlots(shape);
  return (context) =>
    rankOneCost({
      kappa: ({ samples }) => measuredCurvature(samples, horizon).map((kappa) => curvatureFactor * kappa),
      weight: layout.size,
      excludedColumns: [slots.iterate],
      ridgeFactors: objectiveRidge(shape, context.samples.rowsPerTrajectory),
    })(context);
}

/** Objective features take one value per trajectory, not one per coordinate: their ridge counts trajectories. */
function objectiveRidge(shape: FeatureShape, rowsPerTrajectory: number): number[] {
  const slots = stateSlots(shape);
  return Array.from({ length: 2 + 3 * shape.history }, (_, i) =>
    i >= slots.objective && i < slots.gradient ? rowsPerTrajectory : 1,
  );
}
