import { createKey } from '@metadescent/core';
import type { GpsEngine, KernelEngine } from '@metadescent/kernels';
import { gaussianClusters, mlpFamily } from '@metadescent/optimizees';
import { inlinePsdExecutor, metaTrainPredictedStepDescent, parsePsdRecipe, psdPresets, type PsdExecutor, type PsdPreset } from '@metadescent/predicted-step-descent';

/** Where the time of one outer iteration goes, in seconds on one thread. */
export interface IterationBench {
  readonly preset: PsdPreset;
  readonly total: number;
  /** Rollouts that are learned from, and those that measure: the acceptance test. */
  readonly sampling: number;
  readonly acceptance: number;
  /** Fits of the dynamics, and η searches with LQG, of all groups. */
  readonly dynamics: number;
  readonly etaSearch: number;
  /** Pooled moments, cost expansions and the rest of this thread's work. */
  readonly rest: number;
  /** A hundred regression steps of the policy, all groups. */
  readonly policyRegression: number;
}

/** Regression steps that are timed. */
const REGRESSION_STEPS = 100;

/**
 * One outer iteration of meta-training on a 48-48-10 net with mini-batches of 64, and a hundred steps of the policy's regression. The data are clouds of the size of MNIST's projection: times do not
 * depend on what the numbers are.
 */
export async function benchIteration(preset: PsdPreset, engine: KernelEngine, gpsEngine: GpsEngine): Promise<IterationBench> {
  const recipe = parsePsdRecipe({
    ...psdPresets[preset],
    iterations: 1,
    distillationRounds: 1,
    validationTrajectories: 1,
    policy: { cloneSteps: REGRESSION_STEPS },
  });
  const dataset = gaussianClusters(createKey(1), { count: 4000, inputSize: 48, classes: 10, separation: 0.5 });
  const family = mlpFamily({ dataset, hidden: [48], activation: 'relu', batchSize: 64, initialStandardDeviation: 0.1, engine });
  const inline = inlinePsdExecutor({ family, engine, gpsEngine, hidden: recipe.hidden });
  const seconds: Record<'sampling' | 'acceptance' | 'dynamics' | 'etaSearch' | 'policyRegression', number> = {
    sampling: 0,
    acceptance: 0,
    dynamics: 0,
    etaSearch: 0,
    policyRegression: 0,
  };
  const timed = async <Result>(name: keyof typeof seconds, work: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await work();
    seconds[name] += (performance.now() - start) / 1000;
    return result;
  };
  const executor: PsdExecutor = {
    trajectories: (tasks) => timed(tasks[0]?.chosen ? 'sampling' : 'acceptance', () => inline.trajectories(tasks)),
    groupTasks: (tasks) => timed(tasks[0]?.kind === 'fit' ? 'dynamics' : 'etaSearch', () => inline.groupTasks(tasks)),
    policyFits: (tasks) => timed('policyRegression', () => inline.policyFits(tasks)),
  };
  let total = 0;
  let start = 0;
  await metaTrainPredictedStepDescent({
    recipe,
    layout: family.layout,
    key: createKey(1),
    // The teacher's own rollouts come before the iteration.
    executor: { ...executor, trajectories: (tasks) => ((start ||= performance.now()), executor.trajectories(tasks)) },
    engine,
    gpsEngine,
    onRecord({ kind }) {
      if (kind === 'search') total = (performance.now() - start) / 1000;
    },
  });
  const { sampling, acceptance, dynamics, etaSearch } = seconds;
  return { preset, total, ...seconds, rest: Math.max(0, total - sampling - acceptance - dynamics - etaSearch) };
}
