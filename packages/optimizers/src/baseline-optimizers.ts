import {
  printable,
  UserError,
  type Optimizer,
  type OptimizerClass,
  type OptimizerEntry,
  type SearchAxis,
} from '@metadescent/core';
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

/** The entry of a hand-made rule: an `OptimizerEntry` that has options, and a search that makes it strong. */
export interface BaselineOptimizer extends OptimizerEntry {
  /** What the options must be; the defaults are in it. */
  readonly schema: z.ZodMiniType;
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
  sgd: baseline('sgd', 'papers', sgdOptionsSchema, sgd, [plainRate]),
  momentum: baseline('momentum', 'papers', momentumOptionsSchema, momentum, [plainRate, momentumAxis]),
  nesterov: baseline('nesterov', 'papers', momentumOptionsSchema, nesterov, [plainRate, momentumAxis]),
  adagrad: baseline('adagrad', 'papers', adagradOptionsSchema, adagrad, [plainRate]),
  rmsprop: baseline('rmsprop', 'papers', rmspropOptionsSchema, rmsprop, [normalisedRate]),
  adam: baseline('adam', 'papers', adamOptionsSchema, adam, [normalisedRate]),
  'conjugate-gradient': baseline(
    'conjugate-gradient',
    'line-search',
    nonlinearConjugateGradientOptionsSchema,
    nonlinearConjugateGradient,
    [stepNorm],
  ),
  lbfgs: baseline('lbfgs', 'line-search', lbfgsOptionsSchema, lbfgs, [stepNorm]),
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
  return ruleOf('createBaseline', baselineOptimizers, name, options);
}

/**
 * The rule of this name among these.
 *
 * @throws UserError with the choices if there is none.
 */
export function ruleOf(
  caller: string,
  rules: Readonly<Record<string, BaselineOptimizer>>,
  name: string,
  options: unknown,
): Optimizer {
  const found = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (!found) {
    const names = Object.keys(rules).join(', ');
    throw new UserError(
      `${caller}: there is no baseline optimizer "${printable(name)}"; choose one of ${names}`,
    );
  }
  return found.create({ name, options }, noEngine);
}

/** Hand-made rules compute with none. */
function noEngine(): void {}

/** Every rule parses its options with its own schema, so any value may be handed on to it. */
export function baseline<Options>(
  name: string,
  rank: OptimizerClass,
  schema: z.ZodMiniType<unknown, Options>,
  create: (options?: Options) => Optimizer,
  searched: readonly SearchAxis[],
): BaselineOptimizer {
  return {
    name,
    class: rank,
    schema,
    create: ({ options = {} }) => create(options as Options),
    searched,
  };
}
