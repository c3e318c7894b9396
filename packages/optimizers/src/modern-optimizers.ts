import type { Optimizer } from '@metadescent/core';
import { adamw, adamwOptionsSchema } from './adamw.js';
import {
  baseline,
  baselineOptimizers,
  normalisedRate,
  ruleOf,
  type BaselineOptimizer,
} from './baseline-optimizers.js';
import { lion, lionOptionsSchema } from './lion.js';
import { muon, muonOptionsSchema } from './muon.js';
import { nadam, nadamOptionsSchema } from './nadam.js';
import { soap, soapOptionsSchema } from './soap.js';

/**
 * Today's hand-made rules, a class of their own beside those that the two papers compare with. What is
 * searched: the learning rate, for Muon jointly with Adam's for what is no matrix. The weight decay of AdamW
 * stays at its default.
 *
 * @example
 * Object.keys(modernOptimizers)
 * // => ['adamw', 'nadam', 'lion', 'muon', 'soap']
 */
export const modernOptimizers = {
  adamw: baseline('adamw', 'today', adamwOptionsSchema, adamw, [normalisedRate]),
  nadam: baseline('nadam', 'today', nadamOptionsSchema, nadam, [normalisedRate]),
  lion: baseline('lion', 'today', lionOptionsSchema, lion, [normalisedRate]),
  muon: baseline('muon', 'today', muonOptionsSchema, muon, [
    normalisedRate,
    { ...normalisedRate, name: 'adamLearningRate' },
  ]),
  soap: baseline('soap', 'today', soapOptionsSchema, soap, [normalisedRate]),
} as const satisfies Record<string, BaselineOptimizer>;

export type ModernOptimizerName = keyof typeof modernOptimizers;

/** Every hand-made rule: `baselineOptimizers` and `modernOptimizers`. */
export const handMadeOptimizers = { ...baselineOptimizers, ...modernOptimizers } as const;

/**
 * Any hand-made rule by name, with these options. Use `createBaseline` where the papers' rules are enough:
 * SOAP's matrix decompositions come along here.
 *
 * @throws UserError if there is no such rule or its schema does not accept the options.
 * @example
 * createHandMade('muon', { learningRate: 0.05 }).name // => 'muon'
 */
export function createHandMade(name: string, options: unknown = {}): Optimizer {
  return ruleOf('createHandMade', handMadeOptimizers, name, options);
}
