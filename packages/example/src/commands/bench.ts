import { availableParallelism, cpus } from 'node:os';
import { toJson } from '@metadescent/reporting';
import { runGpsBench } from '../bench/gps-bench.js';
import { runKernelBench } from '../bench/kernel-bench.js';
import { startUpSeconds } from '../bench/start-up.js';

export interface BenchOptions {
  readonly repetitions: number;
  readonly json: boolean;
}

/** `metadescent bench`: progress and tables on standard output, or one JSON object there and the rest on standard error. */
export async function bench({ repetitions, json }: BenchOptions): Promise<void> {
  const log = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  log(machine);
  const kernels = await runKernelBench({ repetitions, log });
  log('');
  const guidedPolicySearch = await runGpsBench({ repetitions, log });
  const startUp = startUpSeconds(repetitions);
  log(`\nmetadescent --help, start to end  ${startUp.toFixed(2)} s`);
  if (json) process.stdout.write(`${toJson({ machine, kernels, guidedPolicySearch, startUp })}\n`);
}
