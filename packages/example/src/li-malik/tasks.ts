import type { OptimizeeFamily } from '@metadescent/core';
import { runRaceTask, type RaceProblem, type RaceResult, type RaceTask } from '@metadescent/evaluation';
import type { KernelEngine } from '@metadescent/kernels';
import { loadEngine } from '@metadescent/kernels/node';
import { liMalikArchitectures, liMalikFamily, type LabelledDataset } from '@metadescent/optimizees';
import { knownOptimizers } from '../known-optimizers.js';
import { arenaName, type Arena } from './settings.js';

/** What a worker is told once: projected data sets on shared memory, `<data set>/<inputs>`. */
export interface TaskSetup {
  readonly engine: 'auto' | 'native' | 'wasm' | 'typescript';
  readonly datasets: Readonly<Record<string, LabelledDataset>>;
}

export type TaskContext = RaceProblem<Arena, KernelEngine>;

/** Runs once per worker. Families are made when they are first raced on: each holds kernels of its own. */
export function setup({ engine: name, datasets }: TaskSetup): TaskContext {
  const engine = loadEngine(name);
  const families = new Map<string, OptimizeeFamily>();
  return {
    registry: knownOptimizers,
    engine: () => engine,
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

/** One rollout, of the comparison or of the tuner. */
export function race(task: RaceTask<Arena>, problem: TaskContext): RaceResult {
  return runRaceTask(problem, task);
}
