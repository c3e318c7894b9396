import { loadEngine } from '@metadescent/kernels/node';
import { createExecutor, workerCount, type Executor } from '@metadescent/runtime';
import { announceEngine } from './announce-engine.js';
import { checkDataFolder, datasetOf, refuseData } from './data.js';
import type { Experiment } from './experiments/experiment.js';
import type * as Tasks from './tasks.js';

/** The options that all working commands share. */
export interface WorkOptions {
  readonly workers?: number;
  readonly engine: 'auto' | 'native' | 'wasm' | 'typescript';
  readonly data?: string;
}

/**
 * Checks the option --data of an experiment, before any work.
 *
 * @throws UserError if it names no folder, or the experiment has no data.
 */
export function checkData({ name, problem }: Experiment, { data }: Pick<WorkOptions, 'data'>): void {
  if (problem.kind === 'quadratics') refuseData(name, data);
  else checkDataFolder(data);
}

/** Workers that know an experiment's data, and the name of the engine that they compute with. */
export interface Session {
  readonly executor: Executor<typeof Tasks>;
  readonly engine: string;
}

/** Runs `work` with an executor for this experiment and closes it afterwards. */
export async function withSession<Result>(
  experiment: Experiment,
  options: WorkOptions & { readonly stacked?: number },
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const workers = workerCount(options.workers);
  // Compiles the native library where that has not been done yet, once, before the workers ask for it.
  const engine = announceEngine(loadEngine(options.engine));
  const dataset = datasetOf(experiment.problem, engine, options.data);
  const setup: Tasks.TaskSetup = {
    experiment,
    stacked: options.stacked ?? 1,
    engine: options.engine,
    ...(dataset && { dataset }),
  };
  const executor = createExecutor<typeof Tasks>({
    workers,
    module: new URL('./tasks.js', import.meta.url),
    setup,
  });
  try {
    return await work({ executor, engine: engine.detail });
  } finally {
    await executor.close();
  }
}
