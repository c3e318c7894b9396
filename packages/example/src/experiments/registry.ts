import { UserError } from '@metadescent/core';
import { controlExperiments } from '../control/control-experiments.js';
import { andrychowiczExperiments } from './andrychowicz.js';
import type { Experiment, Preset, PresetName } from './experiment.js';
import { l2lExperiment } from '../li-malik/l2l-experiment.js';

/** Every experiment of the app, in the order of `metadescent list`. */
export const experiments: readonly Experiment[] = [...andrychowiczExperiments, l2lExperiment];

/**
 * The experiment of this name.
 *
 * @throws UserError listing the names if there is none.
 */
export function experimentNamed(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (!found) {
    if (controlExperiments.some((control) => control.name === name)) {
      throw new UserError(`${name} is a control problem: there are no optimizers to race; \`metadescent train ${name}\` solves it and tests what was learned`);
    }
    const names = [...experiments, ...controlExperiments].map((e) => e.name).join(', ');
    throw new UserError(`there is no experiment "${name}"; \`metadescent list\` shows them: ${names}`);
  }
  return found;
}

/**
 * A meta-training of an experiment.
 *
 * @throws UserError if the experiment tests how another one's optimizer transfers.
 */
export function presetOf({ name, training }: Experiment, preset: PresetName): Preset {
  if ('presets' in training) return training.presets[preset];
  if ('search' in training) throw new UserError(`${name} searches for the readout of the weights "${training.startsFrom}" and is not meta-trained by gradients; run \`metadescent train ${name}\` without --search`);
  throw new UserError(
    `${name} tests how the optimizer of ${training.weightsOf} transfers and has no training of its own; run \`metadescent train ${training.weightsOf}\``,
  );
}
