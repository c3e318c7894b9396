import { UserError } from '@metadescent/core';
import { loadMnist } from '@metadescent/optimizees/node';
import { readRun, workerCount } from '@metadescent/runtime';
import { join } from 'node:path';
import type { TrainOptions } from '../commands/train.js';
import { commandText } from '../command-text.js';
import { checkDataFolder, packagedMnist } from '../data.js';
import { LI_MALIK } from '../li-malik/settings.js';
import { resumable, runFolderOf } from '../run-folder.js';
import { writeRunReport } from '../run-report.js';
import { PSD_WEIGHTS_FILE, runPsd } from './psd-run.js';
import type { PsdExperiment } from './psd-experiments.js';

/** What `--weights` of `metadescent run` calls the optimizer that an experiment trains. */
const RACED_AS: Readonly<Record<PsdExperiment['name'], string>> = {
  'li-malik/psd': 'PSD',
  'li-malik/psd-normalised': 'PSD-N',
  'li-malik/psd-plus': 'PSD+',
};

/**
 * `metadescent train` of a training run of Predicted Step Descent: weights, its result, a report and how to
 * go on.
 */
export async function trainPsd(experiment: PsdExperiment, options: TrainOptions): Promise<void> {
  const { preset, seed, engine, search, data, resume = false } = options;
  const { name } = experiment;
  if (search > 0) throw new UserError(`${name} has no learning rate to search for; leave --search out`);
  checkDataFolder(data);
  const wanted = { ...options, experiment: name };
  const directory = runFolderOf(wanted);
  const mnist = loadMnist(data ?? packagedMnist()).train;
  const workers = workerCount(options.workers);
  await resumable(directory, wanted, (signal) =>
    runPsd(experiment, { preset, seed, directory, resume, workers, engine, mnist, signal }),
  );
  const file = join(directory, PSD_WEIGHTS_FILE);
  const report = await writeRunReport(directory);
  process.stdout.write(`${resultSentence(readRun(directory).metrics.at(-1) ?? {})}; weights in ${file}\n`);
  process.stdout.write(
    `race them: ${commandText('run', LI_MALIK, '--weights', `${RACED_AS[name]}=${file}`)}\nreport: ${report}\n`,
  );
}

/** Of the last record: that of a round of distillation, or of fine-tuning. */
function resultSentence({
  policy,
  controller,
  teacher,
  bestScore,
}: Readonly<Record<string, unknown>>): string {
  const number = (value: unknown) => Number(value).toPrecision(4);
  return bestScore === undefined
    ? `mean objective over the steps: policy ${number(policy)}, controller ${number(controller)}, teacher ${number(teacher)}`
    : `best score on the validation objectives ${number(bestScore)}`;
}
