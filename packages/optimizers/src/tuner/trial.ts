import { mean, standardError } from '@metadescent/core';

/** Plain-data options of an optimizer, by name. */
export type OptionValues = Readonly<Record<string, number>>;

/** One optimisation run that the tuner asks for; plain data, so that it can be sent to a worker. */
export interface Trial {
  /** Name of the rule. */
  readonly optimizer: string;
  readonly options: OptionValues;
  /** Which tuning task: candidates are compared on the same tasks, the same start and the same mini-batches. */
  readonly taskIndex: number;
}

/**
 * Runs trials, in whatever order and wherever it likes, and returns their scores in the order of the trials:
 * lower is better, a value that is not finite means that the run diverged. A score must depend on the trial
 * alone.
 */
export type EvaluateTrials = (trials: readonly Trial[]) => Promise<readonly number[]>;

/** Which part of a search asked for a candidate. */
export type CandidateOrigin = 'initial' | 'extension' | 'refinement';

/** One setting of the hyper-parameters, and how it did. */
export interface Candidate {
  readonly options: OptionValues;
  /** The part of the search that asked for it. */
  readonly origin: CandidateOrigin;
  /** Number of the batch of trials it was in, from 0. */
  readonly round: number;
  /** Score per task; +∞ for a run that diverged (`null` in JSON) [tasks] */
  readonly scores: readonly number[];
  /** Mean of the scores; +∞ if any run diverged. */
  readonly score: number;
  /**
   * Standard error of that mean over tasks; NaN if a run diverged or there is one task only. Candidates share
   * tasks, so differences are surer than this.
   */
  readonly standardError: number;
  /** Runs that diverged, of `scores.length`. */
  readonly diverged: number;
}

/**
 * Scores settings on tasks 0 … tasks − 1 in one batch of trials, setting by setting.
 *
 * @throws RangeError if `evaluate` does not return one score per trial.
 */
export async function evaluateCandidates(
  optimizer: string,
  settings: readonly OptionValues[],
  evaluate: EvaluateTrials,
  { tasks, origin, round }: { tasks: number; origin: CandidateOrigin; round: number },
): Promise<Candidate[]> {
  const trials = settings.flatMap((options) =>
    Array.from({ length: tasks }, (_, taskIndex): Trial => ({ optimizer, options, taskIndex })),
  );
  const received = await evaluate(trials);
  if (received.length !== trials.length) {
    throw new RangeError(
      `evaluateCandidates: evaluate must return one score per trial, but returned ${received.length} for ${trials.length} trials`,
    );
  }
  return settings.map((options, index) => {
    const scores = received
      .slice(index * tasks, (index + 1) * tasks)
      .map((score) => (Number.isFinite(score) ? score : Infinity));
    const diverged = scores.filter((score) => score === Infinity).length;
    return {
      options,
      origin,
      round,
      scores,
      score: mean(scores),
      standardError: diverged > 0 ? NaN : standardError(scores),
      diverged,
    };
  });
}

/** The candidate with the lowest finite score; the earlier one of equals; undefined if all diverged. */
export function bestOf<C extends Candidate>(candidates: readonly C[]): C | undefined {
  let best: C | undefined;
  for (const candidate of candidates) {
    if (candidate.score < (best?.score ?? Infinity)) best = candidate;
  }
  return best;
}
