import { setMaxListeners } from 'node:events';
import type { ResourceLimits } from 'node:worker_threads';

import { checkArgument, UserError } from '@metadescent/core';

import { createInlineBackend } from './inline-backend.js';
import { createThreadBackend } from './thread-backend.js';
import { type Warn, warnOnStandardError } from './warning.js';
import { workerCount } from './workers.js';

export interface ExecutorOptions {
  /**
   * Number of worker threads, for instance `workerCount()`; 0 runs tasks one after another in this thread.
   * The results are the same bits for any number.
   *
   * One worker already keeps this thread free for progress lines and Ctrl-C, which 0 does not while a task computes.
   */
  readonly workers: number;
  /**
   * The ES module that exports the tasks: named functions `(input, context) => output`, async or not. Worker
   * threads need it as JavaScript.
   */
  readonly module: URL | string;
  /**
   * Given once per worker to the module's `setup(payload)`, before its first task; what that returns is every
   * task's `context`. Must be structured-cloneable and must not change afterwards (replacement workers get it
   * too). Put large data behind a `SharedArrayBuffer` (see `sharedCopy`): then all workers read one copy.
   */
  readonly setup?: unknown;
  /** How often a task is repeated after the death of its worker, before `map` gives up. Default 2. */
  readonly repetitions?: number;
  /** Memory limits per worker thread; default: those of Node. */
  readonly resourceLimits?: ResourceLimits;
  /** Told when a worker died and its task is repeated. Default: a line on standard error. */
  readonly warn?: Warn;
}

export interface MapOptions<Output> {
  /** Called as results arrive, in any order: for progress, not for results. */
  readonly onResult?: (output: Output, index: number) => void;
  /** Stops the work at once (running workers are replaced); `map` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The input of the task `Name` of a module type; `unknown` where the module's type is not given. */
export type TaskInput<Module, Name extends keyof Module> = Module[Name] extends (
  input: infer Input,
  ...rest: never[]
) => unknown
  ? Input
  : unknown;

/** The output of the task `Name` of a module type; `unknown` where the module's type is not given. */
export type TaskOutput<Module, Name extends keyof Module> = Module[Name] extends (
  ...parameters: never[]
) => infer Output
  ? Awaited<Output>
  : unknown;

/** Runs tasks of one module, in this thread or in worker threads. */
export interface Executor<Module = Record<string, unknown>> {
  readonly workers: number;
  /**
   * Runs the task once per input and gives the outputs in the order of the inputs.
   *
   * Inputs and outputs are structured clones, also without worker threads: a task can neither change its
   * caller's arrays nor return a buffer that its next call overwrites. Return arrays that own their buffer:
   * the clone of a view copies the whole buffer behind it.
   *
   * After an exception no further tasks start, those under way are waited for, and the exception of the
   * lowest index is thrown: the same one for any number of workers.
   *
   * @throws whatever the task threw, with its message and stack (a `UserError` stays one); Error if a worker
   *   died more than `repetitions` times under one task, or the executor was closed; TypeError if the module
   *   has no such task, or something cannot be cloned; the signal's reason.
   */
  map<Name extends keyof Module & string>(
    task: Name,
    inputs: readonly TaskInput<Module, Name>[],
    options?: MapOptions<TaskOutput<Module, Name>>,
  ): Promise<TaskOutput<Module, Name>[]>;
  /** Stops all workers; maps under way reject. */
  close(): Promise<void>;
}

/**
 * An executor of the tasks of one module. Give the module's type to have inputs and outputs checked.
 *
 * @throws UserError if `workers` is not a number for this machine (see `workerCount`), or `repetitions` not
 *   an integer ≥ 0.
 * @example
 * // tasks.js: export const square = (x) => x * x;
 * const executor = createExecutor<typeof import('./tasks.js')>({ workers: 2, module: new URL('./tasks.js', import.meta.url) });
 * await executor.map('square', [1, 2, 3]); // => [1, 4, 9]
 * await executor.close();
 */
export function createExecutor<Module = Record<string, unknown>>(options: ExecutorOptions): Executor<Module> {
  checkArgument(
    'createExecutor',
    'the options',
    options,
    ['module'],
    'pass { workers: 2, module: new URL(…) }',
  );
  const { workers, module, setup, repetitions = 2, resourceLimits, warn = warnOnStandardError } = options;
  workerCount(workers);
  if (!Number.isInteger(repetitions) || repetitions < 0) {
    throw new UserError(
      `createExecutor: repetitions must be an integer of at least 0, but is ${repetitions}`,
    );
  }
  const start = { module: String(module), setup };
  const backend =
    workers === 0
      ? createInlineBackend(start)
      : createThreadBackend(start, { workers, repetitions, resourceLimits, warn });
  const maps = new Set<AbortController>();
  let closed: Error | undefined;

  return {
    workers,
    map: async (task, inputs, { onResult, signal } = {}) => {
      if (closed) throw closed;
      signal?.throwIfAborted();
      const map = new AbortController();
      // Every task under way listens.
      setMaxListeners(0, map.signal);
      const stop = () => map.abort(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      maps.add(map);
      try {
        const run = (index: number) => backend.run(task, inputs[index], index, map.signal);
        // The declared types are the caller's word about a module that is only known at run time.
        return (await mapInOrder(
          inputs.length,
          backend.concurrency,
          run,
          onResult as OnResult | undefined,
        )) as never;
      } finally {
        maps.delete(map);
        signal?.removeEventListener('abort', stop);
      }
    },
    close: async () => {
      closed = new Error('executor.map: the executor is closed; create another one');
      for (const map of maps) map.abort(closed);
      await backend.close();
    },
  };
}

type OnResult = (output: unknown, index: number) => void;

/** Starts `run(0)`, `run(1)`, … in this order, `concurrency` at a time, and collects their outputs by index. */
async function mapInOrder(
  count: number,
  concurrency: number,
  run: (index: number) => Promise<unknown>,
  onResult: OnResult | undefined,
): Promise<unknown[]> {
  const outputs = new Array<unknown>(count);
  let next = 0;
  const failures = new Map<number, unknown>();
  const lane = async () => {
    while (next < count && failures.size === 0) {
      const index = next++;
      try {
        outputs[index] = await run(index);
        onResult?.(outputs[index], index);
      } catch (error) {
        failures.set(index, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
  // Tasks start in index order, so the lowest index that fails has run, whatever the number of lanes.
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return outputs;
}
