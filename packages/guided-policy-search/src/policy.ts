import type { Key } from '@metadescent/core';

/** The sizes a policy is made for. */
export interface PolicyContext {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  /** Number of groups */
  readonly groups: number;
}

/** Observations of whole trajectories of one group: rows are trajectories × coordinates. */
export interface ObservationSequences {
  readonly rows: number;
  readonly rowsPerTrajectory: number;
  /** [rows, O], t = 0 … T − 1 */
  observations(t: number): Float64Array;
}

/** The weighted regression that the θ-subproblem amounts to (Li & Malik 2017, §3.4), for one group. */
export interface PolicyTargets extends ObservationSequences {
  /** y [T, rows, U] */
  readonly targets: Float64Array;
  /**
   * Weights as precision matrices, scaled to a mean diagonal of 1: the loss is the mean of ½ (μ − y)ᵀP_t(μ −
   * y) [T, U, U]
   */
  readonly precision: Float64Array;
}

export interface PolicyFitOptions {
  readonly key: Key;
  /** `clone` for the first imitation of the initial controller, `iteration` for the later refinements. */
  readonly phase: 'clone' | 'iteration';
}

export interface PolicyFit<S> {
  readonly state: S;
  /** Mean weighted squared error before and after. */
  readonly lossBefore: number;
  readonly lossAfter: number;
}

/**
 * The policy π(a | o) = N(μ_ω(o), Σ): how means are computed and trained; the engine itself keeps Σ. The
 * state S is plain data (typed arrays, numbers, strings in records and lists), so that runs can be saved and
 * resumed; nothing is changed in place.
 */
export interface Policy<S> {
  readonly name: string;
  init(context: PolicyContext, key: Key): S;
  /** Trains on all groups; the index of a data set is its group. */
  fit(
    state: S,
    data: readonly PolicyTargets[],
    options: PolicyFitOptions,
  ): PolicyFit<S> | Promise<PolicyFit<S>>;
  /** Means along whole sequences [T, rows, U]: what the policy's linear-Gaussian model is fitted to. */
  means(state: S, group: number, sequences: ObservationSequences): Float64Array;
  /** Starts acting on `rows` coordinates of a group; the closure keeps the memory. */
  start(
    state: S,
    group: number,
    rows: number,
  ): (t: number, observations: Float64Array, means: Float64Array) => void;
}

/** Mean over steps and rows of ½ (μ − y)ᵀP_t(μ − y). */
export function weightedLoss(
  means: Float64Array,
  { rows, targets, precision }: Pick<PolicyTargets, 'rows' | 'targets' | 'precision'>,
  actionSize: number,
): number {
  const U = actionSize;
  const T = targets.length / (rows * U);
  let sum = 0;
  for (let t = 0; t < T; t++) {
    for (let r = 0; r < rows; r++) {
      const at = (t * rows + r) * U;
      for (let u = 0; u < U; u++) {
        for (let w = 0; w < U; w++) {
          sum +=
            0.5 *
            precision[(t * U + u) * U + w]! *
            (means[at + u]! - targets[at + u]!) *
            (means[at + w]! - targets[at + w]!);
        }
      }
    }
  }
  return sum / (T * rows);
}
