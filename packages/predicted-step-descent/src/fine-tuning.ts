import { allFinite, checkArgument, mean, type Key } from '@metadescent/core';
import { adamStep, createAdam, type AdamState } from '@metadescent/guided-policy-search';
import type { EpisodeResult } from './episode.js';
import { horizonAt, learningRateAt, type FineTuningRecipe } from './fine-tuning-recipe.js';
import type { EpisodeTask, PsdValidationResult, PsdValidationTask } from './fine-tuning-tasks.js';
import type { PsdWeights } from './psd-rule.js';

/** Everything that the next meta-update depends on; a checkpoint is exactly this. */
export interface FineTuningState {
  /** Meta-updates made. */
  readonly step: number;
  readonly weights: PsdWeights;
  readonly adam: Readonly<AdamState>;
  /**
   * The weights with the lowest validation score, and when that was measured; −1 and Infinity before the
   * first validation.
   */
  readonly best: { readonly lstm: Float32Array; readonly score: number; readonly step: number };
}

/** What happened between two validations. */
export interface FineTuningRecord {
  /** Meta-updates made when it was written. */
  readonly step: number;
  readonly horizon: number;
  readonly learningRate: number;
  /** Mean over episodes of mean_t f(x_t) / f(x_0); NaN if none finished. */
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

/** How the tasks are run: inline, or over workers. Results must come in the order of the tasks. */
export interface FineTuningExecutor {
  /** How many there are of each. */
  readonly objectives: { readonly training: number; readonly validation: number };
  episodes(tasks: readonly EpisodeTask[]): Promise<readonly EpisodeResult[]>;
  validations(tasks: readonly PsdValidationTask[]): Promise<readonly PsdValidationResult[]>;
}

export interface FineTuningOptions {
  readonly recipe: FineTuningRecipe;
  readonly key: Key;
  readonly executor: FineTuningExecutor;
  /** Where to start from: a state to resume, or weights. */
  readonly start: FineTuningState | PsdWeights;
  /** Called after every validation with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onRecord?: (
    record: FineTuningRecord,
    state: FineTuningState,
  ) => void | 'stop' | Promise<void | 'stop'>;
  /** Called after every meta-update, for progress lines. */
  readonly onStep?: (done: number, total: number) => void;
}

/** The state before the first meta-update. */
export function initialFineTuningState(weights: PsdWeights): FineTuningState {
  return {
    step: 0,
    weights,
    adam: createAdam(weights.lstm.length),
    best: { lstm: weights.lstm, score: Infinity, step: -1 },
  };
}

/**
 * PSD+: fine-tunes a policy on the objective values of whole rollouts (see `episodeGradient`), over a list of
 * training objectives. The first record is the start's, before any update.
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
    ['recipe', 'key', 'executor', 'start'],
    "pass { recipe, key, executor, start: pretrained('psd').weights }",
  );
  const { recipe, key, executor, start, onRecord, onStep } = options;
  let state = 'step' in start ? start : initialFineTuningState(start);
  if (state.best.step < 0) {
    const validated = await validate(state.weights, recipe, key, executor);
    state = { ...state, best: { lstm: state.weights.lstm, score: validated.score, step: state.step } };
    const record = {
      step: 0,
      horizon: horizonAt(recipe, 0),
      learningRate: learningRateAt(recipe, 0),
      trainingObjective: NaN,
      gradientNorm: NaN,
      failedEpisodes: 0,
      bestScore: validated.score,
    };
    if ((await onRecord?.({ ...record, ...validated }, state)) === 'stop') return state;
  }
  while (state.step < recipe.steps) {
    const last = Math.min(
      recipe.steps,
      (Math.floor(state.step / recipe.validationEvery) + 1) * recipe.validationEvery,
    );
    const lstm = state.weights.lstm.slice();
    const adam: AdamState = {
      first: state.adam.first.slice(),
      second: state.adam.second.slice(),
      steps: state.adam.steps,
    };
    const weights = { ...state.weights, lstm };
    const seen = { objectives: [] as number[], norms: [] as number[], failed: 0 };
    for (let step = state.step; step < last; step++) {
      const gradient = await batchGradient(weights, step, recipe, key, executor, seen);
      adamStep(adam, lstm, gradient, learningRateAt(recipe, step), Infinity);
      onStep?.(step + 1, recipe.steps);
    }
    const validated = await validate(weights, recipe, key, executor);
    const best =
      validated.score < state.best.score ? { lstm, score: validated.score, step: last } : state.best;
    state = { step: last, weights, adam, best };
    const record: FineTuningRecord = {
      step: last,
      horizon: horizonAt(recipe, last - 1),
      learningRate: learningRateAt(recipe, last - 1),
      trainingObjective: mean(seen.objectives),
      gradientNorm: [...seen.norms].sort((a, b) => a - b)[Math.floor(seen.norms.length / 2)] ?? NaN,
      failedEpisodes: seen.failed,
      bestScore: best.score,
      ...validated,
    };
    if ((await onRecord?.(record, state)) === 'stop') break;
  }
  return state;
}

/** The trained optimizer of a state: the weights with the lowest validation score. */
export function bestWeights({ weights, best }: FineTuningState): PsdWeights {
  return { ...weights, lstm: best.lstm };
}

/** Mean of the episodes' clipped gradients; episodes that did not finish count as zero. */
async function batchGradient(
  weights: PsdWeights,
  step: number,
  recipe: FineTuningRecipe,
  key: Key,
  executor: FineTuningExecutor,
  seen: { objectives: number[]; norms: number[]; failed: number },
): Promise<Float64Array> {
  const { batch, loss, scale, discount, coordinatesPerGroup, divergenceFactor } = recipe;
  const results = await executor.episodes(
    Array.from({ length: batch }, (_, e) => ({
      kind: 'episode',
      weights,
      objective: (step * batch + e) % executor.objectives.training,
      key: key.fold('episode').fold(step).fold(e).words,
      horizon: horizonAt(recipe, step),
      loss,
      scale,
      discount,
      coordinatesPerGroup,
      divergenceFactor,
    })),
  );
  const sum = new Float64Array(weights.lstm.length);
  for (const { gradient, outcome, trueObjectives } of results) {
    if (outcome.kind !== 'finished' || !allFinite(gradient)) {
      seen.failed++;
      continue;
    }
    let square = 0;
    for (const g of gradient) square += g * g;
    const norm = Math.sqrt(square);
    seen.norms.push(norm);
    seen.objectives.push(mean(trueObjectives) / trueObjectives[0]!);
    const share = Math.min(1, recipe.gradientClip / norm) / batch;
    for (let i = 0; i < sum.length; i++) sum[i]! += share * gradient[i]!;
  }
  return sum;
}

async function validate(
  weights: PsdWeights,
  { horizon, validationEpisodes }: FineTuningRecipe,
  key: Key,
  executor: FineTuningExecutor,
): Promise<{ score: number; validation: FineTuningRecord['validation'] }> {
  const count = executor.objectives.validation;
  const results = await executor.validations(
    Array.from({ length: count * validationEpisodes }, (_, i) => ({
      kind: 'validation',
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
