/** The far side of `createExecutor`: what each worker thread runs. */
import { workerData } from 'node:worker_threads';

import { cloneOf, outputOf } from './task-clone.js';
import { describeFault, type TaskFault } from './task-fault.js';
import { loadTasks, type TaskRunner } from './task-module.js';

/** What the executor gives to every worker when it starts. */
export interface WorkerStart {
  readonly module: string;
  readonly setup: unknown;
}

export interface TaskRequest {
  readonly task: string;
  readonly input: unknown;
  readonly index: number;
}

/** A task's own exception comes back as data, so that a rejected call always means that the worker died. */
export type TaskReply = { readonly output: unknown } | { readonly fault: TaskFault };

let tasks: Promise<TaskRunner> | undefined;

/**
 * Loads the tasks on the first call and runs one. Loading waits for a call because a worker that dies outside
 * of one is not reported to anybody.
 */
export async function runTask({ task, input, index }: TaskRequest): Promise<TaskReply> {
  try {
    const start = workerData as WorkerStart;
    tasks ??= loadTasks(start.module, start.setup);
    const run = await tasks;
    const output = await run(task, input);
    // What could not be sent would take the worker with it; a clone (40 µs for 60 kB) finds out here.
    return { output: cloneOf(output, outputOf(task, index)) };
  } catch (thrown) {
    return { fault: describeFault(thrown) };
  }
}
