import { runRaceTask, type RaceProblem, type RaceResult, type RaceTask } from '@metadescent/evaluation';
import type { KernelEngine } from '@metadescent/kernels';
import { loadEngine } from '@metadescent/kernels/node';
import {
  metaTrainingTasks,
  runCandidateTask,
  runSegmentTask,
  type CandidateResult,
  type CandidateTask,
  type LstmSegmentResult,
  type LstmSegmentTask,
  type MetaTrainingProblem,
} from '@metadescent/lstm-optimizer';
import type { ValidationResult, ValidationTask } from '@metadescent/meta-learning';
import type { LabelledDataset } from '@metadescent/optimizees';
import { sharedCopy } from '@metadescent/runtime';
import type { Experiment } from './experiments/experiment.js';
import { knownOptimizers } from './known-optimizers.js';
import { problemOf, type Split } from './problem.js';

/**
 * What a worker thread is told once. The tasks below are pure functions of their input and of this: results
 * do not depend on which worker runs them.
 */
export interface TaskSetup {
  readonly experiment: Experiment;
  /** How many independent optimizees a training task steps at once (quadratics only). */
  readonly stacked: number;
  readonly engine: 'auto' | 'native' | 'wasm' | 'typescript';
  readonly dataset?: LabelledDataset;
}

export interface TaskContext {
  readonly raceProblem: RaceProblem<Split, KernelEngine>;
  readonly metaTraining: MetaTrainingProblem;
}

/** Runs once per worker. */
export function setup({ experiment, stacked, engine: engineName, dataset }: TaskSetup): TaskContext {
  const engine = loadEngine(engineName);
  const families = problemOf(experiment.problem, { engine, stacked, ...(dataset && { dataset }) });
  const metaTraining = {
    rule: experiment.rule,
    engine,
    training: families.trainingStack,
    validation: families.validation,
  };
  const raceProblem = {
    registry: knownOptimizers,
    engine: () => engine,
    family: (split: Split) => families[split],
  };
  return { raceProblem, metaTraining };
}

/**
 * A segment of meta-training. Where it ended is megabytes for the next segment alone: on shared memory it
 * travels without being copied.
 */
export function segment(task: LstmSegmentTask, { metaTraining }: TaskContext): LstmSegmentResult {
  const { cursor, ...result } = runSegmentTask(metaTraining, task);
  const state = Object.fromEntries(
    Object.entries(cursor.state).map(([name, array]) => [name, sharedCopy(array)]),
  );
  return { ...result, cursor: { ...cursor, parameters: sharedCopy(cursor.parameters), state } };
}

/** A held-out rollout of meta-training. */
export function validate(task: ValidationTask, { metaTraining }: TaskContext): ValidationResult {
  return metaTrainingTasks(metaTraining).validate(task);
}

/** A rollout of a search for readout weights. */
export function candidate(task: CandidateTask, { metaTraining }: TaskContext): CandidateResult {
  return runCandidateTask(metaTraining, task);
}

/** One rollout of a comparison. */
export function race(task: RaceTask<Split>, { raceProblem }: TaskContext): RaceResult {
  return runRaceTask(raceProblem, task);
}
