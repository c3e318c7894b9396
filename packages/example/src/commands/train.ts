import { withInterrupt } from '@metadescent/runtime';
import { join } from 'node:path';
import type { PresetName } from '../experiments/experiment.js';
import { experimentNamed, presetOf } from '../experiments/registry.js';
import { runMetaTraining, WEIGHTS_FILE } from '../meta-training-run.js';
import { withSession, type WorkOptions } from '../session.js';

export interface TrainOptions extends WorkOptions {
  readonly preset: PresetName;
  readonly seed: number;
  readonly out?: string;
  readonly resume: boolean;
}

/** `metadescent train <experiment>` */
export async function train(name: string, options: TrainOptions): Promise<void> {
  const experiment = experimentNamed(name);
  const { recipe, stacked } = presetOf(experiment, options.preset);
  const directory = options.out ?? join('runs', `${name.replace('/', '-')}-${options.preset}-${options.seed}`);
  const state = await withInterrupt((signal) =>
    withSession(experiment, { ...options, stacked }, ({ executor, engine }) =>
      runMetaTraining(experiment, { ...options, recipe, stacked, directory, engine, executor, signal }),
    ),
  );
  process.stdout.write(
    `best held-out score ${state.best.score.toPrecision(4)} after epoch ${state.best.epoch + 1}; weights in ${join(directory, WEIGHTS_FILE)}\n` +
      `race them: metadescent evaluate ${name} --weights ${join(directory, WEIGHTS_FILE)}\n`,
  );
}
