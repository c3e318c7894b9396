import { setImmediate } from 'node:timers/promises';

import type { Backend } from './backend.js';
import type { WorkerStart } from './executor-worker.js';
import { cloneOf, inputOf, outputOf } from './task-clone.js';
import { loadTasks, type TaskRunner } from './task-module.js';

/** Tasks in this thread, one after another; the reference for what worker threads do. */
export function createInlineBackend(start: WorkerStart): Backend {
  let tasks: Promise<TaskRunner> | undefined;
  return {
    concurrency: 1,
    run: async (task, input, index, signal) => {
      // Timers and signal handlers get their turn between tasks.
      await setImmediate();
      signal.throwIfAborted();
      tasks ??= loadTasks(start.module, structuredClone(start.setup));
      const run = await tasks;
      const output = await unlessAborted(run(task, cloneOf(input, inputOf(task, index))), signal);
      return cloneOf(output, outputOf(task, index));
    },
    close: async () => undefined,
  };
}

/** An asynchronous task cannot be stopped from outside, but need not be waited for. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
