import { checkArgument } from '@metadescent/core';

import type { Executor } from './executor.js';

/**
 * The executor as a function from the name of a task and its inputs to the outputs in the order of the inputs:
 * what `metaTrain` of `@metadescent/meta-learning` asks for its work through (`TaskMap`). The same bits for any
 * number of workers.
 *
 * @example
 * await metaTrain({ ...options, map: taskMap(executor) });
 */
export function taskMap<Module>(
  executor: Executor<Module>,
): <Task, Result>(name: string, tasks: readonly Task[]) => Promise<readonly Result[]> {
  checkArgument('taskMap', 'the executor', executor, ['map'], 'pass one of createExecutor(…)');
  return async <Task, Result>(name: string, tasks: readonly Task[]) =>
    // The declared types are the caller's word about a module that is only known at run time.
    (await executor.map(name as keyof Module & string, tasks as never)) as readonly Result[];
}
