import {
  keyFromWords,
  rollout,
  type KeyWords,
  type OptimizeeFamily,
  type Optimizer,
  type Outcome,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { loadEngine } from '@metadescent/kernels/node';
import { lstmOptimizer, type LstmRule } from '@metadescent/lstm-optimizer';
import { liMalikArchitectures, liMalikFamily, type LabelledDataset } from '@metadescent/optimizees';
import { predictedStepDescent, type PsdWeights } from '@metadescent/predicted-step-descent';
import {
  createBaseline,
  runTrial,
  tuningTask,
  type BaselineName,
  type OptionValues,
  type Trial,
} from '@metadescent/optimizers';
import { arenaName, trainingArena, type Arena } from './settings.js';

/** What a worker is told once: projected data sets on shared memory, `<data set>/<inputs>`. */
export interface TaskSetup {
  readonly engine: 'auto' | 'native' | 'wasm' | 'typescript';
  readonly datasets: Readonly<Record<string, LabelledDataset>>;
}

export interface TaskContext {
  readonly engine: KernelEngine;
  family(arena: Arena): OptimizeeFamily;
}

/** Runs once per worker. Families are made when they are first raced on: each holds kernels of its own. */
export function setup({ engine: name, datasets }: TaskSetup): TaskContext {
  const engine = loadEngine(name);
  const families = new Map<string, OptimizeeFamily>();
  return {
    engine,
    family(arena) {
      const known = families.get(arenaName(arena));
      if (known) return known;
      const { inputs, hidden } = liMalikArchitectures[arena.architecture];
      const dataset = datasets[datasetKey(arena.dataset, inputs)] as LabelledDataset;
      const family = liMalikFamily({ dataset, hidden, batchSize: arena.batchSize, engine });
      families.set(arenaName(arena), family);
      return family;
    },
  };
}

/** Where `TaskSetup.datasets` has a data set, projected to so many inputs. */
export function datasetKey(dataset: string, inputs: number): string {
  return `${dataset}/${inputs}`;
}

/** An optimizer as plain data. */
export type EntrantSpecification =
  | { readonly kind: 'hand-made'; readonly name: BaselineName; readonly options: OptionValues }
  | { readonly kind: 'lstm'; readonly rule: LstmRule; readonly weights: Float32Array }
  | { readonly kind: 'psd'; readonly weights: PsdWeights };

/** One rollout of the comparison. */
export interface RaceTask {
  readonly arena: Arena;
  readonly specification: EntrantSpecification;
  /** θ₀ and mini-batches: the same key for all optimizers gives common random numbers. */
  readonly key: KeyWords;
  readonly steps: number;
}

export interface RaceResult {
  readonly outcome: Outcome;
  /** f(θ_t) at t = 0 … steps; NaN after an early end [steps + 1]. */
  readonly objectives: number[];
}

/** One rollout. */
export function race(
  { arena, specification, key: words, steps }: RaceTask,
  { engine, family }: TaskContext,
): RaceResult {
  const key = keyFromWords(words);
  const { outcome, trueObjectives } = rollout(
    family(arena).sample(key.fold('optimizee')),
    optimizerOf(specification, engine),
    {
      horizon: steps,
      key: key.fold('rollout'),
      trueObjectiveEvery: 1,
    },
  );
  return { outcome, objectives: [...trueObjectives] };
}

/** One trial of the tuner. */
export interface TrialTask {
  readonly trial: Trial;
  readonly key: KeyWords;
  readonly horizon: number;
}

/**
 * The mean of the mini-batch objectives of one rollout on the training objective: what meta-training
 * minimises, over the horizon.
 */
export function trial({ trial: candidate, key, horizon }: TrialTask, { family }: TaskContext): number {
  return runTrial(candidate, tuningTask(family(trainingArena), keyFromWords(key), candidate.taskIndex), {
    horizon,
    score: 'mean',
  });
}

function optimizerOf(specification: EntrantSpecification, engine: KernelEngine): Optimizer {
  switch (specification.kind) {
    case 'hand-made':
      return createBaseline(specification.name, specification.options);
    case 'lstm':
      return lstmOptimizer(specification.rule, specification.weights, engine);
    case 'psd':
      return predictedStepDescent(specification.weights, engine);
  }
}
