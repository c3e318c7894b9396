import { printable, UserError, type Optimizer } from '@metadescent/core';
import type * as z from 'zod/mini';
import { adagrad, adagradOptionsSchema } from './adagrad.js';
import { adam, adamOptionsSchema } from './adam.js';
import { adamw, adamwOptionsSchema } from './adamw.js';
import { lbfgs, lbfgsOptionsSchema } from './lbfgs.js';
import { lion, lionOptionsSchema } from './lion.js';
import { momentum, momentumOptionsSchema } from './momentum.js';
import { muon, muonOptionsSchema } from './muon.js';
import { nadam, nadamOptionsSchema } from './nadam.js';
import { nesterov } from './nesterov.js';
import {
  nonlinearConjugateGradient,
  nonlinearConjugateGradientOptionsSchema,
} from './nonlinear-conjugate-gradient.js';
import { rmsprop, rmspropOptionsSchema } from './rmsprop.js';
import { sgd, sgdOptionsSchema } from './sgd.js';
import { soap, soapOptionsSchema } from './soap.js';
import type { SearchAxis } from './tuner/search-axis.js';

/** A rule as plain data can ask for it: by name and options, with the search that makes it strong. */
export interface BaselineOptimizer {
  readonly name: string;
  /** What `create` accepts; the defaults are in it. */
  readonly schema: z.ZodMiniType;
  /**
   * The rule with these options.
   *
   * @throws UserError if the schema does not accept them.
   */
  create(options?: unknown): Optimizer;
  /** The hyper-parameters to search before the rule is compared with others; the first is the one that prevents divergence when it is small. */
  readonly searched: readonly SearchAxis[];
}

/** Half a decade between neighbours, before refinement. */
const HALF_DECADE = Math.sqrt(10);

/** Steps of the gradient's size times η: the useful rates depend on the problem's scale. */
const plainRate: SearchAxis = {
  name: 'learningRate',
  from: 1e-3,
  to: 10,
  ratio: HALF_DECADE,
  minimum: 1e-8,
  maximum: 1e4,
};

/** Steps normalised to about η per coordinate: the useful rates depend on the parameters' scale. */
const normalisedRate: SearchAxis = { ...plainRate, from: 1e-4, to: 1 };

/** 1 − μ in half decades: μ = 0, 0.68, 0.9, 0.968, 0.99, at most 0.999. */
const momentumAxis: SearchAxis = {
  name: 'momentum',
  scale: 'complement',
  from: 0,
  to: 0.99,
  ratio: HALF_DECADE,
  minimum: 0,
  maximum: 0.999,
};

/** The longest step allowed to a line search; large values switch the limit off. */
const stepNorm: SearchAxis = {
  name: 'maximumStepNorm',
  from: 1e-2,
  to: 1e2,
  ratio: HALF_DECADE,
  minimum: 1e-8,
  maximum: 1e6,
};

/**
 * The hand-made rules that learned optimizers are held against, by name.
 *
 * What is searched: the learning rate, for momentum and NAG jointly with the momentum, and the longest step for the rules with a line search.
 * Decay rates stay at their defaults, as in Andrychowicz et al. (2016, §3), which tunes learning rates only; pass other axes to search them too.
 *
 * @example
 * Object.keys(baselineOptimizers)
 * // => ['sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', 'conjugate-gradient', 'lbfgs']
 */
export const baselineOptimizers = {
  sgd: baseline('sgd', sgdOptionsSchema, sgd, [plainRate]),
  momentum: baseline('momentum', momentumOptionsSchema, momentum, [plainRate, momentumAxis]),
  nesterov: baseline('nesterov', momentumOptionsSchema, nesterov, [plainRate, momentumAxis]),
  adagrad: baseline('adagrad', adagradOptionsSchema, adagrad, [plainRate]),
  rmsprop: baseline('rmsprop', rmspropOptionsSchema, rmsprop, [normalisedRate]),
  adam: baseline('adam', adamOptionsSchema, adam, [normalisedRate]),
  'conjugate-gradient': baseline(
    'conjugate-gradient',
    nonlinearConjugateGradientOptionsSchema,
    nonlinearConjugateGradient,
    [stepNorm],
  ),
  lbfgs: baseline('lbfgs', lbfgsOptionsSchema, lbfgs, [stepNorm]),
} as const satisfies Record<string, BaselineOptimizer>;

export type BaselineName = keyof typeof baselineOptimizers;

/**
 * Today's hand-made rules, a class of their own beside those that the two papers compare with. What is searched: the learning rate, for Muon jointly
 * with Adam's for what is no matrix. The weight decay of AdamW stays at its default.
 *
 * @example
 * Object.keys(modernOptimizers)
 * // => ['adamw', 'nadam', 'lion', 'muon', 'soap']
 */
export const modernOptimizers = {
  adamw: baseline('adamw', adamwOptionsSchema, adamw, [normalisedRate]),
  nadam: baseline('nadam', nadamOptionsSchema, nadam, [normalisedRate]),
  lion: baseline('lion', lionOptionsSchema, lion, [normalisedRate]),
  muon: baseline('muon', muonOptionsSchema, muon, [normalisedRate, { ...normalisedRate, name: 'adamLearningRate' }]),
  soap: baseline('soap', soapOptionsSchema, soap, [normalisedRate]),
} as const satisfies Record<string, BaselineOptimizer>;

export type ModernOptimizerName = keyof typeof modernOptimizers;

const handMade: ReadonlyMap<string, BaselineOptimizer> = new Map(Object.entries({ ...baselineOptimizers, ...modernOptimizers }));

/**
 * The hand-made rule of this name with these options; what a worker calls to turn a trial into an optimizer.
 *
 * @throws UserError if there is no such rule or its schema does not accept the options.
 * @example
 * createBaseline('adam', { learningRate: 0.1 }).name // => 'adam'
 */
export function createBaseline(name: string, options: unknown = {}): Optimizer {
  const found = handMade.get(name);
  if (!found) {
    const names = [...handMade.keys()].join(', ');
    throw new UserError(`createBaseline: there is no baseline optimizer "${printable(name)}"; choose one of ${names}`);
  }
  return found.create(options);
}

/** Every rule parses its options with its own schema, so any value may be handed on to it. */
function baseline<Options>(
  name: string,
  schema: z.ZodMiniType<unknown, Options>,
  create: (options?: Options) => Optimizer,
  searched: readonly SearchAxis[],
): BaselineOptimizer {
  return { name, schema, create: (options = {}) => create(options as Options), searched };
}
