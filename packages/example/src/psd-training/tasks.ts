import type { OptimizeeFamily } from '@metadescent/core';
import type {
  GroupTask,
  GroupTaskResult,
  PolicyFit,
  RecurrentPolicyState,
} from '@metadescent/guided-policy-search';
import { typescriptGpsEngine, wasmGpsEngine, type GpsEngine } from '@metadescent/kernels/gps';
import { bestGpsEngine, loadEngine } from '@metadescent/kernels/node';
import type { LabelledDataset } from '@metadescent/optimizees';
import {
  createPsdTaskRunner,
  runEpisodeTask,
  runPsdValidationTask,
  type EpisodeTask,
  type FineTuningProblem,
  type PolicyFitTask,
  type PsdValidationResult,
  type PsdValidationTask,
  type Recording,
  type TrajectoryTask,
} from '@metadescent/predicted-step-descent';
import { objectiveFamily, type TrainingObjective } from './training-objectives.js';

/** What a worker is told once. */
export interface TaskSetup {
  readonly engine: 'auto' | 'native' | 'wasm' | 'typescript';
  readonly training: readonly ObjectiveData[];
  readonly validation: readonly ObjectiveData[];
  /** LSTM cells of the policies of guided policy search. */
  readonly hidden: number;
}

/** An objective with its data on shared memory. */
export interface ObjectiveData {
  readonly objective: TrainingObjective;
  readonly dataset: LabelledDataset;
}

export interface TaskContext extends FineTuningProblem {
  /** Guided policy search on the first training objective. */
  readonly search: ReturnType<typeof createPsdTaskRunner>;
}

/** Runs once per worker. */
export function setup({ engine: name, training, validation, hidden }: TaskSetup): TaskContext {
  const engine = loadEngine(name);
  const familyOf = ({ dataset, objective }: ObjectiveData): OptimizeeFamily =>
    objectiveFamily(dataset, objective, engine);
  const families = training.map(familyOf);
  return {
    engine,
    training: families,
    validation: validation.map(familyOf),
    search: createPsdTaskRunner({ family: families[0]!, engine, gpsEngine: gpsEngineFor(name), hidden }),
  };
}

/** The double-precision kernels that go with an engine. */
export function gpsEngineFor(name: TaskSetup['engine']): GpsEngine {
  return name === 'typescript' ? typescriptGpsEngine() : name === 'wasm' ? wasmGpsEngine() : bestGpsEngine();
}

/** A rollout for guided policy search. */
export function trajectory(task: TrajectoryTask, { search }: TaskContext): Recording | undefined {
  return search.trajectory(task);
}

/** One group's regression of the policy. */
export function policyFit(
  task: PolicyFitTask,
  { search }: TaskContext,
): Promise<PolicyFit<RecurrentPolicyState>> {
  return search.policyFit(task);
}

/** One group's model fit or η search. */
export function groupTask(task: GroupTask, { search }: TaskContext): GroupTaskResult {
  return search.groupTask(task);
}

/** The meta-gradient of one episode. */
export function episode(task: EpisodeTask, problem: TaskContext): ReturnType<typeof runEpisodeTask> {
  return runEpisodeTask(problem, task);
}

/** A held-out rollout of a policy. */
export function validate(task: PsdValidationTask, problem: TaskContext): PsdValidationResult {
  return runPsdValidationTask(problem, task);
}
