import { checkArgument, createKey, packPlainData, parsePlainData, type Tensor } from '@metadescent/core';
import { requireProperty, type ConformanceCheck } from '@metadescent/core/conformance';
import type { Estimate, EstimatorContext, GradientEstimator, Vector } from '../gradient-estimator.js';

export interface EstimatorConformanceOptions<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Point extends Vector = Float32Array,
> {
  readonly estimator: GradientEstimator<Cursors, Task, Result, Signal, UpdaterState, Point>;
  /** Runs a task. */
  readonly run: (task: Task) => Result;
  /** φ at which to estimate [n] */
  readonly point: Point;
  /** What the updater remembers, for estimators that look at it. */
  readonly updater?: UpdaterState;
  /** Updates to look at; enough of them to end a round. Default 8. */
  readonly updates?: number;
  readonly seed?: number;
}

/**
 * What every estimator must satisfy: `tasks` and `combine` are pure, results may come from anywhere and in any
 * order, and an interruption after any update, within an unroll or at its end, changes no bit of what follows.
 *
 * @example
 * for (const check of estimatorConformance({ estimator, run, point })) test(check.name, check.run);
 */
export function estimatorConformance<
  Cursors,
  Task,
  Result,
  Signal,
  UpdaterState,
  Point extends Vector = Float32Array,
>(
  options: EstimatorConformanceOptions<Cursors, Task, Result, Signal, UpdaterState, Point>,
): ConformanceCheck[] {
  const members = ['estimator', 'run', 'point'];
  checkArgument('estimatorConformance', 'the options', options, members, 'pass { estimator, run, point }');
  const { estimator, run, point, updates = 8, seed = 4 } = options;
  const key = createKey(seed);
  type Context = EstimatorContext<UpdaterState, Point>;
  const contextOf = (round: number): Context => ({
    point: point.slice() as Point,
    updater: options.updater as UpdaterState,
    round,
    key,
  });
  const here = (tasks: readonly Task[]): Result[] => tasks.map(run);

  /** The estimates of a number of updates; `through` is what happens to the cursors between two of them. */
  const estimates = (
    map: (tasks: readonly Task[]) => readonly Result[],
    through = (cursors: Cursors): Cursors => cursors,
  ): Estimate<Cursors, Signal>[] => {
    let [cursors, round] = [estimator.start(), 0];
    return Array.from({ length: updates }, () => {
      const context = contextOf(round);
      const estimate = estimator.combine(map(estimator.tasks(cursors, context)), cursors, context);
      cursors = through(estimate.cursors);
      if (estimate.roundFinished) round++;
      return estimate;
    });
  };
  const same = (first: unknown, second: unknown, message: string): void =>
    requireProperty(stored(first) === stored(second), () => message);

  return [
    {
      name: 'tasks and combine are pure',
      run() {
        const context = contextOf(0);
        const cursors = estimator.start();
        const before = stored(cursors);
        const tasks = estimator.tasks(cursors, context);
        same(tasks, estimator.tasks(cursors, context), 'tasks must give the same tasks twice');
        const results = here(tasks);
        const given = stored(results);
        const estimate = estimator.combine(results, cursors, context);
        same(estimate, estimator.combine(results, cursors, context), 'combine must say the same twice');
        requireProperty(stored(cursors) === before, () => 'the cursors must not be changed in place');
        requireProperty(stored(results) === given, () => 'the results must not be changed in place');
        same(context.point, point, 'the point must not be changed in place');
      },
    },
    {
      name: 'tasks that run elsewhere and in another order: the same bits',
      run() {
        const elsewhere = (tasks: readonly Task[]): Result[] =>
          structuredClone(here(structuredClone([...tasks].reverse()))).reverse();
        same(estimates(here), estimates(elsewhere), 'copies and order of tasks must not show');
      },
    },
    {
      name: 'interrupted after any update and resumed from a copy or a checkpoint: the same bits',
      run() {
        const whole = estimates(here);
        same(whole, estimates(here, structuredClone), 'a structured clone of the cursors must do');
        same(whole, estimates(here, reread), 'what a checkpoint gives back of the cursors must do');
      },
    },
    {
      name: 'rounds end, and every update says something',
      run() {
        const seen = estimates(here);
        requireProperty(
          seen.some(({ roundFinished }) => roundFinished),
          () => `no round ended within ${updates} updates`,
        );
        requireProperty(
          seen.every(({ signal, objective }) => signal !== undefined && objective.steps > 0),
          () => 'an update of tasks that finished must have a signal and an objective',
        );
      },
    },
  ];
}

/** Plain data as text, bit for bit. */
function stored(value: unknown): string {
  const tensors: Record<string, Tensor> = {};
  const structure = JSON.stringify(packPlainData({ value }, 'value', tensors));
  const bytes = Object.entries(tensors).map(([name, { data }]) => [
    name,
    data.constructor.name,
    [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);
  return structure + JSON.stringify(bytes);
}

/** What a checkpoint gives back. */
function reread<Data>(value: Data): Data {
  const tensors: Record<string, Tensor> = {};
  const structure = JSON.stringify(packPlainData(value, 'value', tensors));
  return parsePlainData(structure, tensors) as Data;
}
