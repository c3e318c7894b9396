import { UserError } from '@metadescent/core';
import { loadMnist } from '@metadescent/optimizees/node';
import { withInterrupt, workerCount } from '@metadescent/runtime';
import { join } from 'node:path';
import type { TrainOptions } from '../commands/train.js';
import { packagedMnist } from '../data.js';
import { writeRunReport } from '../run-report.js';
import { PSD_WEIGHTS_FILE, runPsd } from './psd-run.js';
import type { PsdExperiment } from './psd-experiments.js';

/** `metadescent train` of a training run of Predicted Step Descent: weights and a report. */
export async function trainPsd(experiment: PsdExperiment, options: TrainOptions): Promise<void> {
  const { preset, seed, engine, search, data, out, resume } = options;
  if (search > 0) throw new UserError(`${experiment.name} has no learning rate to search for; leave --search out`);
  const directory = out ?? join('runs', `${experiment.name.replace('/', '-')}-${preset}-${seed}`);
  const workers = workerCount(options.workers);
  const mnist = loadMnist(data ?? packagedMnist()).train;
  await withInterrupt((signal) => runPsd(experiment, { preset, seed, directory, resume, workers, engine, mnist, signal }));
  process.stdout.write(`weights in ${join(directory, PSD_WEIGHTS_FILE)}\nreport: ${await writeRunReport(directory)}\n`);
}
