import { checkArgument, type Key } from '@metadescent/core';
import { checkWhole } from './check-whole.js';
import { cmaCandidates, type CmaState, type ScoredCandidates } from './cma-es.js';
import type { GradientEstimator } from './gradient-estimator.js';

export interface CandidateSearchOptions<Task, Result> {
  /** Candidates of a round. */
  readonly population: number;
  /** Tasks per candidate: the same keys for all candidates of a round. */
  readonly rollouts: number;
  /** One rollout of a candidate [d], plain data. */
  readonly taskOf: (candidate: Float64Array, key: Key) => Task;
  /** What a candidate is worth by its rollouts; smaller is better, and what is not finite is worst. */
  readonly scoreOf: (results: readonly Result[]) => number;
  /** The name of the tasks. Default: `candidate`. */
  readonly task?: string;
}

/**
 * Candidates drawn from the updater's distribution, each scored by the same rollouts: what CMA-ES learns from
 * in place of a gradient. A round is a generation. Candidates come from `key.fold('candidates').fold(round)`,
 * rollouts from `key.fold('training').fold(round)`.
 *
 * In the record, the objective is the mean score of the candidates that finished.
 */
export function candidateSearch<Task, Result>(
  options: CandidateSearchOptions<Task, Result>,
): GradientEstimator<null, Task, Result, ScoredCandidates, CmaState, Float64Array> {
  const advice = 'pass { population: 12, rollouts: 4, taskOf, scoreOf }';
  checkArgument(
    'candidateSearch',
    'the options',
    options,
    ['population', 'rollouts', 'taskOf', 'scoreOf'],
    advice,
  );
  const { population, rollouts, taskOf, scoreOf, task = 'candidate' } = options;
  checkWhole('candidateSearch', 'population', population, 2);
  checkWhole('candidateSearch', 'rollouts', rollouts);
  const drawn = (distribution: CmaState, key: Key, round: number) =>
    cmaCandidates(distribution, population, key.fold('candidates').fold(round));
  return {
    name: 'candidate-search',
    task,
    start: () => null,
    tasks(_, { updater, round, key }) {
      const keys = key.fold('training').fold(round).split(rollouts);
      return drawn(updater, key, round).flatMap((candidate) => keys.map((from) => taskOf(candidate, from)));
    },
    combine(results, cursors, { updater, round, key }) {
      const candidates = drawn(updater, key, round);
      const scores = candidates.map((_, k) => scoreOf(results.slice(k * rollouts, (k + 1) * rollouts)));
      const finite = scores.filter(Number.isFinite);
      return {
        signal: { candidates, scores },
        cursors,
        roundFinished: true,
        objective: { sum: finite.reduce((sum, score) => sum + score, 0), steps: finite.length },
        norms: [],
        clipped: 0,
        failed: scores.length - finite.length,
      };
    },
  };
}
