import { UserError } from '@metadescent/core';
import { andrychowiczExperiments } from './andrychowicz.js';
import type { Experiment, Preset, PresetName } from './experiment.js';

/** Every experiment of the app, in the order of `metadescent list`. */
export const experiments: readonly Experiment[] = andrychowiczExperiments;

/**
 * The experiment of this name.
 *
 * @throws UserError listing the names if there is none.
 */
export function experimentNamed(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (!found) {
    throw new UserError(`there is no experiment "${name}"; \`metadescent list\` shows them: ${experiments.map((e) => e.name).join(', ')}`);
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
  throw new UserError(
    `${name} tests how the optimizer of ${training.weightsOf} transfers and has no training of its own; run \`metadescent train ${training.weightsOf}\``,
  );
}
