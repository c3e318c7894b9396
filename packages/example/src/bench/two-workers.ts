import { median } from '@metadescent/core';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * Throughput of two workers over that of one, for work number `work` of `benchWorks`: each worker owns its
 * kernels, as in meta-training. Measured in turns; the median of the ratios.
 */
export async function twoWorkerGain(engine: string, work: number, repetitions: number): Promise<number> {
  const workers = [0, 1].map(
    () => new Worker(new URL('./two-workers-thread.js', import.meta.url), { workerData: { engine, work } }),
  );
  try {
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const seconds = async (busy: Worker[], times: number) => {
      const start = performance.now();
      await Promise.all(
        busy.map((worker) => {
          worker.postMessage(times);
          return once(worker, 'message');
        }),
      );
      return (performance.now() - start) / 1000;
    };
    // Enough work that starting and ending together matter little.
    const times = Math.max(1, Math.ceil(0.2 / (await seconds([workers[0] as Worker], 1))));
    const gains: number[] = [];
    for (let i = 0; i < repetitions; i++) {
      const alone = await seconds([workers[i % 2] as Worker], times);
      const together = await seconds(workers, times);
      gains.push((2 * alone) / together);
    }
    return median(gains);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
