import { UserError, checkArgument } from '@metadescent/core';
import { commandText } from '../command-text.js';
import { l2lExperiment } from '../li-malik/l2l-experiment.js';
import { andrychowiczExperiments } from './andrychowicz.js';
import { refusedName } from './catalogue.js';
import type { Experiment, Preset, PresetName } from './experiment.js';

/** Every experiment whose learned optimizer is raced against baselines, in the order of `metadescent list`. */
export const experiments: readonly Experiment[] = [...andrychowiczExperiments, l2lExperiment];

/**
 * The experiment of this name.
 *
 * @param command what it is wanted for, for the message
 * @throws UserError if there is none: what the name is for, where it is another thing's, or the name that may
 *   be meant.
 */
export function experimentNamed(name: string, command: 'evaluate' | 'train' = 'evaluate'): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (!found) throw refusedName(command, String(name));
  return found;
}

/**
 * A meta-training of an experiment.
 *
 * @throws UserError if the experiment tests how another one's optimizer transfers.
 */
export function presetOf(experiment: Experiment, preset: PresetName): Preset {
  checkArgument(
    'presetOf',
    'the experiment',
    experiment,
    ['name', 'training'],
    "pass experimentNamed('andrychowicz/mnist')",
  );
  const { name, training } = experiment;
  if ('presets' in training) return training.presets[preset];
  if ('search' in training) {
    throw new UserError(
      `${name} searches for the readout of the weights "${training.startsFrom}" and is not meta-trained by gradients; run \`${commandText('train', name)}\` without --search`,
    );
  }
  throw new UserError(
    `${name} tests how the optimizer of ${training.weightsOf} transfers and has no training of its own; run \`${commandText('train', training.weightsOf)}\``,
  );
}
