import { printable, UserError, type Optimizer } from '@metadescent/core';
import type * as z from 'zod/mini';
import { adagrad, adagradOptionsSchema } from './adagrad.js';
import { adam, adamOptionsSchema } from './adam.js';
import { lbfgs, lbfgsOptionsSchema } from './lbfgs.js';
import { momentum, momentumOptionsSchema } from './momentum.js';
import { nesterov } from './nesterov.js';
import {
  nonlinearConjugateGradient,
  nonlinearConjugateGradientOptionsSchema,
} from './nonlinear-conjugate-gradient.js';
import { rmsprop, rmspropOptionsSchema } from './rmsprop.js';
import { sgd, sgdOptionsSchema } from './sgd.js';
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
  /**
   * The hyper-parameters to search before the rule is compared with others; the first is the one that
   * prevents divergence when it is small.
   */
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
export const normalisedRate: SearchAxis = { ...plainRate, from: 1e-4, to: 1 };

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
 * What is searched: the learning rate, for momentum and NAG jointly with the momentum, and the longest step
 * for the rules with a line search. Decay rates stay at their defaults, as in Andrychowicz et al. (2016, §3),
 * which tunes learning rates only; pass other axes to search them too.
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
 * The baseline of this name with these options; what a worker calls to turn a trial into an optimizer.
 *
 * @throws UserError if there is no such baseline or its schema does not accept the options.
 * @example
 * createBaseline('adam', { learningRate: 0.1 }).name // => 'adam'
 */
export function createBaseline(name: string, options: unknown = {}): Optimizer {
  return ruleNamed('createBaseline', baselineOptimizers, name).create(options);
}

/**
 * The rule of this name in a registry.
 *
 * @throws UserError with the choices if there is none.
 */
export function ruleNamed(
  caller: string,
  registry: Readonly<Record<string, BaselineOptimizer>>,
  name: string,
): BaselineOptimizer {
  const found = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (!found) {
    const names = Object.keys(registry).join(', ');
    throw new UserError(
      `${caller}: there is no baseline optimizer "${printable(name)}"; choose one of ${names}`,
    );
  }
  return found;
}

/** Every rule parses its options with its own schema, so any value may be handed on to it. */
export function baseline<Options>(
  name: string,
  schema: z.ZodMiniType<unknown, Options>,
  create: (options?: Options) => Optimizer,
  searched: readonly SearchAxis[],
): BaselineOptimizer {
  return { name, schema, create: (options = {}) => create(options as Options), searched };
}
