import { rollout, type Key, type Optimizee, type Optimizer, type ParameterLayout } from '@metadescent/core';
import type { Actor } from '@metadescent/guided-policy-search';
import type { Accumulators } from '@metadescent/kernels';
import { stateSizeOf, type FeatureShape } from './feature-shape.js';
import { createFeatureStream } from './feature-stream.js';
import {
  featureScaleOf,
  initialSquares,
  normaliseGradient,
  type GradientNormalisation,
} from './gradient-normalisation.js';
import {
  initialMemory,
  observationInputs,
  observe,
  type ObservationMemory,
  type ObservationSet,
} from './observation.js';

/** How a rollout of an optimizee is made and what is kept of it. */
export interface TrajectoryOptions {
  readonly shape: FeatureShape;
  readonly inputs: ObservationSet;
  readonly gradientScale: number;
  readonly normalisation: GradientNormalisation;
  readonly horizon: number;
  /** At most this many coordinates of each group are recorded. */
  readonly coordinatesPerGroup: number;
  /** A rollout ends as diverged where f̂ passes this multiple of max(1, |f̂(x_0)|), as in `rollout`. */
  readonly divergenceFactor: number;
}

/**
 * What is kept of the recorded coordinates of one group: the histories from which states, observations and
 * signals are rebuilt.
 */
export interface GroupRecording {
  readonly coordinates: number;
  /** Iterates [T + 1, m] */
  readonly iterates: Float64Array;
  /** First gradient and ratio slots (see `SlotHistory`) [T + 1, m] */
  readonly gradient: Float64Array;
  readonly ratio: Float64Array;
  /** Ψ [T, m, O] */
  readonly observations: Float32Array;
  /** Δx [T, m] */
  readonly actions: Float64Array;
  /**
   * True gradient, and what a change of the mini-batch's gradient is multiplied by in the features (see
   * `featureScaleOf`) [T + 1, m, 2]
   */
  readonly signals: Float32Array;
}

/** One rollout, as plain data. */
export interface Recording {
  /** True objective f(x_t) [T + 1] */
  readonly costs: Float64Array;
  /** First objective slots [T + 1] */
  readonly objective: Float64Array;
  /** One per coordinate group; none where only costs were asked for. */
  readonly groups: readonly GroupRecording[];
}

/**
 * Rolls an actor out on an optimizee. Every coordinate acts; `chosen` are recorded.
 *
 * @param key of the trajectory: θ_0, mini-batches and the actor's noise
 * @param chosen recorded coordinates of each group, ascending; absent records costs alone
 * @returns nothing where the rollout diverged or turned non-finite
 */
export function recordTrajectory(
  optimizee: Optimizee,
  actor: Actor,
  kernels: Accumulators,
  options: TrajectoryOptions,
  key: Key,
  chosen?: readonly Uint32Array[],
): Recording | undefined {
  const { horizon: T, divergenceFactor, gradientScale, normalisation } = options;
  const { layout } = optimizee;
  const costs = new Float64Array(T + 1);
  const objective = new Float64Array(T + 1);
  const trueGradient = new Float32Array(layout.size);
  const acting = actingOptimizer(actor, layout, kernels, options, key);
  const groups = (chosen ?? []).map((coordinates) =>
    emptyRecording(coordinates.length, T, acting.observationSize),
  );
  const { outcome } = rollout(optimizee, acting.optimizer, {
    horizon: T,
    key,
    divergenceFactor,
    observers: [
      ({ iteration: t, parameters, gradient, objective: noisy, step }) => {
        if (t === T) acting.see(noisy, gradient, parameters);
        costs[t] = optimizee.trueObjective(parameters, chosen && trueGradient);
        const { slots } = acting.stream;
        objective[t] = slots.objective[t % slots.depth]!;
        chosen?.forEach((coordinates, g) => {
          const { offset } = layout.groups[g]!;
          const at = t * coordinates.length;
          const row = (t % slots.depth) * layout.size + offset;
          const group = groups[g]!;
          coordinates.forEach((c, j) => {
            group.iterates[at + j] = parameters[offset + c]!;
            group.gradient[at + j] = slots.gradient[row + c]!;
            group.ratio[at + j] = slots.ratio[row + c]!;
            group.signals[2 * (at + j)] = trueGradient[offset + c]!;
            group.signals[2 * (at + j) + 1] = featureScaleOf(
              normalisation,
              gradientScale,
              acting.squares,
              offset + c,
            );
            if (t === T) return;
            group.actions[at + j] = step[offset + c]!;
            for (let i = 0; i < acting.observationSize; i++)
              group.observations[(at + j) * acting.observationSize + i] =
                acting.planes[i * layout.size + offset + c]!;
          });
        });
      },
    ],
  });
  return outcome.kind === 'finished' && costs.every(Number.isFinite)
    ? { costs, objective, groups }
    : undefined;
}

function emptyRecording(m: number, T: number, O: number): GroupRecording {
  return {
    coordinates: m,
    iterates: new Float64Array((T + 1) * m),
    gradient: new Float64Array((T + 1) * m),
    ratio: new Float64Array((T + 1) * m),
    observations: new Float32Array(T * m * O),
    actions: new Float64Array(T * m),
    signals: new Float32Array(2 * (T + 1) * m),
  };
}

/** An actor as an optimizer for one rollout, with what it saw at its last step. */
function actingOptimizer(
  actor: Actor,
  layout: ParameterLayout,
  kernels: Accumulators,
  { shape, inputs, gradientScale, normalisation }: TrajectoryOptions,
  key: Key,
) {
  const D = stateSizeOf(shape);
  const n = layout.size;
  const memory: ObservationMemory = initialMemory(inputs, n);
  const O = observationInputs(inputs);
  const planes = new Float32Array(O * n);
  const stream = createFeatureStream(kernels, shape, n, gradientScale);
  const squares = initialSquares(normalisation, n);
  const normalised = new Float32Array(n);
  const see = (objective: number, gradient: Float32Array, parameters: Float32Array): Float32Array => {
    const seen = normaliseGradient(normalisation, gradient, squares, normalised);
    stream.push(objective, seen, parameters);
    return seen;
  };
  // Policies act on observations alone and controllers on states: the other need not be put together.
  const readsStates = actor.description?.kind !== 'policy';
  const readsObservations = actor.description?.kind !== 'controller';
  const rows = layout.groups.map((group, g) => ({
    ...group,
    act: actor.start(g, group.size, key),
    states: new Float64Array(readsStates ? group.size * D : 0),
    observations: new Float64Array(readsObservations ? group.size * O : 0),
    actions: new Float64Array(group.size),
  }));
  const optimizer: Optimizer = {
    name: 'actor',
    init: () => ({}),
    update({ iteration: t, gradient, parameters, objective }, _state, step) {
      const seen = see(objective, gradient, parameters);
      observe(kernels, memory, objective, seen, parameters, gradientScale, planes);
      for (const { offset, size, act, states, observations, actions } of rows) {
        if (readsStates) stream.states(offset, size, states);
        for (let i = 0; readsObservations && i < O; i++)
          for (let j = 0; j < size; j++) observations[j * O + i] = planes[i * n + offset + j]!;
        act.act(t, states, observations, actions);
        step.set(actions, offset);
      }
    },
  };
  return { optimizer, see, squares, stream, planes, observationSize: O };
}
