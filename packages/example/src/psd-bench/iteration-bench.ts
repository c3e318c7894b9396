import { createKey } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { gaussianClusters, shareDataset } from '@metadescent/optimizees';
import {
  metaTrainPredictedStepDescent,
  parsePsdRecipe,
  psdPresets,
  type PsdExecutor,
  type PsdPreset,
} from '@metadescent/predicted-step-descent';
import { createExecutor } from '@metadescent/runtime';
import type * as Tasks from '../psd-training/tasks.js';
import { objectiveFamily } from '../psd-training/training-objectives.js';

/** Seconds by the clock, and of processor time of all threads: on a busy machine the second says more. */
export interface Spent {
  readonly wall: number;
  readonly processor: number;
}

/** Where the time of one outer iteration goes. */
export interface IterationBench {
  readonly preset: PsdPreset;
  readonly workers: number;
  readonly total: Spent;
  /** Rollouts that are learned from, and those that measure: the acceptance test. */
  readonly sampling: Spent;
  readonly acceptance: Spent;
  /** Fits of the dynamics, and η searches with LQG, of all groups. */
  readonly dynamics: Spent;
  readonly etaSearch: Spent;
  /** Pooled moments, cost expansions and the rest of the main thread's work. */
  readonly rest: Spent;
  /** `REGRESSION_STEPS` regression steps of the policy, all groups; not part of the total. */
  readonly policyRegression: Spent;
}

/** Regression steps that are timed. */
export const REGRESSION_STEPS = 100;

type Part = Exclude<keyof IterationBench, 'preset' | 'workers' | 'total' | 'rest'>;

/**
 * One outer iteration of meta-training on a 48-48-10 net with mini-batches of 64, and a hundred steps of the
 * policy's regression. The data are clouds of the size of MNIST's projection: times do not depend on what the
 * numbers are.
 *
 * @param engine,gpsEngine for this thread's part; workers take the best engine
 */
export async function benchIteration(
  preset: PsdPreset,
  workers: number,
  engine: KernelEngine,
  gpsEngine: GpsEngine,
): Promise<IterationBench> {
  const whole = parsePsdRecipe(psdPresets[preset]);
  const recipe = {
    ...whole,
    iterations: 1,
    distillationRounds: 1,
    validationTrajectories: 1,
    policy: { ...whole.policy, cloneSteps: REGRESSION_STEPS },
  };
  const dataset = shareDataset(
    gaussianClusters(createKey(1), { count: 4000, inputSize: 48, classes: 10, separation: 0.5 }),
  );
  const objective = { examples: dataset.count };
  const setup: Tasks.TaskSetup = {
    engine: 'auto',
    training: [{ objective, dataset }],
    validation: [],
    hidden: recipe.hidden,
  };
  const tasks = createExecutor<typeof Tasks>({
    workers,
    module: new URL('../psd-training/tasks.js', import.meta.url),
    setup,
  });
  const parts: Partial<Record<Part, Spent>> = {};
  const timed = async <Result>(name: Part, work: () => Promise<Result>): Promise<Result> => {
    const stop = stopwatch();
    const result = await work();
    parts[name] = sum(parts[name] ?? nothing, stop());
    return result;
  };
  let stopTotal: (() => Spent) | undefined;
  const executor: PsdExecutor = {
    async trajectories(rollouts) {
      if (stopTotal)
        return timed(rollouts[0]?.chosen ? 'sampling' : 'acceptance', () =>
          tasks.map('trajectory', rollouts),
        );
      // The teacher's own rollouts come before the iteration, and start the workers.
      const recordings = await tasks.map('trajectory', rollouts);
      stopTotal = stopwatch();
      return recordings;
    },
    groupTasks: (models) =>
      timed(models[0]?.kind === 'fit' ? 'dynamics' : 'etaSearch', () => tasks.map('groupTask', models)),
    policyFits: (fits) => timed('policyRegression', () => tasks.map('policyFit', fits)),
  };
  let iteration: Omit<IterationBench, 'policyRegression'> | undefined;
  try {
    await metaTrainPredictedStepDescent({
      recipe,
      layout: objectiveFamily(dataset, objective, engine).layout,
      key: createKey(1),
      executor,
      engine,
      gpsEngine,
      onRecord({ kind }) {
        if (kind !== 'search' || !stopTotal) return;
        const total = stopTotal();
        const { sampling = nothing, acceptance = nothing, dynamics = nothing, etaSearch = nothing } = parts;
        const tasksOnly = [sampling, acceptance, dynamics, etaSearch].reduce(sum);
        iteration = {
          preset,
          workers,
          total,
          sampling,
          acceptance,
          dynamics,
          etaSearch,
          rest: { wall: total.wall - tasksOnly.wall, processor: total.processor - tasksOnly.processor },
        };
      },
    });
  } finally {
    await tasks.close();
  }
  return { ...iteration!, policyRegression: parts.policyRegression! };
}

const nothing: Spent = { wall: 0, processor: 0 };

function sum(a: Spent, b: Spent): Spent {
  return { wall: a.wall + b.wall, processor: a.processor + b.processor };
}

function stopwatch(): () => Spent {
  const wall = performance.now();
  const usage = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(usage);
    return { wall: (performance.now() - wall) / 1000, processor: (user + system) / 1e6 };
  };
}
