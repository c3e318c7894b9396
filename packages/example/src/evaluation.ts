import { createKey, mean, standardError, summariseCurves, type Key } from '@metadescent/core';
import type { LstmRule } from '@metadescent/lstm-optimizer';
import {
  baselineOptimizers,
  tuneOptimizer,
  type BaselineName,
  type EvaluateTrials,
  type TuningReport,
} from '@metadescent/optimizers';
import type { Executor } from '@metadescent/runtime';
import type { Comparison, EvaluationResult, OptimizerResult } from './evaluation-record.js';
import type { Experiment } from './experiments/experiment.js';
import type * as Tasks from './tasks.js';
import type { OptimizerSpecification, RaceResult, RaceTask } from './tasks.js';

/** The baselines, in the order of the tables. */
export const allBaselines = Object.keys(baselineOptimizers) as BaselineName[];

/** Rules that evaluate their mini-batch several times per step. */
const lineSearch: ReadonlySet<string> = new Set<BaselineName>(['conjugate-gradient', 'lbfgs']);

/** What tuning and racing share. */
export interface EvaluationContext {
  readonly executor: Executor<typeof Tasks>;
  readonly engine: string;
  readonly seed: number;
  /** Told what comes next. */
  readonly onStage?: (note: string) => void;
}

export interface TuningOptions extends EvaluationContext {
  /** Optimizees per candidate, from the validation split. */
  readonly optimizees: number;
}

/**
 * Tunes every baseline for an experiment and its horizon by the final true objective, on optimizees of the
 * validation split.
 */
export async function tuneBaselines(experiment: Experiment, options: TuningOptions): Promise<TuningReport[]> {
  const { executor, optimizees, onStage } = options;
  const { horizon } = experiment;
  const tasks = evaluationKey(experiment, options).fold('tuning').split(optimizees);
  const evaluate: EvaluateTrials = async (trials) => {
    const results = await executor.map(
      'race',
      trials.map(({ optimizer, options: values, taskIndex }): RaceTask => ({
        optimizer: { kind: 'hand-made', name: optimizer as BaselineName, options: values },
        split: 'validation',
        key: (tasks[taskIndex] as Key).words,
        horizon,
        trueObjectiveEvery: horizon,
      })),
    );
    return results.map(finalObjective);
  };
  const reports: TuningReport[] = [];
  for (const name of allBaselines) {
    onStage?.(`tuning ${name}`);
    reports.push(await tuneOptimizer(baselineOptimizers[name], evaluate, { tasks: optimizees }));
  }
  return reports;
}

export interface RaceOptions extends EvaluationContext {
  readonly rule: LstmRule;
  readonly weights: Float32Array;
  readonly tuned: readonly TuningReport[];
  readonly heldOutOptimizees: number;
}

/**
 * Runs the learned optimizer and the tuned baselines on the same held-out optimizees, initial parameters and
 * mini-batches (common random numbers).
 */
export async function raceOptimizers(
  experiment: Experiment,
  options: RaceOptions,
): Promise<EvaluationResult> {
  const { rule, weights, tuned, heldOutOptimizees, executor, engine, onStage } = options;
  const { horizon } = experiment;
  const keys = evaluationKey(experiment, options).fold('test').split(heldOutOptimizees);
  const optimizers: OptimizerResult[] = [];
  const finals = new Map<string, number[]>();
  for (const { specification, description } of entrantsOf(rule, weights, tuned)) {
    onStage?.(`racing ${description.optimizer}`);
    const results = await executor.map(
      'race',
      keys.map((key): RaceTask => ({
        optimizer: specification,
        split: 'test',
        key: key.words,
        horizon,
        trueObjectiveEvery: 1,
      })),
    );
    finals.set(description.optimizer, results.map(finalObjective));
    optimizers.push({
      ...description,
      ...summariseCurves(results.map((r) => r.trueObjectives)),
      outcomes: countOutcomes(results),
    });
  }
  return {
    experiment: experiment.name,
    title: experiment.title,
    source: experiment.source,
    horizon,
    heldOutOptimizees,
    engine,
    optimizers,
    comparison: {
      ...compare(optimizers, finals),
      ...(experiment.publishedRatio !== undefined && { publishedRatio: experiment.publishedRatio }),
    },
  };
}

/** Tunes the baselines and races them: `tuneBaselines`, then `raceOptimizers`. */
export async function evaluateExperiment(
  experiment: Experiment,
  options: Omit<RaceOptions, 'tuned'> & { readonly tuningOptimizees: number },
): Promise<EvaluationResult> {
  const tuned = await tuneBaselines(experiment, { ...options, optimizees: options.tuningOptimizees });
  return raceOptimizers(experiment, { ...options, tuned });
}

/** How many stages `evaluateExperiment` reports: every baseline is tuned and raced, the learned optimizer raced. */
export const evaluationStages = 2 * allBaselines.length + 1;

/**
 * The mean final objective of the best tuned first-order baseline on these optimizees of the validation
 * split: what meta-training, which validates on the same ones, has to beat.
 */
export async function bestBaselineOn(
  keys: readonly Key[],
  experiment: Experiment,
  tuned: readonly TuningReport[],
  executor: Executor<typeof Tasks>,
): Promise<number> {
  const { horizon } = experiment;
  let best = Infinity;
  for (const { optimizer, best: winner } of tuned) {
    if (!winner || lineSearch.has(optimizer)) continue;
    const results = await executor.map(
      'race',
      keys.map((key): RaceTask => ({
        optimizer: { kind: 'hand-made', name: optimizer as BaselineName, options: winner.options },
        split: 'validation',
        key: key.words,
        horizon,
        trueObjectiveEvery: horizon,
      })),
    );
    best = Math.min(best, mean(results.map(finalObjective)));
  }
  return best;
}

/** What is raced, and what its result says of it besides the curves. */
interface Entrant {
  readonly description: Description<OptimizerResult>;
  readonly specification: OptimizerSpecification;
}

type Description<Result> = Result extends OptimizerResult
  ? Omit<Result, 'mean' | 'standardError' | 'count' | 'outcomes'>
  : never;

/**
 * The learned optimizer first; a baseline that diverged everywhere has no settings to race with, and its
 * tuning report says so.
 */
function entrantsOf(rule: LstmRule, weights: Float32Array, tuned: readonly TuningReport[]): Entrant[] {
  const learned: Entrant = {
    description: { optimizer: 'lstm', kind: 'learned', class: 'learned', hyperparameters: rule },
    specification: { kind: 'learned', rule, weights },
  };
  const handMade = tuned.flatMap((tuning): Entrant[] => {
    if (!tuning.best) return [];
    const name = tuning.optimizer as BaselineName;
    const { options } = tuning.best;
    const { best: _, candidates, ...report } = tuning;
    return [
      {
        description: {
          optimizer: name,
          kind: 'hand-made',
          class: lineSearch.has(name) ? 'line-search' : 'first-order',
          hyperparameters: options,
          tuning: { ...report, candidates: candidates.map(({ scores: __, ...candidate }) => candidate) },
        },
        specification: { kind: 'hand-made', name, options },
      },
    ];
  });
  return [learned, ...handMade];
}

function evaluationKey(experiment: Experiment, { seed }: EvaluationContext): Key {
  return createKey(seed).fold('evaluation').fold(experiment.name);
}

/** f(θ_T), infinite for a rollout that did not finish. */
function finalObjective({ outcome, trueObjectives }: RaceResult): number {
  return outcome.kind === 'finished' ? (trueObjectives.at(-1) as number) : Infinity;
}

function countOutcomes(results: readonly RaceResult[]): OptimizerResult['outcomes'] {
  const counts = { finished: 0, 'non-finite': 0, diverged: 0 };
  for (const { outcome } of results) counts[outcome.kind] += 1;
  return counts;
}

/** Ratio of means on the same optimizees, with the standard error of (x̄/ȳ): sd(x − r·y) / (ȳ√n). */
function compare(
  optimizers: readonly OptimizerResult[],
  finals: ReadonlyMap<string, number[]>,
): Omit<Comparison, 'publishedRatio'> {
  const meanOf = (optimizer: string): number => mean(finals.get(optimizer) as number[]);
  const [first, ...others] = optimizers.filter((o) => o.class === 'first-order').map((o) => o.optimizer);
  if (first === undefined) return { bestOf: 'first-order', ratio: NaN, ratioStandardError: NaN };
  const best = others.reduce((a, b) => (meanOf(b) < meanOf(a) ? b : a), first);
  const [learned, baseline] = [finals.get('lstm') as number[], finals.get(best) as number[]];
  const ratio = mean(learned) / mean(baseline);
  const residuals = learned.map((x, i) => x - ratio * (baseline[i] as number));
  return {
    bestBaseline: best,
    bestOf: 'first-order',
    ratio,
    ratioStandardError: standardError(residuals) / mean(baseline),
  };
}
