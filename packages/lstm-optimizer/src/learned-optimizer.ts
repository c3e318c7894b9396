import type { KernelEngine } from '@metadescent/kernels';
import type { LearnedOptimizer } from '@metadescent/meta-learning';
import { lstmOptimizer } from './lstm-optimizer.js';
import { initialWeights, type LstmRule } from './lstm-rule.js';

/**
 * The LSTM optimizer as a function from φ to an optimizer, for any estimator of `@metadescent/meta-learning`:
 * φ are its weights [weightCount(rule)], all of them learned.
 *
 * @param problem the rule, validated by `lstmRuleSchema`, and the engine that steps it
 */
export function lstmLearnedOptimizer({
  rule,
  engine,
}: {
  readonly rule: LstmRule;
  readonly engine: KernelEngine;
}): LearnedOptimizer {
  return {
    name: 'lstm',
    init: (key) => initialWeights(rule, key),
    flat: (weights) => weights.slice(),
    withFlat: (_, values) => values.slice(),
    optimizer: (weights) => lstmOptimizer(rule, weights, engine),
  };
}
