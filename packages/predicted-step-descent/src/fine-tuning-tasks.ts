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
import { episodeGradient, type EpisodeOptions, type EpisodeResult } from './episode.js';
import type { FineTuningExecutor } from './fine-tuning.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import type { PsdWeights } from './psd-rule.js';

/** The meta-gradient of one episode, as plain data that can be sent to a worker. */
export interface EpisodeTask extends Omit<EpisodeOptions, 'key' | 'loss'> {
  readonly kind: 'episode';
  readonly weights: PsdWeights;
  /** Index in the list of training objectives. */
  readonly objective: number;
  /** Everything random about the episode. */
  readonly key: KeyWords;
  readonly loss: MetaLossName;
}

/** One held-out rollout, as plain data. */
export interface PsdValidationTask {
  readonly kind: 'validation';
  readonly weights: PsdWeights;
  /** Index in the list of validation objectives. */
  readonly objective: number;
  readonly key: KeyWords;
  readonly horizon: number;
}

export interface PsdValidationResult {
  readonly outcome: Outcome;
  /** f(x_t) [T + 1], NaN after an early end. */
  readonly trueObjectives: Float64Array;
}

/** What the tasks of a fine-tuning run need on every worker. */
export interface FineTuningProblem {
  readonly engine: KernelEngine;
  /** Objectives to train on: several widths, batch sizes, projections, so that what is learned transfers. */
  readonly training: readonly OptimizeeFamily[];
  /** Objectives to choose by. */
  readonly validation: readonly OptimizeeFamily[];
}

/** A pure function of the task. */
export function runEpisodeTask(
  { engine, training }: FineTuningProblem,
  { weights, objective, key: words, loss, ...options }: EpisodeTask,
): EpisodeResult {
  const key = keyFromWords(words);
  return episodeGradient(weights, training[objective]!.sample(key.fold('optimizee')), engine, {
    ...options,
    loss: metaLosses[loss],
    key: key.fold('rollout'),
  });
}

/** A pure function of the task. */
export function runPsdValidationTask(
  { engine, validation }: FineTuningProblem,
  { weights, objective, key: words, horizon }: PsdValidationTask,
): PsdValidationResult {
  const key = keyFromWords(words);
  const { outcome, trueObjectives } = rollout(
    validation[objective]!.sample(key.fold('optimizee')),
    predictedStepDescent(weights, engine),
    {
      horizon,
      key: key.fold('rollout'),
      trueObjectiveEvery: 1,
    },
  );
  return { outcome, trueObjectives };
}

/** Runs the tasks one after another in this thread: for tests, browsers and small problems. */
export function inlineFineTuningExecutor(problem: FineTuningProblem): FineTuningExecutor {
  return {
    objectives: { training: problem.training.length, validation: problem.validation.length },
    episodes: async (tasks) => tasks.map((task) => runEpisodeTask(problem, task)),
    validations: async (tasks) => tasks.map((task) => runPsdValidationTask(problem, task)),
  };
}
