import { checkArgument, mean, type Key } from '@metadescent/core';
import {
  metaAdam,
  metaTrain,
  truncatedBackpropagation,
  type MetaAdamState,
  type MetaTrainingState,
  type TaskMap,
  type Unrolls,
} from '@metadescent/meta-learning';
import { horizonAt, learningRateAt, type FineTuningRecipe } from './fine-tuning-recipe.js';
import type {
  EpisodeDetails,
  PsdFrame,
  PsdValidationResult,
  PsdValidationTask,
} from './fine-tuning-tasks.js';
import type { PsdWeights } from './psd-rule.js';

/**
 * Everything that the next meta-update depends on; a checkpoint is exactly this. A round is a meta-update,
 * and the point is `PsdWeights.lstm`.
 */
export type FineTuningState = MetaTrainingState<Unrolls<never>, MetaAdamState>;

/** What happened between two validations. */
export interface FineTuningRecord {
  /** Meta-updates made when it was written. */
  readonly step: number;
  readonly horizon: number;
  readonly learningRate: number;
  /** Mean over the steps of the episodes that finished of f(x_t) / f(x_0); NaN if none did. */
  readonly trainingObjective: number;
  /** Median norm of an episode's gradient, before clipping. */
  readonly gradientNorm: number;
  /** Episodes given up because they diverged or turned non-finite. */
  readonly failedEpisodes: number;
  /** See `validationScore`. */
  readonly score: number;
  readonly bestScore: number;
  /** Per validation objective: mean over episodes of mean_t f(x_t), and of f(x_T). */
  readonly validation: readonly { readonly mean: number; readonly final: number }[];
}

export interface FineTuningOptions {
  readonly recipe: FineTuningRecipe;
  readonly key: Key;
  /** Runs the tasks `episode` and `validate` of `fineTuningTasks`, here or over workers. */
  readonly map: TaskMap;
  /** How many objectives the tasks know. */
  readonly objectives: { readonly training: number; readonly validation: number };
  /** Where to start from. */
  readonly start: PsdWeights;
  /** Continue from here, with the same `start`. */
  readonly resume?: FineTuningState;
  /** Called after every validation with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onRecord?: (
    record: FineTuningRecord,
    state: FineTuningState,
  ) => void | 'stop' | Promise<void | 'stop'>;
  /** Called after every meta-update, for progress lines. */
  readonly onStep?: (done: number, total: number) => void;
}

/**
 * PSD+: fine-tunes a policy on the objective values of whole rollouts (see `episodeGradient`), over a list of
 * training objectives: `metaTrain` of `@metadescent/meta-learning` with segments as long as the unrolls. The
 * first record is the start's, before any update.
 *
 * Every draw is a function of (key, step, episode), and gradients are summed in index order: neither the
 * number of workers nor an interruption at a record changes a bit.
 *
 * @returns the last state; `bestWeights` of it is the trained optimizer.
 */
export async function fineTune(options: FineTuningOptions): Promise<FineTuningState> {
  checkArgument(
    'fineTune',
    'the options',
    options,
    ['recipe', 'key', 'map', 'objectives', 'start'],
    "pass { recipe, key, map, objectives, start: pretrained('psd').weights }",
  );
  const { recipe, key, map, objectives, start, resume, onRecord, onStep } = options;
  const { batch, loss, scale, discount, coordinatesPerGroup, divergenceFactor, steps } = recipe;
  const { lstm, ...frame } = start;
  return metaTrain({
    estimator: truncatedBackpropagation<never, EpisodeDetails>({
      batch,
      gradientClip: recipe.gradientClip,
      unrollAt(step) {
        const horizon = horizonAt(recipe, step);
        return { horizon, segment: horizon };
      },
      keyAt: (from, step) => from.fold('episode').fold(step),
      detailsAt: (step, episode) => ({
        frame,
        objective: (step * batch + episode) % objectives.training,
        loss,
        scale,
        discount,
        coordinatesPerGroup,
        divergenceFactor,
      }),
      task: 'episode',
    }),
    updater: metaAdam(),
    start: resume ?? lstm,
    rounds: steps,
    learningRate: (step) => learningRateAt(recipe, step),
    validateEvery: recipe.validationEvery,
    validateFirst: true,
    validate: (point) => validate({ ...frame, lstm: point }, options),
    key,
    map,
    onUpdate: ({ round }) => onStep?.(round, steps),
    onRecord: ({ round, validation, failedTasks, ...record }, state) =>
      onRecord?.(
        {
          step: round,
          horizon: horizonAt(recipe, Math.max(0, round - 1)),
          learningRate: record.learningRate,
          trainingObjective: record.trainingObjective,
          gradientNorm: record.gradientNorm,
          failedEpisodes: failedTasks,
          bestScore: record.bestScore,
          ...validation,
        },
        state,
      ),
  });
}

/** The trained optimizer of a state: the weights with the lowest validation score. */
export function bestWeights(start: PsdFrame, { best }: FineTuningState): PsdWeights {
  return { ...start, lstm: best.point };
}

async function validate(
  weights: PsdWeights,
  { recipe: { horizon, validationEpisodes }, key, map, objectives }: FineTuningOptions,
): Promise<{ score: number; validation: FineTuningRecord['validation'] }> {
  const count = objectives.validation;
  const results = await map<PsdValidationTask, PsdValidationResult>(
    'validate',
    Array.from({ length: count * validationEpisodes }, (_, i) => ({
      weights,
      objective: i % count,
      key: key.fold('validation').fold(i).words,
      horizon,
    })),
  );
  const validation = Array.from({ length: count }, (_, o) => {
    const own = results.filter((_, i) => i % count === o).map(({ trueObjectives }) => trueObjectives);
    return { mean: mean(own.map((f) => mean(f))), final: mean(own.map((f) => f[horizon]!)) };
  });
  return { score: validationScore(validation), validation };
}

/**
 * What fine-tuned weights are chosen by: the mean over objectives of ½ (ln mean_t f + ln f(x_T)), so that a
 * percent counts the same on each; Infinity where a rollout failed.
 */
export function validationScore(validation: FineTuningRecord['validation']): number {
  const score = mean(
    validation.map((objective) => 0.5 * (Math.log(objective.mean) + Math.log(objective.final))),
  );
  return Number.isFinite(score) ? score : Infinity;
}
