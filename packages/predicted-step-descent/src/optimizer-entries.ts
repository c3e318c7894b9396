import {
  recordedHorizon,
  refuseOptions,
  type OptimizerEntry,
  type OptimizerSpecification,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { parsePsdRecipe } from './meta-training-recipe.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { pretrained, pretrainedPsdNames, type PretrainedPsdName } from './pretrained.js';
import { PSD_WEIGHTS_FORMAT, weightsFromTensors, type TrainedPsd } from './weights-file.js';

/**
 * The shipped weights by name. Weights that a specification brings take the place of the shipped ones.
 *
 * @example
 * pretrainedPsdEntries.map(({ name }) => name) // => ['psd-normalised', 'psd-plus', 'psd']
 */
export const pretrainedPsdEntries: readonly OptimizerEntry<KernelEngine>[] = pretrainedPsdNames.map(entryOf);

function entryOf(name: PretrainedPsdName): OptimizerEntry<KernelEngine> {
  const trained = ({ weights }: OptimizerSpecification): TrainedPsd =>
    weights ? weightsFromTensors(weights) : pretrained(name);
  return {
    name,
    class: 'learned',
    weightsFormat: PSD_WEIGHTS_FORMAT,
    create(specification, engine) {
      refuseOptions(specification);
      return predictedStepDescent(trained(specification).weights, engine());
    },
    describe: (specification) => ({ ...trained(specification).weights.rule }),
    trainedHorizon: (specification) =>
      recordedHorizon(trained(specification).provenance, parsePsdRecipe({}).horizon),
  };
}
