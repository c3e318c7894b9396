import { checkArgument, UserError, type Key } from '@metadescent/core';
import { checkWhole } from './check-whole.js';
import type { Estimate, EstimatorContext, GradientEstimator, Vector } from './gradient-estimator.js';
import {
  emptyWindow,
  extended,
  summary,
  type MetaTrainingRecord,
  type MetaTrainingState,
} from './meta-training-state.js';
import type { TaskMap } from './task-map.js';
import type { Updater } from './updater.js';

/** Whether training ends here; may be awaited. */
export type StopOrNot = void | 'stop' | Promise<void | 'stop'>;

export interface MetaTrainingOptions<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Validation extends { readonly score: number },
  Point extends Vector = Float32Array,
> {
  readonly estimator: GradientEstimator<Cursors, Task, Result, Signal, NoInfer<UpdaterState>, Point>;
  readonly updater: Updater<UpdaterState, Signal, Point>;
  /** Where φ starts [n], or a state to go on from. */
  readonly start: Point | MetaTrainingState<Cursors, UpdaterState, Point>;
  readonly rounds: number;
  /** The updater's learning rate in round r, from 0. */
  readonly learningRate: (round: number) => number;
  /** Rounds between two validations; there is also one after the last round. */
  readonly validateEvery: number;
  /** Also validate the start, before any update. Default false. */
  readonly validateFirst?: boolean;
  /** Scores a point; smaller is better, and a score that is not finite is never the best. */
  readonly validate: (point: Point, round: number) => Promise<Validation>;
  /** Validations without a better score before training stops. Default: never. */
  readonly patience?: number;
  readonly key: Key;
  readonly map: TaskMap;
  /**
   * Called after every update with the state, from which training goes on with the same bits, and with what
   * the estimator said. Return `stop` to end there.
   */
  readonly onUpdate?: (
    state: MetaTrainingState<Cursors, UpdaterState, Point>,
    estimate: Estimate<Cursors, Signal>,
  ) => StopOrNot;
  /** Called after every validation with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onRecord?: (
    record: MetaTrainingRecord<Validation>,
    state: MetaTrainingState<Cursors, UpdaterState, Point>,
  ) => StopOrNot;
}

/**
 * The only meta-training loop: rounds of
 *
 *     results = map(estimator.tasks(φ)),   signal = estimator.combine(results),   φ ← updater(φ, signal)
 *
 * with a validation every few rounds; the point with the lowest score is kept.
 *
 * Every draw is a function of (key, round, index) and results are combined in order: neither the number of
 * workers nor an interruption, at a record or after any update, changes a bit.
 *
 * @returns the last state; `best.point` is the trained φ.
 * @throws UserError if an option is missing or out of range, or a map gives another number of results than
 *   there were tasks.
 */
export async function metaTrain<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Validation extends { readonly score: number },
  Point extends Vector = Float32Array,
>(
  options: MetaTrainingOptions<Cursors, Task, Result, Signal, UpdaterState, Validation, Point>,
): Promise<MetaTrainingState<Cursors, UpdaterState, Point>> {
  type State = MetaTrainingState<Cursors, UpdaterState, Point>;
  checkOptions(options);
  const { estimator, updater, rounds, learningRate, validateEvery, validate, key, map } = options;
  const { patience = Infinity, onUpdate, onRecord } = options;

  /** The record of the rounds since the last one, and the state that begins the next. */
  const recorded = async (
    before: State,
  ): Promise<{ readonly record: MetaTrainingRecord<Validation>; readonly state: State }> => {
    const { round, point } = before;
    const validation = await validate(point, round);
    const better = validation.score < before.best.score;
    const best = better ? { point, score: validation.score, round } : before.best;
    return {
      record: {
        round,
        learningRate: learningRate(Math.max(0, round - 1)),
        ...summary(before.window),
        validation,
        bestScore: best.score,
      },
      state: { ...before, best, recorded: round, window: emptyWindow },
    };
  };

  /** One update of φ; a round may take several. */
  const updated = async (
    before: State,
  ): Promise<{ readonly state: State; readonly estimate: Estimate<Cursors, Signal> }> => {
    const { round, point, cursors } = before;
    const context: EstimatorContext<UpdaterState, Point> = { point, updater: before.updater, round, key };
    const tasks = estimator.tasks(cursors, context);
    const results = await map<Task, Result>(estimator.task, tasks);
    checkCount(estimator.task, results.length, tasks.length);
    const estimate = estimator.combine(results, cursors, context);
    const moved =
      estimate.signal === undefined
        ? { point, state: before.updater }
        : updater.update(point, estimate.signal, before.updater, learningRate(round));
    return {
      estimate,
      state: {
        ...before,
        round: estimate.roundFinished ? round + 1 : round,
        point: moved.point,
        updater: moved.state,
        cursors: estimate.cursors,
        window: extended(before.window, estimate),
      },
    };
  };

  let state = initialState(options);
  for (;;) {
    if (state.recorded < state.round && (state.round % validateEvery === 0 || state.round === rounds)) {
      const next = await recorded(state);
      state = next.state;
      if ((await onRecord?.(next.record, state)) === 'stop') break;
    }
    const waited = (state.round - Math.max(0, state.best.round)) / validateEvery;
    if (state.round >= rounds || waited >= patience) break;
    const next = await updated(state);
    state = next.state;
    if ((await onUpdate?.(state, next.estimate)) === 'stop') break;
  }
  return state;
}

const WANTED = [
  'estimator',
  'updater',
  'start',
  'rounds',
  'learningRate',
  'validateEvery',
  'validate',
  'key',
];

function checkOptions(options: { readonly rounds: number; readonly validateEvery: number }): void {
  const advice =
    'pass { estimator: persistentEvolutionStrategies(…), updater: metaAdam(), start, rounds, learningRate, validateEvery, validate, key, map }';
  checkArgument('metaTrain', 'the options', options, [...WANTED, 'map'], advice);
  checkWhole('metaTrain', 'rounds', options.rounds, 0);
  checkWhole('metaTrain', 'validateEvery', options.validateEvery);
}

function checkCount(task: string, results: number, tasks: number): void {
  if (results !== tasks)
    throw new UserError(
      `metaTrain: the map must give one result per task, but gave ${results} for ${tasks} tasks "${task}"`,
    );
}

/** The state before the first round. */
function initialState<Cursors, UpdaterState, Signal, Point extends Vector>({
  estimator,
  updater,
  start,
  validateFirst = false,
}: {
  readonly estimator: { start(): Cursors };
  readonly updater: Updater<UpdaterState, Signal, Point>;
  readonly start: Point | MetaTrainingState<Cursors, UpdaterState, Point>;
  readonly validateFirst?: boolean;
}): MetaTrainingState<Cursors, UpdaterState, Point> {
  if ('point' in start) return start;
  const point = start.slice() as Point;
  return {
    round: 0,
    point,
    updater: updater.init(point.length),
    cursors: estimator.start(),
    recorded: validateFirst ? -1 : 0,
    window: emptyWindow,
    best: { point, score: Infinity, round: -1 },
  };
}
