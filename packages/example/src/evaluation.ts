import { createKey, mean, summariseCurves, type Key } from '@metadescent/core';
import {
  countOutcomes,
  race,
  ratiosToBest,
  scoreOf,
  tuneEntrant,
  type Entrant,
  type RaceColumn,
  type TunedEntrant,
} from '@metadescent/evaluation';
import type { TuningReport } from '@metadescent/optimizers';
import { taskMap, type Executor } from '@metadescent/runtime';
import type { Comparison, EvaluationResult, OptimizerResult } from './evaluation-record.js';
import type { Experiment } from './experiments/experiment.js';
import { knownOptimizers } from './known-optimizers.js';
import { learnedEntrant } from './lineup.js';
import type { Split } from './problem.js';
import type * as Tasks from './tasks.js';

/** What tuning and racing share. */
export interface EvaluationContext {
  readonly executor: Executor<typeof Tasks>;
  readonly engine: string;
  readonly seed: number;
  /** Told what comes next. */
  readonly onStage?: (note: string) => void;
}

export interface TuningOptions extends EvaluationContext {
  /** Those that have something to tune are tuned, the others left out. */
  readonly entrants: readonly Entrant[];
  /** Optimizees per candidate, from the validation split. */
  readonly optimizees: number;
}

/** Tunes for an experiment and its horizon by the final true objective, on optimizees of the validation split. */
export async function tuneEntrants(
  experiment: Experiment,
  { executor, entrants, optimizees, onStage, seed }: TuningOptions,
): Promise<TunedEntrant[]> {
  const tuned: TunedEntrant[] = [];
  for (const entrant of entrants) {
    const searched = searchedOf(entrant);
    if (!searched) continue;
    onStage?.(`tuning ${entrant.label}`);
    tuned.push(
      await tuneEntrant<Split>(entrant, searched, {
        family: 'validation',
        keys: evaluationKey(experiment, seed).fold('tuning').split(optimizees),
        horizon: experiment.horizon,
        map: taskMap(executor),
      }),
    );
  }
  return tuned;
}

export interface RaceOptions extends EvaluationContext {
  /** In the order of the table. */
  readonly entrants: readonly Entrant[];
  /** Of those among them that have something to tune. */
  readonly tuned: readonly TunedEntrant[];
  readonly heldOutOptimizees: number;
}

/**
 * Runs all entrants, the tuned ones with their best settings, on the same held-out optimizees, initial
 * parameters and mini-batches (common random numbers).
 */
export async function raceOptimizers(
  experiment: Experiment,
  options: RaceOptions,
): Promise<EvaluationResult> {
  const { entrants, tuned, heldOutOptimizees, executor, engine, seed, onStage } = options;
  const { horizon } = experiment;
  const reports = new Map(tuned.map((each) => [each.report.optimizer, each]));
  const columns = await race<Split>({
    family: 'test',
    // One that diverged everywhere has no settings to race with, and its tuning report says so.
    entrants: entrants.flatMap((entrant) => {
      const found = reports.get(entrant.label);
      return found ? (found.entrant ?? []) : searchedOf(entrant) ? [] : entrant;
    }),
    keys: evaluationKey(experiment, seed).fold('test').split(heldOutOptimizees),
    horizon,
    map: taskMap(executor),
    onEntrant: ({ label }) => onStage?.(`racing ${label}`),
  });
  return {
    experiment: experiment.name,
    title: experiment.title,
    source: experiment.source,
    horizon,
    heldOutOptimizees,
    engine,
    optimizers: columns.map((column) => resultOf(column, reports.get(column.entrant.label)?.report)),
    comparisons: comparisonsOf(experiment, columns),
  };
}

/** Tunes what has something to tune and races all: `tuneEntrants`, then `raceOptimizers`. */
export async function evaluateExperiment(
  experiment: Experiment,
  options: Omit<RaceOptions, 'tuned'> & { readonly tuningOptimizees: number },
): Promise<EvaluationResult> {
  const tuned = await tuneEntrants(experiment, { ...options, optimizees: options.tuningOptimizees });
  return raceOptimizers(experiment, { ...options, tuned });
}

/** How many stages `evaluateExperiment` reports: all are raced, and those that have something to tune are tuned. */
export function evaluationStages(entrants: readonly Entrant[]): number {
  return entrants.length + entrants.filter(searchedOf).length;
}

/**
 * The mean final objective of the best tuned baseline of the papers on these optimizees of the validation
 * split: what meta-training, which validates on the same ones, has to beat.
 */
export async function bestBaselineOn(
  keys: readonly Key[],
  { horizon }: Experiment,
  tuned: readonly TunedEntrant[],
  executor: Executor<typeof Tasks>,
): Promise<number> {
  const columns = await race<Split>({
    family: 'validation',
    entrants: tuned.flatMap(({ entrant }) => (entrant?.class === 'papers' ? entrant : [])),
    keys,
    horizon,
    trueObjectiveEvery: horizon,
    map: taskMap(executor),
  });
  return Math.min(...columns.map(({ results }) => mean(results.map((result) => scoreOf(result)))));
}

function searchedOf({ specification }: Entrant) {
  return knownOptimizers.get(specification.name)?.searched;
}

/** One optimizer's part of the record. */
function resultOf({ entrant, results }: RaceColumn, tuning: TuningReport | undefined): OptimizerResult {
  const { label, class: rank, specification } = entrant;
  const curves = {
    optimizer: label,
    ...summariseCurves(results.map(({ trueObjectives }) => trueObjectives)),
    outcomes: countOutcomes(results),
  };
  if (rank === 'learned' || !tuning?.best) {
    const entry = knownOptimizers.get(specification.name);
    const trainedHorizon = entry?.trainedHorizon?.(specification);
    return {
      kind: 'learned',
      class: 'learned',
      ...curves,
      hyperparameters: entry?.describe?.(specification) ?? {},
      ...(trainedHorizon !== undefined && { trainedHorizon }),
    };
  }
  const { best, candidates, ...report } = tuning;
  return {
    kind: 'hand-made',
    class: rank,
    ...curves,
    hyperparameters: best.options,
    tuning: { ...report, candidates: candidates.map(({ scores: _, ...candidate }) => candidate) },
  };
}

/** The paper's ratio stands beside the one of the paper's own optimizer to the paper's baselines. */
function comparisonsOf(experiment: Experiment, columns: readonly RaceColumn[]): Comparison[] {
  const { publishedRatio } = experiment;
  const own = learnedEntrant(experiment);
  return ratiosToBest(columns).map(({ bestOf, ...ratio }) => {
    const isOwn = [own.label, own.specification.name].includes(ratio.learned);
    return {
      ...ratio,
      bestOf: bestOf as Comparison['bestOf'],
      ...(publishedRatio !== undefined && isOwn && bestOf === 'papers' && { publishedRatio }),
    };
  });
}

function evaluationKey({ name }: Experiment, seed: number): Key {
  return createKey(seed).fold('evaluation').fold(name);
}
