import { keyFromWords, type KeyWords } from '@metadescent/core';
import {
  recurrentPolicy,
  type Policy,
  type PolicyFit,
  type PolicyTargets,
  type RecurrentPolicyState,
} from '@metadescent/guided-policy-search';
import type { KernelEngine } from '@metadescent/kernels';

/** How the policy is trained: the options of `recurrentPolicy`. One network per coordinate group. */
export type GroupPolicyOptions = Omit<
  NonNullable<Parameters<typeof recurrentPolicy>[1]>,
  'shared' | 'layers'
>;

/** The regression of one coordinate group's network, as plain data that can be sent to a worker. */
export interface PolicyFitTask {
  readonly kind: 'fit-policy';
  /** Of one group. */
  readonly state: RecurrentPolicyState;
  readonly phase: 'clone' | 'iteration';
  readonly key: KeyWords;
  readonly rows: number;
  readonly rowsPerTrajectory: number;
  /** [T, rows, O] */
  readonly observations: Float32Array;
  /** [T, rows, U] */
  readonly targets: Float64Array;
  /** [T, U, U] */
  readonly precision: Float64Array;
  readonly options: GroupPolicyOptions;
}

/** A pure function of the task. */
export async function runPolicyFitTask(
  engine: KernelEngine,
  { state, phase, key, observations, options, ...data }: PolicyFitTask,
): Promise<PolicyFit<RecurrentPolicyState>> {
  const width = data.rows * state.observationSize;
  const targets: PolicyTargets = {
    ...data,
    observations: (t) => Float64Array.from(observations.subarray(t * width, (t + 1) * width)),
  };
  return recurrentPolicy(engine, options).fit(state, [targets], { key: keyFromWords(key), phase });
}

/** Runs regressions, in order of the results: inline or over workers. */
export type PolicyFitMapper = (
  tasks: readonly PolicyFitTask[],
) => Promise<readonly PolicyFit<RecurrentPolicyState>[]>;

/**
 * The policy of Li & Malik 2017, §3.5 and §4: an LSTM of one layer per coordinate group. As
 * `recurrentPolicy`, with the groups' regressions given to a mapper: they need nothing of each other.
 */
export function groupPolicy(
  engine: KernelEngine,
  options: GroupPolicyOptions,
  map: PolicyFitMapper,
): Policy<RecurrentPolicyState> {
  const inner = recurrentPolicy(engine, options);
  return {
    ...inner,
    async fit(state, data, { key, phase }) {
      const { observationSize: O, horizon: T } = state;
      const fits = await map(
        data.map((targets, g): PolicyFitTask => {
          const observations = new Float32Array(T * targets.rows * O);
          for (let t = 0; t < T; t++) observations.set(targets.observations(t), t * targets.rows * O);
          const { rows, rowsPerTrajectory, targets: y, precision } = targets;
          return {
            kind: 'fit-policy',
            state: ofGroup(state, g),
            phase,
            key: key.fold(g).words,
            rows,
            rowsPerTrajectory,
            observations,
            targets: y,
            precision,
            options,
          };
        }),
      );
      return {
        state: ofAllGroups(
          state,
          fits.map((fit) => fit.state),
        ),
        lossBefore: fits.reduce((sum, { lossBefore }) => sum + lossBefore / fits.length, 0),
        lossAfter: fits.reduce((sum, { lossAfter }) => sum + lossAfter / fits.length, 0),
      };
    },
  };
}

/** The part of a state that belongs to one group, as a state of its own. */
function ofGroup({ weights, whitening, ...context }: RecurrentPolicyState, g: number): RecurrentPolicyState {
  const part = <A extends Float32Array | Float64Array>(all: A): A => {
    const size = all.length / context.groups;
    return all.slice(g * size, (g + 1) * size) as A;
  };
  return {
    ...context,
    groups: 1,
    weights: part(weights),
    ...(whitening && {
      whitening: {
        mean: part(whitening.mean),
        deviation: part(whitening.deviation),
        outputScale: part(whitening.outputScale),
      },
    }),
  };
}

/** States of single groups, as one. */
function ofAllGroups(
  context: RecurrentPolicyState,
  parts: readonly RecurrentPolicyState[],
): RecurrentPolicyState {
  const join = (pick: (part: RecurrentPolicyState) => Float64Array) =>
    Float64Array.from(parts.flatMap((part) => Array.from(pick(part))));
  const weights = new Float32Array(context.weights.length);
  parts.forEach((part, g) => weights.set(part.weights, g * part.weights.length));
  const whitened = parts.every(({ whitening }) => whitening);
  return {
    ...context,
    weights,
    ...(whitened && {
      whitening: {
        mean: join(({ whitening }) => whitening!.mean),
        deviation: join(({ whitening }) => whitening!.deviation),
        outputScale: join(({ whitening }) => whitening!.outputScale),
      },
    }),
  };
}
