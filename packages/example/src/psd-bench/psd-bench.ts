import { bestGpsEngine, loadEngine } from '@metadescent/kernels/node';
import type { PsdPreset } from '@metadescent/predicted-step-descent';
import { resourceUsage } from 'node:process';
import { benchIteration, REGRESSION_STEPS, type IterationBench } from './iteration-bench.js';
import { benchSteps, type StepBenchRow } from './step-bench.js';

export interface PsdBench {
  readonly steps: readonly StepBenchRow[];
  readonly iteration: IterationBench;
  /** Of this process, all of it, in megabytes. */
  readonly peakMemory: number;
}

/** Worker threads of the iteration. */
const WORKERS = 2;

/**
 * What Predicted Step Descent costs: time and memory per step against ADAM, and where the time of one outer
 * iteration of meta-training on two workers goes.
 *
 * @param preset `paper` is minutes
 */
export async function runPsdBench({
  repetitions,
  preset,
  log,
}: {
  readonly repetitions: number;
  readonly preset: PsdPreset;
  readonly log: (line: string) => void;
}): Promise<PsdBench> {
  const engine = loadEngine('auto');
  log(`Predicted Step Descent, ${engine.detail}, one thread`);
  const steps = benchSteps(engine, repetitions);
  for (const { optimizer, coordinates, milliseconds, stateBytes } of steps)
    log(
      `  ${optimizer.padEnd(24)} ${String(coordinates).padStart(6)} coordinates  ${milliseconds.toFixed(3).padStart(8)} ms a step  ${stateBytes.toFixed(0).padStart(5)} bytes a coordinate`,
    );
  log(`measuring: one outer iteration, ${preset}, ${WORKERS} workers`);
  const iteration = await benchIteration(preset, WORKERS, engine, bestGpsEngine());
  log(`${'seconds'.padEnd(30)}    wall  processor`);
  for (const [name, title] of Object.entries(PARTS) as [keyof typeof PARTS, string][]) {
    const { wall, processor } = iteration[name];
    log(`  ${title.padEnd(28)} ${wall.toFixed(1).padStart(7)} ${processor.toFixed(1).padStart(10)}`);
  }
  const peakMemory = resourceUsage().maxRSS / 1024;
  log(`peak memory of the process, workers included: ${peakMemory.toFixed(0)} MB`);
  return { steps, iteration, peakMemory };
}

const PARTS = {
  sampling: 'sampling',
  acceptance: 'acceptance test',
  dynamics: 'dynamics fits',
  etaSearch: 'η search',
  rest: 'moments, costs, rest',
  total: 'one outer iteration',
  policyRegression: `policy, ${REGRESSION_STEPS} steps (extra)`,
} as const;
