import { parentPort, workerData } from 'node:worker_threads';

import { fuzz } from './fuzz.js';
import { openReaders } from './readers.js';

const { seed, first, inputs, shared } = workerData;
/** The number of the input in work, for the watchdog. */
const progress = new Float64Array(shared);

const { readers, close } = openReaders();
try {
  const result = fuzz(readers, { seed, first, inputs, onInput: (index) => (progress[0] = index) });
  parentPort?.postMessage(result);
} finally {
  close();
}
