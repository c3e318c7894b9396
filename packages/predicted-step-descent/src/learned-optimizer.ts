import type { KernelEngine } from '@metadescent/kernels';
import type { LearnedOptimizer } from '@metadescent/meta-learning';
import { initialPsdWeights } from './initial-weights.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import type { PsdRule, PsdWeights } from './psd-rule.js';

/**
 * Predicted Step Descent as a function from φ to an optimizer, for any estimator of
 * `@metadescent/meta-learning`. Learned are the weights of its LSTMs; what the inputs are standardised by and
 * the output scale belong to φ, but stay.
 *
 * @param options the rule, validated by `psdRuleSchema`, the engine that steps it, and the output scale of
 *   fresh weights (see `initialPsdWeights`)
 */
export function psdLearnedOptimizer({
  rule,
  engine,
  outputScale,
}: {
  readonly rule: PsdRule;
  readonly engine: KernelEngine;
  readonly outputScale?: number;
}): LearnedOptimizer<PsdWeights> {
  return {
    name: 'predicted-step-descent',
    init: (key) => initialPsdWeights(rule, key, outputScale),
    flat: ({ lstm }) => lstm.slice(),
    withFlat: (weights, values) => ({ ...weights, lstm: values.slice() }),
    optimizer: (weights) => predictedStepDescent(weights, engine),
  };
}
