import { UserError } from '@metadescent/core';
import { shippedWeights } from './pretrained/index.gen.js';
import type { TrainedPsd } from './weights-file.js';

/** Names of the weights that ship with this package. */
export type PretrainedPsdName = keyof typeof shippedWeights;

/** All of them. */
export const pretrainedPsdNames = Object.keys(shippedWeights) as PretrainedPsdName[];

/**
 * The shipped weights of this name, with their provenance (configuration, seed, cost, results).
 *
 * `psd`: Predicted Step Descent as Li & Malik 2017 train it, by guided policy search. `psd-normalised`: the
 * same search on gradients normalised as in AdaGrad. `psd-plus`: ours, trained on the objective values of
 * whole rollouts over a list of objectives.
 *
 * A bundle that calls this carries all of them. To carry one, import it: `import { pretrained } from
 * '@metadescent/predicted-step-descent/pretrained/psd-plus'` gives the same without a name.
 *
 * @throws UserError if there are none of this name.
 * @example
 * const optimizer = predictedStepDescent(pretrained('psd-plus').weights, engine);
 */
export function pretrained(name: PretrainedPsdName): TrainedPsd {
  if (!Object.hasOwn(shippedWeights, name))
    throw new UserError(
      `there are no shipped weights "${String(name)}"; choose one of ${pretrainedPsdNames.join(', ')}`,
    );
  return shippedWeights[name]();
}
