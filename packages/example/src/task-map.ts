import type { TaskMap } from '@metadescent/core';
import type { Executor } from '@metadescent/runtime';

/** The tasks of an executor by name. */
export function taskMap<Module>(executor: Executor<Module>, signal?: AbortSignal): TaskMap {
  return (name, tasks) => executor.map(name as never, tasks as never, { ...(signal && { signal }) }) as never;
}
