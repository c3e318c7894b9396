import { UserError } from '@metadescent/core';
import type { MetaTrainingRecipe } from '@metadescent/lstm-optimizer';
import { describeTuningOutcome } from '@metadescent/optimizers';
import { withInterrupt } from '@metadescent/runtime';
import { join } from 'node:path';
import { controlExperiments } from '../control/control-experiments.js';
import type { Experiment, PresetName } from '../experiments/experiment.js';
import { experimentNamed, presetOf } from '../experiments/registry.js';
import { searchLearningRate } from '../learning-rate-search.js';
import { overWorkers, runMetaTraining, trainingKey, WEIGHTS_FILE } from '../meta-training-run.js';
import { runReadoutSearch } from '../readout-search-run.js';
import { psdExperiments } from '../psd-training/psd-experiments.js';
import { trainPsd } from '../psd-training/train-psd.js';
import { writeRunReport } from '../run-report.js';
import { withSession, type Session, type WorkOptions } from '../session.js';
import { trainControl } from './train-control.js';

export interface TrainOptions extends WorkOptions {
  readonly preset: PresetName;
  readonly seed: number;
  readonly out?: string;
  readonly resume: boolean;
  /** Candidates of a random search for the learning rate before training; 0 takes the recipe's. */
  readonly search: number;
}

/** `metadescent train <experiment>` */
export async function train(name: string, options: TrainOptions): Promise<void> {
  const control = controlExperiments.find((experiment) => experiment.name === name);
  if (control) return trainControl(control, options);
  const psd = psdExperiments.find((experiment) => experiment.name === name);
  if (psd) return trainPsd(psd, options);
  const experiment = experimentNamed(name);
  const directory = options.out ?? join('runs', `${name.replace('/', '-')}-${options.preset}-${options.seed}`);
  const { training } = experiment;
  if ('search' in training && options.search === 0) {
    const best = await withInterrupt((signal) =>
      withSession(experiment, options, (session) => runReadoutSearch(experiment, training, { ...options, ...session, directory, signal })),
    );
    return sayTrained(name, best.score, `generation ${best.generation}`, directory);
  }
  const preset = presetOf(experiment, options.preset);
  const { stacked } = preset;
  const state = await withInterrupt((signal) =>
    withSession(experiment, { ...options, stacked }, async ({ executor, engine }) => {
      const learningRate = options.search > 0 ? await searchedRate(experiment, preset.recipe, options, executor) : preset.recipe.learningRate;
      const recipe = { ...preset.recipe, learningRate };
      return runMetaTraining(experiment, { ...options, recipe, stacked, directory, engine, executor, signal });
    }),
  );
  await sayTrained(name, state.best.score, `epoch ${state.best.epoch + 1}`, directory);
}

async function sayTrained(name: string, score: number, when: string, directory: string): Promise<void> {
  const file = join(directory, WEIGHTS_FILE);
  process.stdout.write(`best held-out score ${score.toPrecision(4)} after ${when}; weights in ${file}\nrace them: metadescent evaluate ${name} --weights ${file}\nreport: ${await writeRunReport(directory)}\n`);
}

/** The best learning rate of a random search, which depends on the seed alone: a resumed run finds the same one. */
async function searchedRate(experiment: Experiment, recipe: MetaTrainingRecipe, { search, seed }: TrainOptions, executor: Session['executor']): Promise<number> {
  const { best, outcome } = await searchLearningRate(experiment.rule, recipe, {
    candidates: search,
    key: trainingKey(experiment, seed).fold('learning-rate search'),
    executor: overWorkers(executor),
    onCandidate: (rate, score) => process.stderr.write(`learning rate ${rate.toPrecision(3)}: held out ${score.toPrecision(4)}\n`),
  });
  if (!best) throw new UserError(`every learning rate of the search diverged; try more candidates than --search ${search}`);
  const rate = best.options['learningRate'] as number;
  process.stderr.write(`learning rate ${rate.toPrecision(3)} it is (${describeTuningOutcome(outcome)})\n`);
  return rate;
}
