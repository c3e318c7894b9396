import { toJson } from '@metadescent/reporting';
import { runGpsBench } from '../bench/gps-bench.js';
import { runKernelBench } from '../bench/kernel-bench.js';

export interface BenchOptions {
  readonly repetitions: number;
  readonly json: boolean;
}

/** `metadescent bench`: progress on standard error, the tables (or one JSON object) on standard output. */
export async function bench({ repetitions, json }: BenchOptions): Promise<void> {
  const log = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const kernels = await runKernelBench({ repetitions, log });
  const guidedPolicySearch = await runGpsBench({ repetitions, log });
  if (json) process.stdout.write(`${toJson({ kernels, guidedPolicySearch })}\n`);
}
