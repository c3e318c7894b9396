import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** How often the owner of a lock renews it, in seconds. */
export const BEAT_SECONDS = 2;
/**
 * A lock that was not renewed for so many seconds, as its reader's own clock counts them, has no living
 * owner: ten beats.
 */
export const STILL_SECONDS = 20;

/** Something that goes on until it is stopped. */
export interface Heartbeat {
  stop(): void;
}

/**
 * The thread that beats. A thread of its own, because the main thread may compute for minutes without a turn
 * of its event loop. It renews the times of the file and never makes one: a lock that was taken away stays
 * away. Source text instead of a module: it must be JavaScript also where this package is read from its
 * TypeScript sources.
 */
const BEATING = `
const { utimesSync } = require('node:fs');
const { path, milliseconds } = require('node:worker_threads').workerData;
setInterval(() => {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // A disk that is away for a moment may come back; whether the lock is still there its owner checks itself.
  }
}, milliseconds);
`;

/** Renews a file every `seconds`, from a thread that keeps no process alive and ends with it, however it ends. */
export function startHeartbeat(path: string, seconds: number = BEAT_SECONDS): Heartbeat {
  const thread = new Worker(BEATING, {
    eval: true,
    workerData: { path, milliseconds: 1000 * seconds },
    execArgv: [],
    env: {},
  });
  thread.unref();
  // Without its thread a lock looks abandoned to other machines after a while, which is no reason to end the work.
  thread.on('error', () => undefined);
  return { stop: () => void thread.terminate() };
}

/**
 * Watches a file until it is renewed or gone, at most `stillSeconds`. The times in the file are compared with
 * each other only, never with a clock of this machine: the owner's clock may be another one.
 *
 * The thread waits meanwhile.
 *
 * @returns whether it was renewed.
 */
export function wasRenewed(path: string, stillSeconds: number): boolean {
  const first = timesOf(path);
  const until = performance.now() + 1000 * stillSeconds;
  while (performance.now() < until) {
    const now = timesOf(path);
    if (now === undefined) return false;
    if (now !== first) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(100, 100 * stillSeconds));
  }
  return false;
}

/**
 * Opened first, because file systems on a network answer from memory otherwise; without waiting, because a
 * pipe would wait for a writer. Undefined if there is no such file.
 */
function timesOf(path: string): string | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { mtimeNs, ctimeNs } = fstatSync(file, { bigint: true });
      return `${mtimeNs} ${ctimeNs}`;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
