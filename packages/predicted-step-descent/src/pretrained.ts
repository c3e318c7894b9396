import { UserError } from '@metadescent/core';
import { pretrainedWeights } from './pretrained/weights.gen.js';
import { readWeights, type TrainedPsd } from './weights-file.js';

/** Names of the weights that ship with this package. */
export type PretrainedPsdName = keyof typeof pretrainedWeights;

/** All of them. */
export const pretrainedPsdNames = Object.keys(pretrainedWeights) as PretrainedPsdName[];

/**
 * The shipped weights of this name, with their provenance (configuration, seed, cost, results).
 *
 * `psd`: Predicted Step Descent as Li & Malik 2017 train it, by guided policy search. `psd-normalised`: the same search on gradients normalised as in AdaGrad. `psd-plus`: ours, trained on the objective values of whole rollouts over a list of objectives.
 *
 * @throws UserError if there are none of this name.
 * @example
 * const optimizer = predictedStepDescent(pretrained('psd-plus').weights, engine);
 */
export function pretrained(name: PretrainedPsdName): TrainedPsd {
  if (!Object.hasOwn(pretrainedWeights, name))
    throw new UserError(`there are no shipped weights "${String(name)}"; choose one of ${pretrainedPsdNames.join(', ')}`);
  return readWeights(Uint8Array.from(atob(pretrainedWeights[name]), (character) => character.charCodeAt(0)));
}
