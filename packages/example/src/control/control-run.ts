import type { Key } from '@metadescent/core';
import {
  continueState,
  controllerActor,
  initialState,
  meanCost,
  parseOptions,
  policyActor,
  runGuidedPolicySearch,
  stateFromTensors,
  stateToTensors,
  type Actor,
  type GroupTaskMapper,
  type GuidedPolicySearch,
  type GuidedPolicySearchState,
  type IterationRecord,
} from '@metadescent/guided-policy-search';
import { createProgress, openRun, type Checkpoint } from '@metadescent/runtime';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { PresetName } from '../experiments/experiment.js';
import { program } from '../program.js';
import { writeRecord } from '../record-file.js';
import type { ControlEngines } from './control-engines.js';
import type { ControlExperiment, ControlStage } from './control-experiment.js';
import { CONTROLLER, controlKey, controlTask, policyOf, type ControlTask } from './control-problem.js';
import type { ControlConfigInput, ControlMetrics, HeldOutTrials } from './control-record.js';
import { heldOutTrials, type Contender } from './held-out-trials.js';
import { iterationMetrics } from './iteration-metrics.js';

export interface ControlRunOptions {
  readonly preset: PresetName;
  readonly seed: number;
  readonly directory: string;
  readonly resume: boolean;
  readonly engines: ControlEngines;
  /** The groups' work on worker threads. Default: this thread. */
  readonly map?: GroupTaskMapper;
  readonly signal?: AbortSignal;
  /** Held-out trials per region of initial states. Default 200. */
  readonly trials?: number;
}

/** What every iteration measures on the same trials. */
type MonitoredCosts = Pick<ControlMetrics, 'controllerCost' | 'policyCost'>;

/** How many trials these are. */
const MONITORED = 64;

/** The held-out trials of a run, inside its folder. */
export const TRIALS_FILE = 'trials.json';

type State = GuidedPolicySearchState<unknown>;

/** How far a run has come. */
interface Progress {
  /** Iterations done, over all stages. */
  readonly done: number;
  /** The newest state of each stage that has begun. */
  readonly states: ReadonlyMap<string, State>;
  /** The state with the policy that cost least so far, and that cost: the last policy is not always the best one. */
  readonly best: ReadonlyMap<string, { readonly state: State; readonly cost: number }>;
}

/**
 * Solves a control problem from scratch in a run folder: a checkpoint after every iteration, metrics in JSON
 * lines and for TensorBoard, and held-out trials of what was learned at the end.
 *
 * @throws UserError if the folder is not a fresh one, or not this run's when resuming; the signal's reason
 *   after a checkpoint when it is aborted.
 */
export async function runControl(
  experiment: ControlExperiment,
  options: ControlRunOptions,
): Promise<HeldOutTrials> {
  const { preset, seed, directory, resume, engines, map, signal, trials: count = 200 } = options;
  const { problem, stages } = experiment.presets[preset];
  const config: ControlConfigInput = {
    kind: 'control',
    experiment: experiment.name,
    preset,
    seed,
    problem,
    stages,
  };
  const run = openRun(directory, {
    config,
    resume,
    engine: engines.search.detail,
    ...program(),
  });
  try {
    const task = controlTask(problem, engines);
    const searches = new Map(
      stages.map((stage): [string, GuidedPolicySearch<unknown>] => [
        stage.name,
        {
          ...task.problem,
          policy: policyOf(stage.policy, engines),
          engine: engines.search,
          // Controllers and policies are compared here, on the same trials.
          options: parseOptions({ ...stage.options, evaluatePolicy: false }),
          key: controlKey(seed),
          ...(map && { map }),
        },
      ]),
    );
    let progress = progressOf(run.checkpoint);
    const began = performance.now();
    const line = createProgress({
      label: experiment.name,
      total: stages.reduce((sum, { iterations }) => sum + iterations, 0),
      initial: progress.done,
      unit: 'iteration',
    });
    for (const stage of stages) {
      const search = searches.get(stage.name)!;
      const start =
        stage.after === undefined
          ? initialState(search)
          : continueState(search, progress.states.get(stage.after)!);
      await runGuidedPolicySearch(search, {
        iterations: start.iteration + stage.iterations,
        state: progress.states.get(stage.name) ?? start,
        onIteration: async (record, state) => {
          const costs = await costsOf(task, search, stage, state, controlKey(seed).fold('monitor'));
          progress = advanced(progress, stage.name, state, costs.policyCost);
          const step = progress.done;
          const metrics: ControlMetrics = { step, stage: stage.name, ...iterationMetrics(record), ...costs };
          run.recordMetrics({ ...metrics });
          run.recordTiming({ step, seconds: (performance.now() - began) / 1000 });
          run.saveCheckpoint(checkpointOf(progress));
          line.update(step, noteOf(stage, record, costs));
          // Without worker threads nothing else lets a pending Ctrl-C in.
          await setImmediate();
          return !signal?.aborted;
        },
      });
      signal?.throwIfAborted();
    }
    line.finish();
    const trials = await heldOutTrials(
      task,
      contendersOf(task, stages, searches, progress),
      controlKey(seed).fold('held-out'),
      count,
    );
    writeRecord(join(directory, TRIALS_FILE), trials);
    run.finish({ status: 'finished' });
    return trials;
  } finally {
    run.close();
  }
}

/**
 * The optimum where it is known, the controllers that the first policy was trained with, and the best policy
 * of every stage.
 */
function contendersOf(
  { optimum }: ControlTask,
  stages: readonly ControlStage[],
  searches: ReadonlyMap<string, GuidedPolicySearch<unknown>>,
  { best }: Progress,
): Contender[] {
  const noise = false;
  const taught = stages.filter(({ name }) => best.has(name));
  const { controllers } = best.get(taught[0]!.name)!.state;
  return [
    ...(optimum
      ? [
          {
            name: optimum.name,
            kind: 'hand-made' as const,
            actor: controllerActor(optimum.controllers, { noise }),
          },
        ]
      : []),
    { name: CONTROLLER, kind: 'hand-made', actor: controllerActor(controllers, { noise }) },
    ...taught.map(({ name }): Contender => ({
      name,
      kind: 'learned',
      actor: policyActor(searches.get(name)!.policy, best.get(name)!.state.policy),
    })),
  ];
}

function advanced(
  { done, states, best }: Progress,
  stage: string,
  state: State,
  cost: number | undefined,
): Progress {
  const better = cost !== undefined && !(cost >= (best.get(stage)?.cost ?? Infinity));
  return {
    done: done + 1,
    states: new Map(states).set(stage, state),
    best: better ? new Map(best).set(stage, { state, cost }) : best,
  };
}

/**
 * What a checkpoint says beside its tensors: how the states of every stage are put together, and what the
 * best policies cost.
 */
interface CheckpointStructure {
  readonly states: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly best: Readonly<
    Record<string, { readonly structure: Readonly<Record<string, string>>; readonly cost: number }>
  >;
}

function checkpointOf({ done, states, best }: Progress): Checkpoint {
  const tensors: Record<string, Checkpoint['tensors'][string]> = {};
  const take = (state: State, prefix: string) => {
    const file = stateToTensors(state);
    for (const [name, tensor] of Object.entries(file.tensors)) tensors[`${prefix}/${name}`] = tensor;
    return file.metadata;
  };
  const structure: CheckpointStructure = {
    states: Object.fromEntries([...states].map(([name, state]) => [name, take(state, `newest/${name}`)])),
    best: Object.fromEntries(
      [...best].map(([name, { state, cost }]) => [name, { structure: take(state, `best/${name}`), cost }]),
    ),
  };
  return { step: done, tensors, state: structure };
}

function progressOf(checkpoint: Checkpoint | undefined): Progress {
  if (!checkpoint) return { done: 0, states: new Map(), best: new Map() };
  const give = (metadata: Readonly<Record<string, string>>, prefix: string): State => {
    const own = Object.entries(checkpoint.tensors).filter(([name]) => name.startsWith(`${prefix}/`));
    return stateFromTensors({
      metadata,
      tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length + 1), tensor])),
    });
  };
  const { states, best } = checkpoint.state as CheckpointStructure;
  return {
    done: checkpoint.step,
    states: new Map(
      Object.entries(states).map(([name, metadata]) => [name, give(metadata, `newest/${name}`)]),
    ),
    best: new Map(
      Object.entries(best).map(([name, { structure, cost }]) => [
        name,
        { state: give(structure, `best/${name}`), cost },
      ]),
    ),
  };
}

async function costsOf(
  { problem: { environment } }: ControlTask,
  { policy }: GuidedPolicySearch<unknown>,
  stage: ControlStage,
  state: GuidedPolicySearchState<unknown>,
  key: Key,
): Promise<MonitoredCosts> {
  const costOf = async (actor: Actor) =>
    meanCost(await environment.rollout(actor, MONITORED, key)) / environment.groups.length;
  const controllerCost = await costOf(controllerActor(state.controllers, { noise: false }));
  if (stage.policy.kind === 'none') return { controllerCost };
  return { controllerCost, policyCost: await costOf(policyActor(policy, state.policy)) };
}

function noteOf(
  { name }: ControlStage,
  { outcome }: IterationRecord,
  { controllerCost, policyCost }: MonitoredCosts,
): readonly string[] {
  const policy = policyCost === undefined ? [] : [`policy ${policyCost.toPrecision(4)}`];
  return [`${name}: ${outcome}`, `controller ${controllerCost.toPrecision(4)}`, ...policy];
}
