import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { gaussianClusters, liMalikInputs, type LabelledDataset } from '@metadescent/optimizees';
import type { Executor } from '@metadescent/runtime';
import * as tasks from './tasks.js';

/** The tasks in this thread, with the clones that worker threads make; counts what runs. */
export function inlineTasks(
  setup: tasks.TaskSetup,
): Executor<typeof tasks> & { readonly ran: { count: number } } {
  const context = tasks.setup(setup);
  const ran = { count: 0 };
  return {
    ran,
    workers: 0,
    map: async (name, inputs, { onResult, signal } = {}) => {
      const run = tasks[name] as (input: unknown, context: tasks.TaskContext) => unknown;
      return inputs.map((input, index) => {
        signal?.throwIfAborted();
        ran.count++;
        const output = structuredClone(run(structuredClone(input), context)) as never;
        onResult?.(output, index);
        return output;
      }) as never;
    },
    close: async () => undefined,
  };
}

/** Clouds of points in place of the data sets, projected for the small net. */
export function syntheticDatasets(): Record<string, LabelledDataset> {
  const engine = typescriptEngine();
  const of = (seed: number, classes: number) =>
    liMalikInputs(gaussianClusters(createKey(seed), { count: 60, inputSize: 20, classes }), 48, engine);
  return { [tasks.datasetKey('mnist', 48)]: of(1, 10), [tasks.datasetKey('cifar-10', 48)]: of(2, 4) };
}
