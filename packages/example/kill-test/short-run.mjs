/**
 * A short training of each kind, by the functions that `metadescent train` calls, so that it can be killed
 * and resumed many times:
 *
 *     node short-run.mjs <meta-training|policy-search|fine-tuning> <folder> [--resume]
 */
import { parseArgs } from 'node:util';

import { loadMnist } from '@metadescent/optimizees/node';
import { runCommand } from '@metadescent/runtime';

import { controlEngines } from '../dist/control/control-engines.js';
import { controlExperiments } from '../dist/control/control-experiments.js';
import { runControl } from '../dist/control/control-run.js';
import { packagedMnist } from '../dist/data.js';
import { experimentNamed } from '../dist/experiments/registry.js';
import { runMetaTraining } from '../dist/meta-training-run.js';
import { psdExperiments } from '../dist/psd-training/psd-experiments.js';
import { runPsd } from '../dist/psd-training/psd-run.js';
import { withSession } from '../dist/session.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { resume: { type: 'boolean', default: false } },
});
const [kind, directory] = positionals;
const { resume } = values;
const preset = 'quick';
const seed = 1;
const engine = 'wasm';

const trainings = {
  'meta-training': async () => {
    const experiment = experimentNamed('andrychowicz/quadratics');
    const { stacked, recipe } = experiment.training.presets.quick;
    const short = { ...recipe, epochs: 12, batchesPerEpoch: 1, validationUnrolls: 2 };
    await withSession(experiment, { engine, workers: 1, stacked }, (session) =>
      runMetaTraining(experiment, { ...session, preset, recipe: short, stacked, seed, directory, resume }),
    );
  },
  'policy-search': async () => {
    const experiment = controlExperiments.find(({ name }) => name === 'control/linear-regulator');
    await runControl(experiment, { preset, seed, directory, resume, engines: controlEngines(engine) });
  },
  'fine-tuning': async () => {
    const experiment = psdExperiments.find(({ name }) => name === 'li-malik/psd-plus');
    const { quick } = experiment.presets;
    // Few objectives on few images: most of the time would go into their data.
    const few = (objectives) => objectives.slice(0, 1).map((objective) => ({ ...objective, examples: 2000 }));
    const short = {
      ...quick,
      training: few(quick.training),
      validation: few(quick.validation),
      recipe: { ...quick.recipe, steps: 12, horizon: 5, batch: 2, validationEvery: 3 },
    };
    const { train: mnist } = loadMnist(packagedMnist());
    await runPsd(
      { ...experiment, presets: { ...experiment.presets, quick: short } },
      { preset, seed, directory, resume, engine, workers: 1, mnist },
    );
  },
};

await runCommand(trainings[kind]);
