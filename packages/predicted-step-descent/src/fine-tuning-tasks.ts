import {
  checkArgument,
  keyFromWords,
  mean,
  metaLosses,
  rollout,
  type KeyWords,
  type MetaLossName,
  type OptimizeeFamily,
  type Outcome,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import type { SegmentResult, SegmentTask } from '@metadescent/meta-learning';
import { episodeGradient, type EpisodeOptions } from './episode.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import type { PsdWeights } from './psd-rule.js';

/** PSD weights without what fine-tuning learns. */
export type PsdFrame = Omit<PsdWeights, 'lstm'>;

/** What an episode is told besides; see `EpisodeOptions`. */
export interface EpisodeDetails extends Omit<EpisodeOptions, 'key' | 'loss' | 'horizon'> {
  readonly frame: PsdFrame;
  /** Index in the list of training objectives. */
  readonly objective: number;
  readonly loss: MetaLossName;
}

/** The meta-gradient of one episode, a segment as long as the unroll, as plain data that can be sent to a worker. */
export type EpisodeTask = SegmentTask<never> & EpisodeDetails;

/** One held-out rollout, as plain data. */
export interface PsdValidationTask {
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

/** A pure function of the task. `meanObjective` is mean_t f(x_t) / f(x_0), t = 0 … T. */
export function runEpisodeTask(
  { engine, training }: FineTuningProblem,
  { point, frame, objective, key: words, loss, ...options }: EpisodeTask,
): SegmentResult<never> {
  const key = keyFromWords(words);
  const { gradient, trueObjectives, outcome } = episodeGradient(
    { ...frame, lstm: point },
    training[objective]!.sample(key.fold('optimizee')),
    engine,
    { ...options, loss: metaLosses[loss], key: key.fold('rollout') },
  );
  const meanObjective = mean(trueObjectives) / trueObjectives[0]!;
  const broken = trueObjectives.findIndex((f) => !Number.isFinite(f));
  return {
    gradient,
    meanObjective,
    outcome:
      outcome.kind === 'finished' && broken >= 0
        ? { kind: 'non-finite', step: broken, what: 'objective' }
        : outcome,
  };
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

/** The tasks of `fineTune` by their names: for `inlineTasks`, or as the exports of a module of workers. */
export function fineTuningTasks(problem: FineTuningProblem) {
  const members = ['engine', 'training', 'validation'];
  const advice = 'pass { engine, training: [family], validation: [family] }';
  checkArgument('fineTuningTasks', 'the problem', problem, members, advice);
  return {
    episode: (task: EpisodeTask) => runEpisodeTask(problem, task),
    validate: (task: PsdValidationTask) => runPsdValidationTask(problem, task),
  };
}
