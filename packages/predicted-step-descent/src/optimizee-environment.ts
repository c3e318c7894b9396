import {
  keyFromWords,
  type Key,
  type KeyWords,
  type OptimizeeFamily,
  type ParameterLayout,
} from '@metadescent/core';
import {
  actorOf,
  type Actor,
  type ActorDescription,
  type Environment,
  type GroupSamples,
  type Policy,
  type Samples,
} from '@metadescent/guided-policy-search';
import type { KernelEngine, Accumulators } from '@metadescent/kernels';
import { stateSizeOf } from './feature-shape.js';
import { assembleStates } from './feature-stream.js';
import { observationInputs } from './observation.js';
import { recordTrajectory, type Recording, type TrajectoryOptions } from './trajectory.js';

/** One rollout of an actor, as plain data that can be sent to a worker. */
export interface TrajectoryTask {
  readonly kind: 'trajectory';
  readonly actor: ActorDescription;
  /** Of the trajectory. */
  readonly key: KeyWords;
  /** Recorded coordinates per group; absent: costs alone. */
  readonly chosen?: readonly Uint32Array[];
  readonly options: TrajectoryOptions;
}

/** A pure function of the task. */
export function runTrajectoryTask<S>(
  family: OptimizeeFamily,
  policy: Policy<S>,
  { accumulators }: KernelEngine,
  { actor, key: words, chosen, options }: TrajectoryTask,
): Recording | undefined {
  const key = keyFromWords(words);
  return recordTrajectory(
    family.sample(key.fold('optimizee')),
    actorOf(actor, policy),
    accumulators,
    options,
    key,
    chosen,
  );
}

/** Runs trajectories, in order of the results: inline or over workers. */
export type TrajectoryMapper = (
  tasks: readonly TrajectoryTask[],
) => Promise<readonly (Recording | undefined)[]>;

/**
 * Optimisation as an environment of guided policy search (Li & Malik 2017, §3.3): one group per coordinate
 * group of the layout, the state (x, Φ) of a coordinate, the observation Ψ, the action Δx, and the true
 * objective as the cost. The first signal is the true gradient, on which costs are expanded; the second what
 * features multiply gradients by. x_0 comes from the optimizee's distribution, objective values and gradients
 * from its mini-batches.
 *
 * All coordinates act. Of noisy actors, which are rolled out to learn from, a random subset of each group is
 * recorded, the same in all trajectories of a rollout. Noiseless ones are rolled out to be measured: their
 * samples hold costs and no rows.
 */
export function optimizeeEnvironment(
  layout: ParameterLayout,
  options: TrajectoryOptions,
  map: TrajectoryMapper,
  { accumulators }: KernelEngine,
): Environment {
  return {
    stateSize: stateSizeOf(options.shape),
    actionSize: 1,
    observationSize: observationInputs(options.inputs),
    horizon: options.horizon,
    groups: layout.groups.map(({ name }) => ({ name })),
    async rollout(actor, trajectories, key) {
      const { description } = actor;
      if (!description)
        throw new TypeError(
          'optimizeeEnvironment.rollout: the actor needs a description, so that workers can make it again; use controllerActor or policyActor',
        );
      const chosen = explores(actor)
        ? chooseCoordinates(layout, options.coordinatesPerGroup, key.fold('coordinates'))
        : undefined;
      const recordings = await map(
        Array.from({ length: trajectories }, (_, m) => ({
          kind: 'trajectory',
          actor: description,
          key: key.fold(m).words,
          ...(chosen && { chosen }),
          options,
        })),
      );
      return samplesOf(layout, recordings, options, accumulators);
    },
  };
}

/** Whether an actor draws its actions. */
function explores({ description }: Actor): boolean {
  return description?.kind === 'controller' ? description.noise : description?.covariances !== undefined;
}

function chooseCoordinates(layout: ParameterLayout, most: number, key: Key): Uint32Array[] {
  return layout.groups.map(({ size }, g) => key.fold(g).permutation(size).subarray(0, most).slice().sort());
}

/** Pools recordings: row = trajectory · m + coordinate. States are rebuilt when they are asked for. */
function samplesOf(
  layout: ParameterLayout,
  recordings: readonly (Recording | undefined)[],
  { shape, inputs, horizon: T }: TrajectoryOptions,
  kernels: Accumulators,
): Samples {
  const kept = recordings.filter((recording) => recording !== undefined);
  const D = stateSizeOf(shape);
  const O = observationInputs(inputs);
  const costs = new Float64Array(kept.length * (T + 1));
  kept.forEach((recording, m) => costs.set(recording.costs, m * (T + 1)));
  return {
    trajectories: kept.length,
    dropped: recordings.length - kept.length,
    costs,
    groups: layout.groups.map((_, g): GroupSamples => {
      const parts = kept.flatMap(({ objective, groups }) => (groups[g] ? [{ objective, ...groups[g] }] : []));
      const m = parts[0]?.coordinates ?? 0;
      const rows = parts.length * m;
      const states = new Float64Array(rows * D);
      const gathered = (width: number, pick: (part: (typeof parts)[number]) => ArrayLike<number>) => {
        const out = new Float64Array(rows * width);
        return (t: number) => {
          parts.forEach((part, p) => {
            const values = pick(part);
            for (let i = 0; i < m * width; i++) out[p * m * width + i] = values[t * m * width + i]!;
          });
          return out;
        };
      };
      return {
        rows,
        rowsPerTrajectory: m,
        states(t) {
          parts.forEach(({ objective, gradient, ratio, iterates }, p) => {
            const slots = { coordinates: m, depth: T + 1, objective, gradient, ratio };
            assembleStates(
              kernels,
              shape,
              t,
              slots,
              iterates.subarray(t * m, (t + 1) * m),
              0,
              states.subarray(p * m * D, (p + 1) * m * D),
            );
          });
          return states;
        },
        actions: gathered(1, ({ actions }) => actions),
        observations: gathered(O, ({ observations }) => observations),
        signals: gathered(2, ({ signals }) => signals),
        signalCount: 2,
      };
    }),
  };
}
