import { availableParallelism, cpus } from 'node:os';
import type { PsdPreset } from '@metadescent/predicted-step-descent';
import { toJson } from '@metadescent/reporting';
import { runGpsBench } from '../bench/gps-bench.js';
import { runKernelBench } from '../bench/kernel-bench.js';
import { startUpSeconds } from '../bench/start-up.js';
import { runPsdBench } from '../psd-bench/psd-bench.js';
import type { TfjsBench } from '../tfjs-bench/tfjs-bench.js';

export interface BenchOptions {
  readonly repetitions: number;
  readonly json?: boolean;
  /** Predicted Step Descent instead of everything else. */
  readonly psd?: PsdPreset;
}

/**
 * `metadescent bench`: progress and tables on standard output, or one JSON object there and the rest on
 * standard error.
 */
export async function bench({ repetitions, json, psd }: BenchOptions): Promise<void> {
  const log = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  log(machine);
  if (psd) {
    const predictedStepDescent = await runPsdBench({ repetitions, preset: psd, log });
    if (json) process.stdout.write(`${toJson({ machine, predictedStepDescent })}\n`);
    return;
  }
  const kernels = await runKernelBench({ repetitions, log });
  log('');
  const guidedPolicySearch = await runGpsBench({ repetitions, log });
  log('');
  const tfjs = await tfjsBench(log);
  const startUp = startUpSeconds(repetitions);
  log(`\nmetadescent --help, start to end  ${startUp.toFixed(2)} s`);
  if (json) process.stdout.write(`${toJson({ machine, kernels, guidedPolicySearch, tfjs, startUp })}\n`);
}

/** TensorFlow.js is large and optional: loaded here, and left out with a line where it is not installed. */
async function tfjsBench(log: (line: string) => void): Promise<TfjsBench | undefined> {
  const module = await import('../tfjs-bench/tfjs-bench.js').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    log(`no bench of TensorFlow.js, it is not installed (${(error as Error).message.split('\n')[0]})`);
    return undefined;
  });
  return module?.runTfjsBench(log);
}
