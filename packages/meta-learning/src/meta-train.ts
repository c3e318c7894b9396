import { mean, type Key } from '@metadescent/core';
import type { EstimatorContext, GradientEstimator } from './gradient-estimator.js';
import type { TaskMap } from './task-map.js';
import type { Updater } from './updater.js';

/** Everything that the next round depends on; a checkpoint is exactly this. Plain data. */
export interface MetaTrainingState<Cursors, UpdaterState> {
  /** Rounds finished. */
  readonly round: number;
  /** φ as one vector [n] */
  readonly point: Float32Array;
  readonly updater: UpdaterState;
  readonly cursors: Cursors;
  /**
   * The point with the lowest validation score so far, that score (Infinity before the first validation), and
   * the round after which it was measured (−1 before).
   */
  readonly best: { readonly point: Float32Array; readonly score: number; readonly round: number };
}

/** What happened between two validations, for logs and reports. */
export interface MetaTrainingRecord<
  Validation extends { readonly score: number } = { readonly score: number },
> {
  /** Rounds finished when it was written. */
  readonly round: number;
  /** Of the last round. */
  readonly learningRate: number;
  /** Mean objective over the steps of the tasks that finished; NaN if none did. */
  readonly trainingObjective: number;
  /** Median norm of a task's gradient before clipping; NaN without gradients. */
  readonly gradientNorm: number;
  /** Share of tasks whose gradient was clipped. */
  readonly clippedShare: number;
  /** Tasks given up because a value was not finite or the objective diverged. */
  readonly failedTasks: number;
  /** What the validation said. */
  readonly validation: Validation;
  readonly bestScore: number;
}

export interface MetaTrainingOptions<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Validation extends { readonly score: number },
> {
  readonly estimator: GradientEstimator<Cursors, Task, Result, Signal, UpdaterState>;
  readonly updater: Updater<UpdaterState, Signal>;
  /** Where φ starts [n], or a state to go on from. */
  readonly start: Float32Array | MetaTrainingState<Cursors, UpdaterState>;
  readonly rounds: number;
  /** The updater's learning rate in round r, from 0. */
  readonly learningRate: (round: number) => number;
  /** Rounds between two validations; there is also one after the last round. */
  readonly validateEvery: number;
  /** Scores a point; smaller is better, and a score that is not finite is never the best. */
  readonly validate: (point: Float32Array, round: number) => Promise<Validation>;
  /** Validations without a better score before training stops. Default: never. */
  readonly patience?: number;
  readonly key: Key;
  readonly map: TaskMap;
  /** Called after every update, for progress lines. */
  readonly onUpdate?: (round: number) => void;
  /** Called after every validation with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onRecord?: (
    record: MetaTrainingRecord<Validation>,
    state: MetaTrainingState<Cursors, UpdaterState>,
  ) => void | 'stop' | Promise<void | 'stop'>;
}

/**
 * The only meta-training loop: rounds of
 *
 *     results = map(estimator.tasks(φ)),   signal = estimator.combine(results),   φ ← updater(φ, signal)
 *
 * with a validation every few rounds; the point with the lowest score is kept.
 *
 * Every draw is a function of (key, round, index) and results are combined in order: neither the number of
 * workers nor an interruption at a record changes a bit.
 *
 * @returns the last state; `best.point` is the trained φ.
 */
export async function metaTrain<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Validation extends { readonly score: number },
>(
  options: MetaTrainingOptions<Cursors, Task, Result, Signal, UpdaterState, Validation>,
): Promise<MetaTrainingState<Cursors, UpdaterState>> {
  const { rounds, validateEvery, validate, patience = Infinity, onRecord } = options;
  let state = initialState(options);
  while (state.round < rounds && (state.round - Math.max(0, state.best.round)) / validateEvery < patience) {
    const seen = noStatistics();
    const upTo = Math.min(rounds, (Math.floor(state.round / validateEvery) + 1) * validateEvery);
    while (state.round < upTo) state = await update(options, state, seen);
    const validation = await validate(state.point, state.round);
    const better = validation.score < state.best.score;
    if (better)
      state = { ...state, best: { point: state.point, score: validation.score, round: state.round } };
    const record: MetaTrainingRecord<Validation> = {
      round: state.round,
      learningRate: options.learningRate(state.round - 1),
      trainingObjective: mean(seen.objectives),
      gradientNorm: seen.norms.sort((a, b) => a - b)[Math.floor(seen.norms.length / 2)] ?? NaN,
      clippedShare: seen.clipped / Math.max(1, seen.norms.length),
      failedTasks: seen.failed,
      validation,
      bestScore: state.best.score,
    };
    if ((await onRecord?.(record, state)) === 'stop') break;
  }
  return state;
}

/** The state before the first round. */
function initialState<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Validation extends { readonly score: number },
>({
  estimator,
  updater,
  start,
}: MetaTrainingOptions<Cursors, Task, Result, Signal, UpdaterState, Validation>): MetaTrainingState<
  Cursors,
  UpdaterState
> {
  if ('point' in start) return start;
  const point = start.slice();
  return {
    round: 0,
    point,
    updater: updater.init(point.length),
    cursors: estimator.start(),
    best: { point, score: Infinity, round: -1 },
  };
}

interface Statistics {
  readonly objectives: number[];
  readonly norms: number[];
  clipped: number;
  failed: number;
}

function noStatistics(): Statistics {
  return { objectives: [], norms: [], clipped: 0, failed: 0 };
}

/** One update of φ; a round may take several. */
async function update<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Validation extends { readonly score: number },
>(
  {
    estimator,
    updater,
    learningRate,
    key,
    map,
    onUpdate,
  }: MetaTrainingOptions<Cursors, Task, Result, Signal, UpdaterState, Validation>,
  state: MetaTrainingState<Cursors, UpdaterState>,
  seen: Statistics,
): Promise<MetaTrainingState<Cursors, UpdaterState>> {
  const { round, point, cursors } = state;
  const context: EstimatorContext<UpdaterState> = { point, updater: state.updater, round, key };
  const results = await map<Task, Result>(estimator.task, estimator.tasks(cursors, context));
  const estimate = estimator.combine(results, cursors, context);
  seen.objectives.push(...estimate.objectives);
  seen.norms.push(...estimate.norms);
  seen.clipped += estimate.clipped;
  seen.failed += estimate.failed;
  const moved =
    estimate.signal === undefined
      ? { point, state: state.updater }
      : updater.update(point, estimate.signal, state.updater, learningRate(round));
  const next = estimate.roundFinished ? round + 1 : round;
  onUpdate?.(next);
  return { ...state, round: next, point: moved.point, updater: moved.state, cursors: estimate.cursors };
}
