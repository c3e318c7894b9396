import { Worker } from 'node:worker_threads';

/** A reader that takes longer hangs. */
export const LONGEST_MS = 5000;
/** The heap that the readers, the inputs and the bookkeeping may take together. */
export const HEAP_MB = 256;
/**
 * What the process may take in all; arrays lie outside the heap. The largest bound that a reader states is 64
 * MiB, twice while it unpacks.
 */
export const RESIDENT_MB = 1024;

const LOOK_EVERY_MS = 200;

/**
 * Runs `fuzz` in a worker, and watches it: an input that takes more than five seconds, or memory above the
 * bounds, is a fault with the input's number.
 *
 * @param {{ seed: number, first: number, inputs: number, onProgress?: (index: number, residentMb: number) =>
 *   void, worker?: URL }} options
 * @returns {Promise<ReturnType<typeof import('./fuzz.js').fuzz> & { residentMb: number }>}
 */
export async function fuzzWatched({
  seed,
  first,
  inputs,
  onProgress,
  worker: module = new URL('./worker.js', import.meta.url),
}) {
  const shared = new SharedArrayBuffer(8);
  const progress = new Float64Array(shared);
  progress[0] = first;
  const worker = new Worker(module, {
    workerData: { seed, first, inputs, shared },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  let residentMb = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      const failed = (/** @type {string} */ what) => reject(new Error(`input ${progress[0]}: ${what}`));
      let last = progress[0];
      let since = performance.now();
      timer = setInterval(() => {
        const now = performance.now();
        residentMb = Math.max(residentMb, process.memoryUsage.rss() / 2 ** 20);
        if (progress[0] !== last) [last, since] = [progress[0], now];
        else if (now - since > LONGEST_MS) failed(`no end after ${LONGEST_MS} ms`);
        if (residentMb > RESIDENT_MB)
          failed(`the process takes ${Math.round(residentMb)} MB, more than ${RESIDENT_MB}`);
        onProgress?.(progress[0] ?? 0, residentMb);
      }, LOOK_EVERY_MS);
      worker.once('message', (result) => resolve({ ...result, residentMb }));
      worker.once('error', (error) => failed(String(error.stack ?? error)));
      worker.once('exit', (code) => failed(`the worker ended with code ${code}`));
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}
