import {
  checkArgument,
  createOptimizer,
  keyFromWords,
  mean,
  rollout,
  type Key,
  type KeyWords,
  type OptimizeeFamily,
  type OptimizerRegistry,
  type OptimizerSpecification,
  type Outcome,
  type TaskMap,
} from '@metadescent/core';
import type { Entrant } from './entrant.js';

/**
 * One rollout of a comparison, as plain data.
 *
 * @typeParam Family what names a family of optimizees: plain data, such as a name
 */
export interface RaceTask<Family = string> {
  readonly optimizer: OptimizerSpecification;
  readonly family: Family;
  /** Optimizee, θ₀ and mini-batches: the same key for all optimizers gives common random numbers. */
  readonly key: KeyWords;
  readonly horizon: number;
  /** 1 records the true objective at every step, `horizon` only at the start and the end. */
  readonly trueObjectiveEvery: number;
}

export interface RaceResult {
  readonly outcome: Outcome;
  /** f(θ_t) for t = 0 … T; NaN where not recorded or not reached [horizon + 1] */
  readonly trueObjectives: Float64Array;
  /** Mean of the mini-batch objectives f̂(θ_1) … f̂(θ_T), what meta-training minimises; NaN if not all were reached. */
  readonly meanObjective: number;
}

/** What a worker needs to run race tasks. */
export interface RaceProblem<Family = string, Engine = unknown> {
  readonly registry: OptimizerRegistry<Engine>;
  readonly engine: () => Engine;
  family(name: Family): OptimizeeFamily;
}

/**
 * One rollout: a pure function of the task and the problem.
 *
 * @throws UserError if the optimizer cannot be made.
 */
export function runRaceTask<Family, Engine>(
  problem: RaceProblem<Family, Engine>,
  task: RaceTask<Family>,
): RaceResult {
  const advice = 'pass { registry, engine, family } and a task that race made';
  checkArgument('runRaceTask', 'the problem', problem, ['registry', 'engine', 'family'], advice);
  checkArgument('runRaceTask', 'the task', task, ['optimizer', 'family', 'key', 'horizon'], advice);
  const { registry, engine, family } = problem;
  const key = keyFromWords(task.key);
  const { outcome, objectives, trueObjectives } = rollout(
    family(task.family).sample(key.fold('optimizee')),
    createOptimizer(registry, task.optimizer, engine),
    {
      horizon: task.horizon,
      key: key.fold('rollout'),
      trueObjectiveEvery: task.trueObjectiveEvery,
    },
  );
  return { outcome, trueObjectives, meanObjective: mean(objectives.subarray(1)) };
}

export interface RaceOptions<Family = string> {
  readonly family: Family;
  readonly entrants: readonly Entrant[];
  /** One rollout of every entrant for each: optimizee, θ₀ and mini-batches. */
  readonly keys: readonly Key[];
  readonly horizon: number;
  /** Runs tasks of the name `race`: `runRaceTask`, here or on workers. */
  readonly map: TaskMap;
  /** Default 1: whole curves. */
  readonly trueObjectiveEvery?: number;
  /** Told who comes next. */
  readonly onEntrant?: (entrant: Entrant) => void;
}

/** What one optimizer did, in the order of the keys. */
export interface RaceColumn {
  readonly entrant: Entrant;
  readonly results: readonly RaceResult[];
}

/**
 * Runs every entrant from the same starts on the same optimizees with the same mini-batches.
 *
 * @example
 * const registry = optimizerRegistry(Object.values(baselineOptimizers));
 * const problem = { registry, engine: () => undefined, family: () => quadratics({ dimension: 4 }) };
 * const columns = await race({
 *   family: 'quadratics',
 *   entrants: ['sgd', 'adam+linear'].map((name) => entrantNamed(registry, name, 20)),
 *   keys: createKey(1).split(3),
 *   horizon: 20,
 *   map: inlineTasks({ race: (task) => runRaceTask(problem, task) }),
 * });
 */
export async function race<Family>(options: RaceOptions<Family>): Promise<RaceColumn[]> {
  checkArgument(
    'race',
    'the options',
    options,
    ['family', 'entrants', 'keys', 'horizon', 'map'],
    'pass { family, entrants, keys: createKey(7).split(10), horizon: 100, map }',
  );
  const { family, entrants, keys, horizon, map, trueObjectiveEvery = 1, onEntrant } = options;
  const columns: RaceColumn[] = [];
  for (const entrant of entrants) {
    onEntrant?.(entrant);
    const results = await map<RaceTask<Family>, RaceResult>(
      'race',
      keys.map(({ words }) => ({
        optimizer: entrant.specification,
        family,
        key: words,
        horizon,
        trueObjectiveEvery,
      })),
    );
    columns.push({ entrant, results });
  }
  return columns;
}

/** What rollouts are judged by, lower is better: f(θ_T), or the mean of the mini-batch objectives; +∞ for one that did not finish. */
export type RaceScore = 'final' | 'mean';

/** The score of one rollout. */
export function scoreOf(result: RaceResult, score: RaceScore = 'final'): number {
  checkArgument(
    'scoreOf',
    'the result',
    result,
    ['outcome', 'trueObjectives'],
    'pass one of the results of race',
  );
  const { outcome, trueObjectives, meanObjective } = result;
  const value = score === 'final' ? (trueObjectives.at(-1) as number) : meanObjective;
  return outcome.kind === 'finished' && Number.isFinite(value) ? value : Infinity;
}

/** How many rollouts ended in each way. */
export function countOutcomes(results: readonly RaceResult[]): Record<Outcome['kind'], number> {
  const counts = { finished: 0, 'non-finite': 0, diverged: 0 };
  for (const { outcome } of results) counts[outcome.kind] += 1;
  return counts;
}
