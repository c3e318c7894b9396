import {
  recordedHorizon,
  refuseOptions,
  UserError,
  type OptimizerEntry,
  type OptimizerSpecification,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { LSTM_WEIGHTS_FORMAT, trainedRuleFromTensors, type TrainedRule } from './checkpoint.js';
import { lstmOptimizer } from './lstm-optimizer.js';
import { pretrained, pretrainedNames } from './pretrained.js';

/** `lstm`: any LSTM rule, with the weights that its specification brings. */
export const lstmEntry: OptimizerEntry<KernelEngine> = entryOf('lstm', () => {
  throw new UserError('lstm has no weights of its own; give the weights of a training run');
});

/**
 * The shipped weights by name: `l2l-` and their name in `pretrained`, such as `l2l-mnist`. Weights that a
 * specification brings take the place of the shipped ones.
 *
 * @example
 * pretrainedLstmEntries.map(({ name }) => name)
 * // => ['l2l-48', 'l2l-mnist-nominal', 'l2l-mnist-random-orientation', 'l2l-mnist', 'l2l-quadratics']
 */
export const pretrainedLstmEntries: readonly OptimizerEntry<KernelEngine>[] = pretrainedNames.map((name) =>
  // One of them is called by its prefix already.
  entryOf(name.startsWith('l2l-') ? name : `l2l-${name}`, () => pretrained(name)),
);

function entryOf(name: string, shipped: () => TrainedRule): OptimizerEntry<KernelEngine> {
  const trained = ({ weights }: OptimizerSpecification): TrainedRule =>
    weights ? trainedRuleFromTensors(weights, name) : shipped();
  return {
    name,
    class: 'learned',
    weightsFormat: LSTM_WEIGHTS_FORMAT,
    create(specification, engine) {
      refuseOptions(specification);
      const { rule, weights } = trained(specification);
      return lstmOptimizer(rule, weights, engine());
    },
    describe: (specification) => ({ ...trained(specification).rule }),
    trainedHorizon: (specification) => recordedHorizon(trained(specification).provenance),
  };
}
