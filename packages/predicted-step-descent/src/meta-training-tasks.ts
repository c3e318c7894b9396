import { checkArgument, type OptimizeeFamily } from '@metadescent/core';
import {
  recurrentPolicy,
  runGroupTask,
  type GroupTask,
  type GroupTaskResult,
} from '@metadescent/guided-policy-search';
import type { KernelEngine } from '@metadescent/kernels';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { runPolicyFitTask, type PolicyFitTask } from './group-policy.js';
import type { PsdExecutor } from './meta-training.js';
import { runTrajectoryTask, type TrajectoryTask } from './optimizee-environment.js';

/** What the tasks of a meta-training run need on every worker. */
export interface PsdProblem {
  readonly family: OptimizeeFamily;
  readonly engine: KernelEngine;
  readonly gpsEngine: GpsEngine;
  /** LSTM cells of the policies that are rolled out. */
  readonly hidden: number;
}

/** Runs any task of meta-training: a pure function of the task. */
export function createPsdTaskRunner(problem: PsdProblem) {
  const advice = 'pass { family, engine: wasmEngine(), gpsEngine: wasmGpsEngine(), hidden: recipe.hidden }';
  checkArgument(
    'inlinePsdExecutor',
    'the problem',
    problem,
    ['family', 'engine', 'gpsEngine', 'hidden'],
    advice,
  );
  const { family, engine, gpsEngine, hidden } = problem;
  const policy = recurrentPolicy(engine, { hidden });
  return {
    trajectory: (task: TrajectoryTask) => runTrajectoryTask(family, policy, engine, task),
    policyFit: (task: PolicyFitTask) => runPolicyFitTask(engine, task),
    groupTask: (task: GroupTask): GroupTaskResult => runGroupTask(gpsEngine, task),
  };
}

/** Runs the tasks one after another in this thread: for tests, browsers and small problems. */
export function inlinePsdExecutor(problem: PsdProblem): PsdExecutor {
  const runner = createPsdTaskRunner(problem);
  return {
    trajectories: async (tasks) => tasks.map(runner.trajectory),
    policyFits: async (tasks) => Promise.all(tasks.map(runner.policyFit)),
    groupTasks: async (tasks) => tasks.map(runner.groupTask),
  };
}
