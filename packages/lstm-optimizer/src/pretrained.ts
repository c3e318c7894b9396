import { UserError } from '@metadescent/core';
import { readTrainedRule, type TrainedRule } from './checkpoint.js';
import { pretrainedWeights } from './pretrained/weights.gen.js';

/** Names of the weights that ship with this package. */
export type PretrainedName = keyof typeof pretrainedWeights;

/** All of them. */
export const pretrainedNames = Object.keys(pretrainedWeights) as PretrainedName[];

/**
 * The shipped weights of this name, with the rule that they belong to and their provenance (configuration, seed, cost, results).
 *
 * @throws UserError if there are none of this name.
 * @example
 * const { rule, weights } = pretrained('mnist');
 * const optimizer = lstmOptimizer(rule, weights, engine);
 */
export function pretrained(name: PretrainedName): TrainedRule {
  if (!Object.hasOwn(pretrainedWeights, name)) {
    throw new UserError(`there are no shipped weights "${String(name)}"; choose one of ${pretrainedNames.join(', ')}`);
  }
  return readTrainedRule(Uint8Array.from(atob(pretrainedWeights[name]), (character) => character.charCodeAt(0)));
}
