import { checkArgument, type Key } from '@metadescent/core';
import {
  heldOutScore,
  metaAdam,
  metaTrain,
  truncatedBackpropagation,
  type Estimate,
  type MetaAdamState,
  type MetaTrainingState,
  type TaskMap,
  type UnrollCursor,
  type Unrolls,
} from '@metadescent/meta-learning';
import { initialWeights, type LstmRule } from './lstm-rule.js';
import { learningRateAt, unrollAt, type MetaTrainingRecipe } from './meta-training-recipe.js';
import type { SegmentDetails } from './meta-training-tasks.js';

/**
 * Everything that the next epoch depends on; a checkpoint is exactly this. A round is a meta-batch: see
 * `epochsOf`.
 */
export type LstmTrainingState = MetaTrainingState<Unrolls<UnrollCursor>, MetaAdamState>;

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

export interface LstmTrainingOptions {
  readonly rule: LstmRule;
  readonly recipe: MetaTrainingRecipe;
  readonly key: Key;
  /** Runs the tasks `segment` and `validate` of `metaTrainingTasks`, here or over workers. */
  readonly map: TaskMap;
  /** Continue from here; absent starts from `initialWeights`. */
  readonly resume?: LstmTrainingState;
  /** Called after every epoch with what to log and what to checkpoint. Return `stop` to end after this epoch. */
  readonly onEpoch?: (
    record: EpochRecord,
    state: LstmTrainingState,
  ) => void | 'stop' | Promise<void | 'stop'>;
  /** Called after every meta-batch, for progress lines. */
  readonly onBatch?: (done: number, total: number) => void;
}

/** How many epochs these rounds are: of a state that was given to `onEpoch`, a whole number. */
export function epochsOf({ batchesPerEpoch }: MetaTrainingRecipe, round: number): number {
  return round / batchesPerEpoch;
}

/**
 * Meta-trains the LSTM optimizer (Andrychowicz et al. 2016, §3): epochs of truncated backpropagation through
 * time with Adam, each followed by validation on held-out optimizees; the weights with the best validation
 * score are kept; training stops when the score has not improved for `patience` epochs. It is
 * `metaTrain` of `@metadescent/meta-learning` with the paper's choices.
 *
 * Every draw is a function of (key, epoch, batch, unroll), and gradients are summed in index order, so the
 * result depends neither on the number of workers nor on interruptions between epochs.
 *
 * @returns the last state; `best.point` are the weights of the trained optimizer.
 */
export async function metaTrainLstm(options: LstmTrainingOptions): Promise<LstmTrainingState> {
  const advice =
    'pass { rule, recipe: parseMetaTraining(…), key: createKey(1), map: inlineTasks(metaTrainingTasks(…)) }';
  checkArgument('metaTrainLstm', 'the options', options, ['rule', 'recipe', 'key', 'map'], advice);
  const { rule, recipe, key, map, resume, onEpoch, onBatch } = options;
  const { batchesPerEpoch, epochs } = recipe;
  const epochAt = (round: number) => Math.floor(round / batchesPerEpoch);
  const details: SegmentDetails = {
    loss: recipe.loss,
    scaling: { range: recipe.randomScaling, signs: recipe.randomSigns },
    coordinatesPerGroup: recipe.coordinatesPerGroup,
  };
  const start = resume ?? initialWeights(rule, key.fold('weights'));
  let touched = noneTouched(start);
  return metaTrain({
    estimator: truncatedBackpropagation<UnrollCursor, SegmentDetails>({
      batch: recipe.batch,
      gradientClip: recipe.gradientClip,
      unrollAt: (round) => unrollAt(recipe, epochAt(round)),
      keyAt: (from, round) =>
        from
          .fold('training')
          .fold(epochAt(round))
          .fold(round % batchesPerEpoch),
      detailsAt: () => details,
    }),
    updater: metaAdam(),
    start,
    rounds: epochs * batchesPerEpoch,
    learningRate: (round) => learningRateAt(recipe, epochAt(round)),
    validateEvery: batchesPerEpoch,
    validate: heldOutScore({
      map,
      key,
      rollouts: recipe.validationUnrolls,
      horizon: recipe.horizon,
      of: recipe.validationScore,
    }),
    patience: recipe.patience,
    key,
    map,
    onUpdate({ round }, estimate) {
      mark(touched, estimate);
      if (estimate.roundFinished) onBatch?.(((round - 1) % batchesPerEpoch) + 1, batchesPerEpoch);
    },
    async onRecord({ round, validation, failedTasks, ...record }, state) {
      const epoch = epochsOf(recipe, round) - 1;
      const deadWeights = touched.reduce((dead, is) => dead + (is ? 0 : 1), 0);
      touched = noneTouched(state);
      return onEpoch?.(
        {
          epoch,
          horizon: unrollAt(recipe, epoch).horizon,
          learningRate: record.learningRate,
          trainingObjective: record.trainingObjective,
          validationScore: validation.score,
          bestScore: record.bestScore,
          gradientNorm: record.gradientNorm,
          clippedShare: record.clippedShare,
          nonFiniteUnrolls: failedTasks,
          failedValidations: validation.failed,
          deadWeights,
        },
        state,
      );
    },
  });
}

/** One flag per meta-parameter. */
function noneTouched(start: Float32Array | LstmTrainingState): Uint8Array {
  return new Uint8Array('point' in start ? start.point.length : start.length);
}

/** Flags the meta-parameters whose meta-gradient is not zero. */
function mark(touched: Uint8Array, { signal }: Estimate<unknown, Float64Array>): void {
  signal?.forEach((g, i) => {
    if (g !== 0) touched[i] = 1;
  });
}
