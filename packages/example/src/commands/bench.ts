import { toJson } from '@metadescent/reporting';
import { runKernelBench } from '../bench/kernel-bench.js';

export interface BenchOptions {
  readonly repetitions: number;
  readonly json: boolean;
}

/** `metadescent bench` */
export async function bench({ repetitions, json }: BenchOptions): Promise<void> {
  const rows = await runKernelBench({ repetitions, log: (line: string) => process.stderr.write(`${line}\n`) });
  if (json) process.stdout.write(`${toJson(rows)}\n`);
}
