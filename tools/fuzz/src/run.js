/**
 * `npm run fuzz -- --inputs 1000000 --seed 1`: mutated files for every reader, in a worker that is watched.
 * Ends with a table, and with exit code 1 if there was a fault. `--input 123` gives that input alone again,
 * in this process.
 */
import { parseArgs } from 'node:util';

import { fuzz, inputOf } from './fuzz.js';
import { openReaders } from './readers.js';
import { fuzzWatched } from './watchdog.js';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    input: { type: 'string' },
  },
});
const [seed, inputs] = [Number(values.seed), Number(values.inputs)];

if (values.input !== undefined) {
  const index = Number(values.input);
  const { readers, close } = openReaders();
  try {
    const { reader, bytes } = inputOf(readers, seed, index);
    console.log(`${reader.name}, ${bytes.length} bytes: ${Buffer.from(bytes).toString('base64')}`);
    report(fuzz(readers, { seed, first: index, inputs: 1 }).faults);
  } finally {
    close();
  }
} else {
  const begin = performance.now();
  const { counts, faults, residentMb } = await fuzzWatched({ seed, first: 0, inputs });
  for (const { name, inputs: given, accepted, slowest } of counts) {
    console.log(
      `${name.padEnd(28)} ${String(given).padStart(8)} inputs ${String(accepted).padStart(8)} accepted, slowest ${Math.round(slowest)} ms`,
    );
  }
  const total = counts.reduce((sum, count) => sum + count.inputs, 0);
  console.log(
    `${total} inputs, seed ${seed}: ${faults.length} faults, ${Math.round((performance.now() - begin) / 1000)} s, ` +
      `at most ${Math.round(residentMb)} MB resident`,
  );
  report(faults);
}

/** @param {readonly { index: number, reader: string, fault: string }[]} faults */
function report(faults) {
  for (const { index, reader, fault } of faults)
    console.error(`\n${reader}: npm run fuzz -- --seed ${seed} --input ${index}\n${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
