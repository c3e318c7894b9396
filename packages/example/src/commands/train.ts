import { UserError } from '@metadescent/core';
import { epochsOf, type MetaTrainingRecipe } from '@metadescent/lstm-optimizer';
import { describeTuningOutcome } from '@metadescent/optimizers';
import { taskMap } from '@metadescent/runtime';
import { join } from 'node:path';
import { controlExperiments } from '../control/control-experiments.js';
import type { Experiment, PresetName } from '../experiments/experiment.js';
import { commandText } from '../command-text.js';
import { experimentNamed, presetOf } from '../experiments/registry.js';
import { searchLearningRate } from '../learning-rate-search.js';
import { runMetaTraining, trainingKey, WEIGHTS_FILE } from '../meta-training-run.js';
import { runReadoutSearch } from '../readout-search-run.js';
import { psdExperiments } from '../psd-training/psd-experiments.js';
import { trainPsd } from '../psd-training/train-psd.js';
import { l2lExperiment } from '../li-malik/l2l-experiment.js';
import { LI_MALIK } from '../li-malik/settings.js';
import { resumable, runFolderOf } from '../run-folder.js';
import { writeRunReport } from '../run-report.js';
import { checkData, withSession, type Session, type WorkOptions } from '../session.js';
import { trainControl } from './train-control.js';

export interface TrainOptions extends WorkOptions {
  readonly preset: PresetName;
  readonly seed: number;
  readonly out?: string;
  readonly resume?: boolean;
  /** Candidates of a random search for the learning rate before training; 0 takes the recipe's. */
  readonly search: number;
}

/** `metadescent train <experiment>` */
export async function train(name: string, options: TrainOptions): Promise<void> {
  const control = controlExperiments.find((experiment) => experiment.name === name);
  if (control) return trainControl(control, options);
  const psd = psdExperiments.find((experiment) => experiment.name === name);
  if (psd) return trainPsd(psd, options);
  return trainLstm(experimentNamed(name, 'train'), options);
}

async function trainLstm(experiment: Experiment, options: TrainOptions): Promise<void> {
  const { name, training } = experiment;
  const { preset: presetName, resume = false } = options;
  const search = 'search' in training && options.search === 0 ? training : undefined;
  const preset = search ? undefined : presetOf(experiment, presetName);
  checkData(experiment, options);
  const wanted = { ...options, experiment: name };
  const directory = runFolderOf(wanted);
  const found = await resumable(directory, wanted, (signal) =>
    withSession(
      experiment,
      { ...options, ...(preset && { stacked: preset.stacked }) },
      async ({ executor, engine }) => {
        const run = { ...options, resume, directory, engine, executor, signal };
        if (search) {
          const { score, round } = await runReadoutSearch(experiment, search, run);
          return { score, when: `generation ${round}` };
        }
        const { recipe, stacked } = preset!;
        const learningRate =
          options.search > 0
            ? await searchedRate(experiment, recipe, options, executor)
            : recipe.learningRate;
        const { best } = await runMetaTraining(experiment, {
          ...run,
          recipe: { ...recipe, learningRate },
          stacked,
        });
        return { score: best.score, when: `epoch ${epochsOf(recipe, best.round)}` };
      },
    ),
  );
  const file = join(directory, WEIGHTS_FILE);
  const report = await writeRunReport(directory);
  const races = [commandText('evaluate', name, '--weights', file)];
  if (name === l2lExperiment.name) races.push(commandText('run', LI_MALIK, '--weights', `L2LBGDBGD=${file}`));
  process.stdout.write(
    `best held-out score ${found.score.toPrecision(4)} after ${found.when}; weights in ${file}\n`,
  );
  process.stdout.write(`race them: ${races.join('\n       or: ')}\nreport: ${report}\n`);
}

/** The best learning rate of a random search, which depends on the seed alone: a resumed run finds the same one. */
async function searchedRate(
  experiment: Experiment,
  recipe: MetaTrainingRecipe,
  { search, seed }: TrainOptions,
  executor: Session['executor'],
): Promise<number> {
  const { best, outcome } = await searchLearningRate(experiment.rule, recipe, {
    candidates: search,
    key: trainingKey(experiment, seed).fold('learning-rate search'),
    map: taskMap(executor),
    onCandidate: (rate, score) =>
      process.stderr.write(`learning rate ${rate.toPrecision(3)}: held out ${score.toPrecision(4)}\n`),
  });
  if (!best)
    throw new UserError(
      `every learning rate of the search diverged; try more candidates than --search ${search}`,
    );
  const rate = best.options['learningRate'] as number;
  process.stderr.write(`learning rate ${rate.toPrecision(3)} it is (${describeTuningOutcome(outcome)})\n`);
  return rate;
}
