import {
  keyFromWords,
  metaLosses,
  rollout,
  type KeyWords,
  type MetaLossName,
  type OptimizeeFamily,
  type Outcome,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { lstmOptimizer } from './lstm-optimizer.js';
import type { LstmRule } from './lstm-rule.js';
import { unrollSegment, type SegmentResult, type UnrollCursor } from './meta-gradient.js';
import type { MetaTrainingExecutor } from './meta-training.js';
import { randomlyScaled, type RandomScaling } from './random-scaling.js';

/** One segment of one unroll, as plain data that can be sent to a worker. */
export interface SegmentTask {
  readonly kind: 'segment';
  readonly weights: Float32Array;
  /** Everything random about the unroll: optimizee, scaling, θ_0, mini-batches. */
  readonly key: KeyWords;
  readonly cursor?: UnrollCursor;
  readonly length: number;
  readonly horizon: number;
  readonly loss: MetaLossName;
  readonly scaling: RandomScaling;
  readonly coordinatesPerGroup: number;
}

/** One held-out rollout, as plain data. */
export interface ValidationTask {
  readonly kind: 'validation';
  readonly weights: Float32Array;
  readonly key: KeyWords;
  readonly horizon: number;
  /** Also evaluate the true objective at every step, not at the end alone. */
  readonly everyStep: boolean;
}

export interface ValidationResult {
  readonly outcome: Outcome;
  /** f(θ_t) [T + 1], NaN where it was not asked for. */
  readonly trueObjectives: Float64Array;
}

/** What the tasks of one meta-training run need on every worker. */
export interface MetaTrainingProblem {
  readonly rule: LstmRule;
  readonly engine: KernelEngine;
  /** Optimizees to train on. */
  readonly training: OptimizeeFamily;
  /** Disjoint from `training`: optimizees for validation. */
  readonly validation: OptimizeeFamily;
}

/**
 * Runs one segment: a pure function of the task. `meanObjective` of the result is per part where the family
 * stacks several.
 */
export function runSegmentTask(problem: MetaTrainingProblem, task: SegmentTask): SegmentResult {
  const key = keyFromWords(task.key);
  const optimizee = randomlyScaled(
    problem.training.sample(key.fold('optimizee')),
    task.scaling,
    key.fold('scaling'),
  );
  const result = unrollSegment(problem.rule, task.weights, optimizee, problem.engine, {
    length: task.length,
    horizon: task.horizon,
    loss: metaLosses[task.loss],
    key: key.fold('rollout'),
    coordinatesPerGroup: task.coordinatesPerGroup,
    ...(task.cursor && { cursor: task.cursor }),
  });
  return { ...result, meanObjective: result.meanObjective / (problem.training.parts ?? 1) };
}

/** Runs one held-out rollout: a pure function of the task. */
export function runValidationTask(problem: MetaTrainingProblem, task: ValidationTask): ValidationResult {
  const key = keyFromWords(task.key);
  const { outcome, trueObjectives } = rollout(
    problem.validation.sample(key.fold('optimizee')),
    lstmOptimizer(problem.rule, task.weights, problem.engine),
    {
      horizon: task.horizon,
      key: key.fold('rollout'),
      trueObjectiveEvery: task.everyStep ? 1 : task.horizon,
    },
  );
  return { outcome, trueObjectives };
}

/** Runs the tasks one after another in this thread: for tests, browsers and small problems. */
export function inlineExecutor(problem: MetaTrainingProblem): MetaTrainingExecutor {
  return {
    segments: async (tasks) => tasks.map((task) => runSegmentTask(problem, task)),
    validations: async (tasks) => tasks.map((task) => runValidationTask(problem, task)),
  };
}
