import {
  keyFromWords,
  rollout,
  type KeyWords,
  type OptimizeeFamily,
  type Optimizer,
  type Outcome,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { loadEngine } from '@metadescent/kernels/node';
import {
  lstmOptimizer,
  metaTrainingTasks,
  runCandidateTask,
  runSegmentTask,
  type CandidateResult,
  type CandidateTask,
  type LstmRule,
  type LstmSegmentResult,
  type LstmSegmentTask,
  type MetaTrainingProblem,
} from '@metadescent/lstm-optimizer';
import type { ValidationResult, ValidationTask } from '@metadescent/meta-learning';
import type { LabelledDataset } from '@metadescent/optimizees';
import { sharedCopy } from '@metadescent/runtime';
import { createBaseline, type BaselineName } from '@metadescent/optimizers';
import type { Experiment } from './experiments/experiment.js';
import { problemOf, type ProblemFamilies, type Split } from './problem.js';

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
  readonly engine: KernelEngine;
  readonly families: ProblemFamilies;
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
  return { engine, families, metaTraining };
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

/** An optimizer as plain data. */
export type OptimizerSpecification =
  | {
      readonly kind: 'hand-made';
      readonly name: BaselineName;
      readonly options: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'learned'; readonly rule: LstmRule; readonly weights: Float32Array };

/** One rollout to compare optimizers by. */
export interface RaceTask {
  readonly optimizer: OptimizerSpecification;
  readonly split: Split;
  /** Optimizee, θ_0 and mini-batches: the same key for all optimizers gives common random numbers. */
  readonly key: KeyWords;
  readonly horizon: number;
  /** 1 records the true objective at every step, `horizon` only at the end. */
  readonly trueObjectiveEvery: number;
}

export interface RaceResult {
  readonly outcome: Outcome;
  /** [horizon + 1], NaN where not recorded or not reached. */
  readonly trueObjectives: Float64Array;
}

/** One rollout of the comparison. */
export function race(task: RaceTask, { engine, families }: TaskContext): RaceResult {
  const key = keyFromWords(task.key);
  const family: OptimizeeFamily = families[task.split];
  const { outcome, trueObjectives } = rollout(
    family.sample(key.fold('optimizee')),
    optimizerOf(task.optimizer, engine),
    {
      horizon: task.horizon,
      key: key.fold('rollout'),
      trueObjectiveEvery: task.trueObjectiveEvery,
    },
  );
  return { outcome, trueObjectives };
}

function optimizerOf(specification: OptimizerSpecification, engine: KernelEngine): Optimizer {
  if (specification.kind === 'learned')
    return lstmOptimizer(specification.rule, specification.weights, engine);
  return createBaseline(specification.name, specification.options);
}
