import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';

import { Piscina } from 'piscina';

import type { Backend } from './backend.js';
import type { TaskReply, TaskRequest, WorkerStart } from './executor-worker.js';
import { inputOf, isCloneError, uncloneable } from './task-clone.js';
import { reviveFault } from './task-fault.js';
import { type Warn } from './warning.js';

interface ThreadOptions {
  readonly workers: number;
  readonly repetitions: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly warn: Warn;
}

/**
 * Threads run JavaScript, so this is the compiled file, also when this very module is read from its
 * TypeScript source.
 */
const WORKER = new URL('../dist/executor-entry.cjs', import.meta.url);

/**
 * Tasks in worker threads. Piscina starts and replaces the threads; which task runs, and how often, is decided here.
 *
 * Arrays are cloned, not transferred: a transfer would take the caller's weights away from it and cannot move
 * WebAssembly memory, and cloning 60 kB costs some 0.04 ms of the 0.2 ms of a round trip.
 */
export function createThreadBackend(start: WorkerStart, options: ThreadOptions): Backend {
  const { workers, repetitions, resourceLimits, warn } = options;
  const pool = new Piscina({
    filename: fileURLToPath(WORKER),
    name: 'runTask',
    workerData: start satisfies WorkerStart,
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Infinity,
    recordTiming: false,
    // An idle thread sleeps until the next task instead of turning its event loop: no load, and the steadiest
    // latency of the three modes.
    atomics: 'sync',
    ...(resourceLimits && { resourceLimits }),
  });
  const attempts = new Set<AbortController>();
  // A worker that dies between two tasks is replaced, and nobody waits for it.
  pool.on('error', () => undefined);
  // Piscina gives up on threads that die while they start, and would leave queued calls waiting for ever.
  pool.on('workerDestroy', () => {
    queueMicrotask(() => {
      if (pool.threads.length > 0 || pool.queueSize === 0) return;
      for (const controller of attempts) controller.abort(new Error('worker died while it started'));
    });
  });

  /** One call on one worker. Resolves to how the worker died, where it did. */
  const attempt = async (
    request: TaskRequest,
    signal: AbortSignal,
  ): Promise<TaskReply | { readonly death: unknown }> => {
    const controller = new AbortController();
    const stop = () => controller.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    attempts.add(controller);
    try {
      return (await pool.run(request, { signal: controller.signal })) as TaskReply;
    } catch (error) {
      return { death: controller.signal.aborted ? controller.signal.reason : error };
    } finally {
      attempts.delete(controller);
      signal.removeEventListener('abort', stop);
    }
  };

  return {
    concurrency: workers,
    run: async (task, input, index, signal) => {
      for (let deaths = 1; ; deaths++) {
        signal.throwIfAborted();
        const reply = await attempt({ task, input, index }, signal);
        signal.throwIfAborted();
        if ('output' in reply) return reply.output;
        if ('fault' in reply) throw reviveFault(reply.fault);
        if (isCloneError(reply.death)) throw uncloneable(inputOf(task, index), reply.death);
        const how = (reply.death as Error).message;
        if (deaths > repetitions) {
          throw new Error(
            `a worker died ${deaths} times in a row while it computed ${inputOf(task, index)} (${how}); run with 0 workers to see it happen, ` +
              'or with fewer where memory ran out',
            { cause: reply.death },
          );
        }
        warn(
          `a worker died while it computed ${inputOf(task, index)} (${how}); repeating the task (${deaths} of ${repetitions})`,
        );
      }
    },
    close: () => pool.destroy(),
  };
}
