import { parentPort, workerData } from 'node:worker_threads';
import { loadEngine } from '@metadescent/kernels/node';
import { benchWorks } from './works.js';

/** A worker of `two-workers.ts`: does its work as often as each message says, then answers. */
const { engine, work } = workerData as { engine: string; work: number };
const prepared = benchWorks()[work]?.prepare(loadEngine(engine));
prepared?.();
parentPort?.on('message', (times: number) => {
  for (let i = 0; i < times; i++) prepared?.();
  parentPort?.postMessage('done');
});
parentPort?.postMessage('ready');
