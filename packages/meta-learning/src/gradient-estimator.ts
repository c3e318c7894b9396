import type { Key } from '@metadescent/core';

/** φ as one vector [n]: single precision for networks, double where a search needs it. */
export type Vector = Float32Array | Float64Array;

/** Where meta-training stands when an estimator is asked. */
export interface EstimatorContext<UpdaterState = unknown, Point extends Vector = Float32Array> {
  /** φ as one vector [n]; read only. */
  readonly point: Point;
  /** What the updater remembers: population methods draw from it. */
  readonly updater: UpdaterState;
  /** Rounds finished. */
  readonly round: number;
  /** The source of everything random in this training; an estimator folds the round and the index of a task in. */
  readonly key: Key;
}

/** What a batch of results says. */
export interface Estimate<Cursors, Signal> {
  /** What the updater moves φ by; undefined where no task gave a finite value: then φ stays. */
  readonly signal: Signal | undefined;
  /** Where the unrolls stand: the state of the estimator, plain data. */
  readonly cursors: Cursors;
  /** Whether a round ended, such as a batch of unrolls. */
  readonly roundFinished: boolean;
  /** Σ f̂ over all steps of the tasks that finished, and how many steps these are, for the record. */
  readonly objective: { readonly sum: number; readonly steps: number };
  /** Norm of each task's gradient before clipping, for the record. */
  readonly norms: readonly number[];
  /** How many of these were clipped. */
  readonly clipped: number;
  /** Tasks given up because a value was not finite or the objective diverged. */
  readonly failed: number;
}

/**
 * Estimates how a change of φ changes the meta-loss, by pure tasks: truncated backpropagation, evolution
 * strategies, a population with scores. The work is in the tasks, which may run anywhere; `tasks` and
 * `combine` are cheap and run where the training loop runs.
 *
 * Contract: `tasks` and `combine` are pure; results are combined in the order of the tasks; every draw is a
 * function of the context's key, the round and the cursors. So neither the number of workers nor an
 * interruption changes a bit. `estimatorConformance` checks it.
 *
 * @typeParam Cursors where unrolls stand between two updates: plain data with typed arrays, part of the checkpoint
 * @typeParam Task plain data
 * @typeParam Signal a gradient [n], or candidates with scores
 */
export interface GradientEstimator<
  Cursors,
  Task,
  Result,
  Signal = Float64Array,
  UpdaterState = unknown,
  Point extends Vector = Float32Array,
> {
  readonly name: string;
  /** The name under which a `TaskMap` knows the tasks. */
  readonly task: string;
  /** Before the first update. */
  start(): Cursors;
  tasks(cursors: Cursors, context: EstimatorContext<UpdaterState, Point>): readonly Task[];
  combine(
    results: readonly Result[],
    cursors: Cursors,
    context: EstimatorContext<UpdaterState, Point>,
  ): Estimate<Cursors, Signal>;
}
