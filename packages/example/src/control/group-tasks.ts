import {
  runGroupTask,
  type GroupTask,
  type GroupTaskMapper,
  type GroupTaskResult,
} from '@metadescent/guided-policy-search';
import type { GpsEngine } from '@metadescent/kernels/gps';
import type { EngineChoice } from '@metadescent/kernels/node';
import type { Executor } from '@metadescent/runtime';
import { controlEngines } from './control-engines.js';

/** Runs once per worker. */
export function setup({ engine }: { readonly engine: EngineChoice }): GpsEngine {
  return controlEngines(engine).search;
}

/** The dynamics fit or the η search of one group. */
export function groupTask(task: GroupTask, engine: GpsEngine): GroupTaskResult {
  return runGroupTask(engine, task);
}

/** What a worker can do. */
export interface GroupTasks {
  readonly groupTask: typeof groupTask;
}

/** The groups of a search on the workers of an executor; the results are the same bits for any number of them. */
export function overWorkers(executor: Executor<GroupTasks>): GroupTaskMapper {
  return (tasks) => executor.map('groupTask', tasks);
}
