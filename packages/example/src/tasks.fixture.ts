import type { Executor } from '@metadescent/runtime';
import * as tasks from './tasks.js';

/** The tasks in this thread, with the clones that worker threads make. */
export function inlineTasks(setup: tasks.TaskSetup): Executor<typeof tasks> {
  const context = tasks.setup(setup);
  return {
    workers: 0,
    map: async (name, inputs) => {
      const run = tasks[name] as (input: unknown, context: tasks.TaskContext) => unknown;
      return inputs.map((input) => structuredClone(run(structuredClone(input), context))) as never;
    },
    close: async () => undefined,
  };
}
