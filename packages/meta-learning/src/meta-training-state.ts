import type { Estimate, Vector } from './gradient-estimator.js';

/**
 * Everything that the next update and the next record depend on; a checkpoint is exactly this. Plain data.
 *
 * @typeParam Cursors where the unrolls of the estimator stand
 * @typeParam UpdaterState what the updater remembers
 */
export interface MetaTrainingState<
  Cursors = unknown,
  UpdaterState = unknown,
  Point extends Vector = Float32Array,
> {
  /** Rounds finished. */
  readonly round: number;
  /** φ as one vector [n] */
  readonly point: Point;
  readonly updater: UpdaterState;
  readonly cursors: Cursors;
  /** The round of the last record; −1 where not even the start is validated yet. */
  readonly recorded: number;
  /** What happened since the last record. */
  readonly window: MetaTrainingWindow;
  /**
   * The point with the lowest validation score so far, that score (Infinity before the first validation), and
   * the round after which it was measured (−1 before).
   */
  readonly best: { readonly point: Point; readonly score: number; readonly round: number };
}

/** What the updates since the last record add up to. */
export interface MetaTrainingWindow {
  /** Σ f̂ over the steps of the tasks that finished, and how many steps these are. */
  readonly objectiveSum: number;
  readonly steps: number;
  /** Norms of the tasks' gradients before clipping. */
  readonly norms: readonly number[];
  readonly clipped: number;
  readonly failed: number;
}

/** Before the first update after a record. */
export const emptyWindow: MetaTrainingWindow = {
  objectiveSum: 0,
  steps: 0,
  norms: [],
  clipped: 0,
  failed: 0,
};

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

/** The window with one more update. */
export function extended(
  window: MetaTrainingWindow,
  { objective, norms, clipped, failed }: Estimate<unknown, unknown>,
): MetaTrainingWindow {
  return {
    objectiveSum: window.objectiveSum + objective.sum,
    steps: window.steps + objective.steps,
    norms: [...window.norms, ...norms],
    clipped: window.clipped + clipped,
    failed: window.failed + failed,
  };
}

/** What a record says of a window. */
export function summary({ objectiveSum, steps, norms, clipped, failed }: MetaTrainingWindow) {
  return {
    trainingObjective: objectiveSum / steps,
    gradientNorm: [...norms].sort((a, b) => a - b)[Math.floor(norms.length / 2)] ?? NaN,
    clippedShare: clipped / Math.max(1, norms.length),
    failedTasks: failed,
  };
}
