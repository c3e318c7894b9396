import { checkArgument, keyFromWords, mean, rollout, type Key, type KeyWords } from '@metadescent/core';
import { cmaCandidates, cmaUpdate, initialCmaState, type CmaState } from './cma-es.js';
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
  readonly kind: 'candidate';
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

/** How rollouts are run: inline, or over workers. Results must come in the order of the tasks. */
export type CandidateMapper = (tasks: readonly CandidateTask[]) => Promise<readonly CandidateResult[]>;

/** Everything that the next generation depends on; a checkpoint is exactly this. */
export interface ReadoutSearchState {
  readonly distribution: CmaState;
  /**
   * The validated point with the lowest mean f(θ_T), in the search's coordinates; none before the first
   * validation.
   */
  readonly best?: { readonly point: Float64Array; readonly score: number; readonly generation: number };
}

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
  readonly map: CandidateMapper;
  readonly resume?: ReadoutSearchState;
  /** Called after every generation with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onGeneration?: (
    record: ReadoutSearchRecord,
    state: ReadoutSearchState,
  ) => void | 'stop' | Promise<void | 'stop'>;
}

/**
 * Searches for a better readout (w_out, b_out of every network) of a trained rule, and for the constants η, μ
 * of its nominal step where it has one, by CMA-ES on the objective at the horizon itself.
 *
 * The meta-gradient of truncated backpropagation without second derivatives is biased: its fixed point is
 * beside the minimum, and along the few stiff directions, which are the readout's, the bias costs most.
 * Rollouts have no bias, and in some twenty dimensions an evolution strategy needs few of them. Every draw is
 * a function of (key, generation): neither the number of workers nor an interruption changes a bit.
 *
 * @returns the last state; `readoutPoint(start, recipe, state.best.point)` is the result.
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
  const { population, rollouts, meanWeight, generations, validationEvery } = recipe;
  let state = resume ?? { distribution: initialCmaState(readoutDimensions(start.rule)) };
  const rolloutsOf = async (
    candidates: readonly LstmCandidate[],
    split: CandidateTask['split'],
    keys: readonly Key[],
  ): Promise<CandidateResult[]> => {
    const results = await map(
      candidates.flatMap((candidate) =>
        keys.map((from): CandidateTask => ({
          ...candidate,
          kind: 'candidate',
          split,
          key: from.words,
          horizon: recipe.horizon,
        })),
      ),
    );
    return candidates.map((_, k) => {
      const own = results.slice(k * keys.length, (k + 1) * keys.length);
      return { final: mean(own.map((r) => r.final)), mean: mean(own.map((r) => r.mean)) };
    });
  };
  while (state.distribution.generation < generations) {
    const { generation } = state.distribution;
    const points = cmaCandidates(state.distribution, population, key.fold('candidates').fold(generation));
    const keys = key.fold('training').fold(generation).split(rollouts);
    const results = await rolloutsOf(
      points.map((point) => readoutPoint(start, recipe, point)),
      'training',
      keys,
    );
    const scores = results.map((r) => r.final + meanWeight * r.mean);
    const distribution = cmaUpdate(state.distribution, points, scores);
    state = { ...state, distribution };
    const done = generation + 1;
    const sorted = [...scores].sort((a, b) => a - b);
    let record: ReadoutSearchRecord = {
      generation: done,
      bestCandidate: sorted[0]!,
      medianCandidate: sorted[population >> 1]!,
      sigma: distribution.sigma,
      failedCandidates: scores.filter((score) => !Number.isFinite(score)).length,
    };
    if (done % validationEvery === 0 || done === generations) {
      const held = key.fold('validation').split(recipe.validationRollouts);
      const [validation] = await rolloutsOf(
        [readoutPoint(start, recipe, distribution.mean)],
        'validation',
        held,
      );
      record = { ...record, validation: validation! };
      if (validation!.final < (state.best?.score ?? Infinity))
        state = { ...state, best: { point: distribution.mean, score: validation!.final, generation: done } };
    }
    if ((await onGeneration?.(record, state)) === 'stop') break;
  }
  return state;
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
