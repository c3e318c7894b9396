import { checkArgument, keyFromWords, mean, rollout, type Key, type KeyWords } from '@metadescent/core';
import {
  candidateSearch,
  cmaUpdater,
  metaTrain,
  type CmaState,
  type MetaTrainingState,
  type TaskMap,
} from '@metadescent/meta-learning';
import { lstmOptimizer } from './lstm-optimizer.js';
import type { LstmRule } from './lstm-rule.js';
import type { MetaTrainingProblem } from './meta-training-tasks.js';
import type { ReadoutSearchRecipe } from './readout-search-recipe.js';

/** A rule with its weights. */
export interface LstmCandidate {
  readonly rule: LstmRule;
  readonly weights: Float32Array;
}

/** One rollout of a candidate, as plain data that can be sent to a worker. */
export interface CandidateTask extends LstmCandidate {
  readonly split: 'training' | 'validation';
  /** Everything random about the rollout. */
  readonly key: KeyWords;
  readonly horizon: number;
}

/** Infinity where the rollout did not finish. */
export interface CandidateResult {
  /** f(θ_T) */
  readonly final: number;
  /** mean_t f̂(θ_t), t = 1 … T */
  readonly mean: number;
}

/**
 * Everything that the next generation depends on; a checkpoint is exactly this. Points are in the search's
 * coordinates (see `readoutPoint`), a round is a generation, and the updater's state is the distribution.
 */
export type ReadoutSearchState = MetaTrainingState<null, CmaState, Float64Array>;

/** What a generation did. */
export interface ReadoutSearchRecord {
  /** Generations finished. */
  readonly generation: number;
  readonly bestCandidate: number;
  readonly medianCandidate: number;
  readonly sigma: number;
  /** Candidates with a rollout that did not finish. */
  readonly failedCandidates: number;
  /** Mean over the held-out rollouts of the distribution's mean, after a validation. */
  readonly validation?: CandidateResult;
}

export interface ReadoutSearchOptions {
  readonly start: LstmCandidate;
  readonly recipe: ReadoutSearchRecipe;
  readonly key: Key;
  /** Runs the tasks `candidate` (see `runCandidateTask`), here or over workers. */
  readonly map: TaskMap;
  readonly resume?: ReadoutSearchState;
  /** Called after every generation with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onGeneration?: (
    record: ReadoutSearchRecord,
    state: ReadoutSearchState,
  ) => void | 'stop' | Promise<void | 'stop'>;
}

/**
 * Searches for a better readout (w_out, b_out of every network) of a trained rule, and for the constants η, μ
 * of its nominal step where it has one, by CMA-ES on the objective at the horizon itself: `metaTrain` of
 * `@metadescent/meta-learning` over ranks in place of gradients.
 *
 * The meta-gradient of truncated backpropagation without second derivatives is biased: its fixed point is
 * beside the minimum, and along the few stiff directions, which are the readout's, the bias costs most.
 * Rollouts have no bias, and in some twenty dimensions an evolution strategy needs few of them. Every draw is
 * a function of (key, generation): neither the number of workers nor an interruption changes a bit.
 *
 * @returns the last state; `readoutPoint(start, recipe, state.best.point)` is the result where
 *   `state.best.score` is finite.
 */
export async function searchReadout(options: ReadoutSearchOptions): Promise<ReadoutSearchState> {
  checkArgument(
    'searchReadout',
    'the options',
    options,
    ['start', 'recipe', 'key', 'map'],
    "pass { start: pretrained('mnist'), recipe, key, map }",
  );
  const { start, recipe, key, map, resume, onGeneration } = options;
  const { population, rollouts, meanWeight, generations, validationEvery, horizon } = recipe;
  const taskOf = (split: CandidateTask['split']) => (point: Float64Array, from: Key) => ({
    ...readoutPoint(start, recipe, point),
    split,
    key: from.words,
    horizon,
  });
  const held = key.fold('validation').split(recipe.validationRollouts);
  // Of the generation whose record waits for its validation.
  let waiting: ReadoutSearchRecord | undefined;
  return metaTrain({
    estimator: candidateSearch<CandidateTask, CandidateResult>({
      population,
      rollouts,
      taskOf: taskOf('training'),
      scoreOf(results) {
        const { final, mean: along } = meanResult(results);
        return final + meanWeight * along;
      },
    }),
    updater: cmaUpdater(),
    start: resume ?? new Float64Array(readoutDimensions(start.rule)),
    rounds: generations,
    learningRate: () => 1,
    validateEvery: validationEvery,
    async validate(point) {
      const tasks = held.map((from) => taskOf('validation')(point, from));
      const validation = meanResult(await map<CandidateTask, CandidateResult>('candidate', tasks));
      return { score: validation.final, validation };
    },
    key,
    map,
    onUpdate(state, { signal, failed }) {
      const sorted = [...(signal?.scores ?? [])].sort((a, b) => a - b);
      waiting = {
        generation: state.round,
        bestCandidate: sorted[0]!,
        medianCandidate: sorted[population >> 1]!,
        sigma: state.updater.sigma,
        failedCandidates: failed,
      };
      const validates = state.round % validationEvery === 0 || state.round === generations;
      return validates ? undefined : onGeneration?.(waiting, state);
    },
    onRecord: ({ validation: { validation } }, state) =>
      waiting && onGeneration?.({ ...waiting, validation }, state),
  });
}

function meanResult(results: readonly CandidateResult[]): CandidateResult {
  return { final: mean(results.map((r) => r.final)), mean: mean(results.map((r) => r.mean)) };
}

/** d: the readout weights of all networks, and two for a nominal step. */
export function readoutDimensions({ hidden, networks, nominal }: LstmRule): number {
  return networks.length * (hidden + 1) + (nominal ? 2 : 0);
}

/**
 * The rule at a point of the search: readout w₀ s + δ rms(w₀ s) x with s the recipe's `readoutScale` and δ
 * its `readoutDeviation`; ln η and ln(1 − μ) are the start's plus `nominalDeviation` · x.
 *
 * @param point [readoutDimensions]
 */
export function readoutPoint(
  { rule, weights }: LstmCandidate,
  { readoutScale, readoutDeviation, nominalDeviation }: ReadoutSearchRecipe,
  point: Float64Array,
): LstmCandidate {
  const perNetwork = weights.length / rule.networks.length;
  const readout = rule.hidden + 1;
  const moved = weights.slice();
  rule.networks.forEach((_, network) => {
    const own = moved.subarray((network + 1) * perNetwork - readout, (network + 1) * perNetwork);
    const unit =
      readoutDeviation * readoutScale * Math.sqrt(own.reduce((sum, w) => sum + w * w, 0) / readout);
    own.forEach((w, i) => (own[i] = readoutScale * w + unit * point[network * readout + i]!));
  });
  if (!rule.nominal) return { rule, weights: moved };
  const [first, second] = point.slice(-2) as unknown as [number, number];
  const { learningRate, momentum } = rule.nominal;
  const nominal = {
    learningRate: learningRate * Math.exp(nominalDeviation * first),
    momentum: Math.max(0, 1 - (1 - momentum) * Math.exp(nominalDeviation * second)),
  };
  return { rule: { ...rule, nominal }, weights: moved };
}

/** A pure function of the task; the problem's own rule does not matter. */
export function runCandidateTask(
  problem: MetaTrainingProblem,
  { rule, weights, split, key: words, horizon }: CandidateTask,
): CandidateResult {
  const key = keyFromWords(words);
  const optimizee = problem[split].sample(key.fold('optimizee'));
  const { outcome, objectives, trueObjectives } = rollout(
    optimizee,
    lstmOptimizer(rule, weights, problem.engine),
    {
      horizon,
      key: key.fold('rollout'),
      trueObjectiveEvery: horizon,
    },
  );
  const final = trueObjectives[horizon]!;
  if (outcome.kind !== 'finished' || !Number.isFinite(final)) return { final: Infinity, mean: Infinity };
  return { final, mean: mean(objectives.subarray(1)) };
}
