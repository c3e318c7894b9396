import { bestGpsEngine, loadEngine } from '@metadescent/kernels/node';
import type { PsdPreset } from '@metadescent/predicted-step-descent';
import { resourceUsage } from 'node:process';
import { benchIteration, type IterationBench } from './iteration-bench.js';
import { benchSteps, type StepBenchRow } from './step-bench.js';

export interface PsdBench {
  readonly steps: readonly StepBenchRow[];
  readonly iteration: IterationBench;
  /** Of this process, all of it, in megabytes. */
  readonly peakMemory: number;
}

/**
 * What Predicted Step Descent costs: time and memory per step against ADAM, and where the time of one outer iteration of meta-training goes.
 *
 * @param preset `paper` is minutes
 */
export async function runPsdBench({
  repetitions,
  preset = 'quick',
  log,
}: {
  readonly repetitions: number;
  readonly preset?: PsdPreset;
  readonly log: (line: string) => void;
}): Promise<PsdBench> {
  const engine = loadEngine('auto');
  log(`Predicted Step Descent, ${engine.detail}, one thread`);
  const steps = benchSteps(engine, repetitions);
  for (const { optimizer, coordinates, milliseconds, stateBytes } of steps)
    log(`${optimizer.padEnd(24)} ${String(coordinates).padStart(6)} coordinates  ${milliseconds.toFixed(3).padStart(8)} ms a step  ${stateBytes.toFixed(0).padStart(5)} bytes a coordinate`);
  const iteration = await benchIteration(preset, engine, bestGpsEngine());
  log(`one outer iteration, ${preset}: ${iteration.total.toFixed(1)} s`);
  const parts = { sampling: 'sampling', acceptance: 'acceptance test', dynamics: 'dynamics fits', etaSearch: 'η search', rest: 'moments, costs, rest', policyRegression: 'policy, 100 steps (extra)' } as const;
  for (const [name, title] of Object.entries(parts)) log(`  ${title.padEnd(26)} ${iteration[name as keyof typeof parts].toFixed(2).padStart(7)} s`);
  const peakMemory = resourceUsage().maxRSS / 1024;
  log(`peak memory of the process: ${peakMemory.toFixed(0)} MB`);
  return { steps, iteration, peakMemory };
}
