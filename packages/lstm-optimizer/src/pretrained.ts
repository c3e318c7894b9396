import { UserError } from '@metadescent/core';
import type { TrainedRule } from './checkpoint.js';
import { shippedWeights } from './pretrained/index.gen.js';

/** Names of the weights that ship with this package. */
export type PretrainedName = keyof typeof shippedWeights;

/** All of them. */
export const pretrainedNames = Object.keys(shippedWeights) as PretrainedName[];

/**
 * The shipped weights of this name, with the rule that they belong to and their provenance (configuration,
 * seed, cost, results).
 *
 * A bundle that calls this carries all of them. To carry one, import it: `import { pretrained } from
 * '@metadescent/lstm-optimizer/pretrained/mnist'` gives the same without a name.
 *
 * @throws UserError if there are none of this name.
 * @example
 * const { rule, weights } = pretrained('mnist');
 * const optimizer = lstmOptimizer(rule, weights, engine);
 */
export function pretrained(name: PretrainedName): TrainedRule {
  if (!Object.hasOwn(shippedWeights, name)) {
    throw new UserError(
      `there are no shipped weights "${String(name)}"; choose one of ${pretrainedNames.join(', ')}`,
    );
  }
  return shippedWeights[name]();
}
