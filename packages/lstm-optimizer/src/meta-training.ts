import { allFinite, checkArgument, mean, type Key } from '@metadescent/core';
import { initialWeights, type LstmRule } from './lstm-rule.js';
import { adamUpdate, clipToNorm, initialMoments, type AdamMoments } from './meta-adam.js';
import type { SegmentResult, UnrollCursor } from './meta-gradient.js';
import { learningRateAt, unrollAt, type MetaTrainingRecipe } from './meta-training-recipe.js';
import type { SegmentTask, ValidationResult, ValidationTask } from './meta-training-tasks.js';

/** Everything that the next epoch depends on; a checkpoint is exactly this. */
export interface MetaTrainingState {
  /** Epochs finished. */
  readonly epoch: number;
  readonly weights: Float32Array;
  readonly moments: AdamMoments;
  /** The weights with the best validation score so far, and that score (Infinity before the first epoch). */
  readonly best: { readonly weights: Float32Array; readonly score: number; readonly epoch: number };
}

/** What one epoch did, for logs and reports. */
export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  readonly horizon: number;
  readonly learningRate: number;
  /**
   * Mean of f̂(θ_t) over the steps t ≥ 1 of the segments that finished, unweighted and of a single function
   * (Σ f̂ / (steps · parts) where the family stacks several): on one scale with the validation score. NaN if
   * no segment finished.
   */
  readonly trainingObjective: number;
  readonly validationScore: number;
  readonly bestScore: number;
  /** Median norm of the meta-gradient of an unroll's segment, before clipping. */
  readonly gradientNorm: number;
  /** Share of segments whose gradient was clipped. */
  readonly clippedShare: number;
  /** Unrolls given up in this epoch because a value was not finite. */
  readonly nonFiniteUnrolls: number;
  /** Validation rollouts that did not finish. */
  readonly failedValidations: number;
  /** Meta-parameters whose meta-gradient was exactly zero in the whole epoch. */
  readonly deadWeights: number;
}

/** How the tasks are run: inline, or over workers. Results must come in the order of the tasks. */
export interface MetaTrainingExecutor {
  segments(tasks: readonly SegmentTask[]): Promise<SegmentResult[]>;
  validations(tasks: readonly ValidationTask[]): Promise<ValidationResult[]>;
}

export interface MetaTrainingOptions {
  readonly rule: LstmRule;
  readonly recipe: MetaTrainingRecipe;
  readonly key: Key;
  readonly executor: MetaTrainingExecutor;
  /** Continue from here; absent starts from `initialWeights`. */
  readonly resume?: MetaTrainingState;
  /** Called after every epoch with what to log and what to checkpoint. Return `stop` to end after this epoch. */
  readonly onEpoch?: (
    record: EpochRecord,
    state: MetaTrainingState,
  ) => void | 'stop' | Promise<void | 'stop'>;
  /** Called after every meta-batch, for progress lines. */
  readonly onBatch?: (done: number, total: number) => void;
}

/** The state before the first epoch. */
export function initialMetaTrainingState(rule: LstmRule, key: Key): MetaTrainingState {
  const weights = initialWeights(rule, key.fold('weights'));
  return {
    epoch: 0,
    weights,
    moments: initialMoments(weights.length),
    best: { weights, score: Infinity, epoch: -1 },
  };
}

/**
 * The keys of the validation rollouts, the same after every epoch: `fold('optimizee')` draws the optimizee,
 * `fold('rollout')` is the rollout's.
 */
export function validationKeys(key: Key, recipe: MetaTrainingRecipe): Key[] {
  return key.fold('validation').split(recipe.validationUnrolls);
}

/**
 * Meta-trains the LSTM optimizer (Andrychowicz et al. 2016, §3): epochs of truncated backpropagation through
 * time with Adam, each followed by validation on held-out optimizees; the weights with the best validation
 * score are kept; training stops when the score has not improved for `patience` epochs.
 *
 * Every draw is a function of (key, epoch, batch, unroll), and gradients are summed in index order, so the
 * result depends neither on the number of workers nor on interruptions between epochs.
 *
 * @returns the last state; `best.weights` is the trained optimizer.
 */
export async function metaTrain(options: MetaTrainingOptions): Promise<MetaTrainingState> {
  const advice =
    'pass { rule, recipe: parseMetaTraining(…), key: createKey(1), executor: inlineExecutor(…) }';
  checkArgument('metaTrain', 'the options', options, ['rule', 'recipe', 'key', 'executor'], advice);
  const { rule, recipe, key, executor, onEpoch, onBatch } = options;
  let state = options.resume ?? initialMetaTrainingState(rule, key);
  const heldOut = validationKeys(key, recipe);

  while (state.epoch < recipe.epochs && state.epoch - 1 - state.best.epoch < recipe.patience) {
    const { epoch } = state;
    const weights = state.weights.slice();
    const moments: AdamMoments = {
      first: state.moments.first.slice(),
      second: state.moments.second.slice(),
      step: state.moments.step,
    };
    const statistics = emptyStatistics(weights.length);
    const { horizon, segment } = unrollAt(recipe, epoch);
    const learningRate = learningRateAt(recipe, epoch);
    for (let batch = 0; batch < recipe.batchesPerEpoch; batch++) {
      const keys = key.fold('training').fold(epoch).fold(batch).split(recipe.batch);
      await trainOnBatch(weights, moments, keys, {
        recipe,
        horizon,
        segment,
        learningRate,
        executor,
        statistics,
      });
      onBatch?.(batch + 1, recipe.batchesPerEpoch);
    }
    const validations = await executor.validations(
      heldOut.map((validationKey) => ({
        kind: 'validation',
        weights,
        key: validationKey.words,
        horizon: recipe.horizon,
        everyStep: recipe.validationScore === 'mean',
      })),
    );
    const validationScore = scoreOf(validations, recipe);
    const best = validationScore < state.best.score ? { weights, score: validationScore, epoch } : state.best;
    state = { epoch: epoch + 1, weights, moments, best };
    const record: EpochRecord = {
      epoch,
      horizon,
      learningRate,
      trainingObjective: statistics.objectives / statistics.steps,
      validationScore,
      bestScore: best.score,
      gradientNorm: median(statistics.norms),
      clippedShare:
        statistics.norms.filter((norm) => norm > recipe.gradientClip).length /
        Math.max(1, statistics.norms.length),
      nonFiniteUnrolls: statistics.nonFiniteUnrolls,
      failedValidations: validations.filter((v) => v.outcome.kind !== 'finished').length,
      deadWeights: statistics.touched.reduce((dead, touched) => dead + (touched ? 0 : 1), 0),
    };
    if ((await onEpoch?.(record, state)) === 'stop') break;
  }
  return state;
}

interface EpochStatistics {
  /** Σ f̂ per part over all steps of finished segments, and how many steps these are. */
  objectives: number;
  steps: number;
  readonly norms: number[];
  nonFiniteUnrolls: number;
  readonly touched: Uint8Array;
}

function emptyStatistics(weights: number): EpochStatistics {
  return { objectives: 0, steps: 0, norms: [], nonFiniteUnrolls: 0, touched: new Uint8Array(weights) };
}

interface BatchContext {
  readonly recipe: MetaTrainingRecipe;
  readonly horizon: number;
  readonly segment: number;
  readonly learningRate: number;
  readonly executor: MetaTrainingExecutor;
  readonly statistics: EpochStatistics;
}

/**
 * One meta-batch: its unrolls go on segment by segment in step, with one Adam update after each; an unroll
 * that stops being finite leaves the batch.
 */
async function trainOnBatch(
  weights: Float32Array,
  moments: AdamMoments,
  keys: readonly Key[],
  context: BatchContext,
): Promise<void> {
  const { recipe, horizon, segment, learningRate, executor, statistics } = context;
  let running: { key: Key; cursor?: UnrollCursor }[] = keys.map((key) => ({ key }));
  for (let start = 0; start < horizon && running.length > 0; start += segment) {
    const length = Math.min(segment, horizon - start);
    const results = await executor.segments(
      running.map(({ key, cursor }) => ({
        kind: 'segment',
        weights,
        key: key.words,
        length,
        horizon,
        loss: recipe.loss,
        scaling: { range: recipe.randomScaling, signs: recipe.randomSigns },
        coordinatesPerGroup: recipe.coordinatesPerGroup,
        ...(cursor && { cursor }),
      })),
    );
    const sum = new Float64Array(weights.length);
    const goingOn: typeof running = [];
    results.forEach((result, i) => {
      if (result.outcome.kind !== 'finished' || !allFinite(result.gradient)) {
        statistics.nonFiniteUnrolls += 1;
        return;
      }
      const gradient = result.gradient.slice();
      statistics.norms.push(clipToNorm(gradient, recipe.gradientClip));
      statistics.objectives += result.meanObjective * length;
      statistics.steps += length;
      for (let j = 0; j < sum.length; j++) {
        if (gradient[j] !== 0) statistics.touched[j] = 1;
        sum[j] = (sum[j] as number) + (gradient[j] as number) / results.length;
      }
      goingOn.push({ key: (running[i] as { key: Key }).key, cursor: result.cursor });
    });
    if (goingOn.length > 0) adamUpdate(weights, sum, moments, learningRate);
    running = goingOn;
  }
}

/** Mean validation score; a rollout that did not finish makes it infinite, so that such weights are never kept. */
function scoreOf(validations: readonly ValidationResult[], recipe: MetaTrainingRecipe): number {
  const scores = validations.map(({ outcome, trueObjectives }) => {
    if (outcome.kind !== 'finished') return Infinity;
    return recipe.validationScore === 'final'
      ? (trueObjectives[recipe.horizon] as number)
      : mean(trueObjectives.subarray(1));
  });
  return mean(scores);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[Math.floor(sorted.length / 2)] as number);
}
