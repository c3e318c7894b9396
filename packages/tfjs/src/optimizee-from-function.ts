import {
  describeKind,
  UserError,
  createKey,
  type Key,
  type Minibatch,
  type Optimizee,
  type OptimizeeFamily,
} from '@metadescent/core';
import {
  dispose,
  tidy,
  variable,
  zeros,
  type Scalar,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { tapedObjective, type TapedObjective } from './taped-objective.js';
import { variableGroups, type GroupOverrides } from './variable-groups.js';

/** Tensors by name; the names say which coordinate groups they are, see `variableGroups`. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** A mini-batch that also has second derivatives. */
export interface TwiceDifferentiableMinibatch extends Minibatch {
  /** ∇²f̂(θ) v into `product`, all [layout.size]. */
  hessianVector(parameters: Float32Array, vector: Float32Array, product: Float32Array): void;
}

/** An optimizee out of tf operations. Its variables live until `dispose`. */
export interface TensorOptimizee extends Optimizee {
  minibatch(key: Key, step: number): TwiceDifferentiableMinibatch;
  dispose(): void;
}

/** A family out of tf operations. Its variables live until `dispose`. */
export interface TensorFamily extends OptimizeeFamily {
  sample(key: Key): TensorOptimizee;
  dispose(): void;
}

/** What `optimizeeFromFunction` is given, as a family draws it. */
export interface TensorProblem<Names extends string = string> {
  /** A draw of θ₀. */
  readonly init: (key: Key) => Readonly<Record<Names, Tensor>>;
  /**
   * The objective in tf operations: on the mini-batch that is drawn from `batch`, or the true objective where
   * there is no key. All randomness comes from the key, so that equal keys give equal values.
   */
  f(parameters: Readonly<Record<Names, Tensor>>, batch: Key | undefined): Scalar;
}

export interface TensorOptimizeeOptions {
  /** Default `tfjs function`. */
  readonly name?: string;
  readonly groups?: GroupOverrides;
}

/**
 * An optimizee out of a function that tfjs can differentiate: flat parameters and layout from the tensors
 * that `init` draws, gradients by the tape. Single precision, as everything in tfjs.
 *
 * @throws UserError if the tensors cannot be laid out.
 * @example
 * const bowl = optimizeeFromFunction((key) => ({ x: tf.tensor1d(key.normal(3)) }), ({ x }) => tf.sum(tf.square(x)));
 */
export function optimizeeFromFunction<Names extends string>(
  init: TensorProblem<Names>['init'],
  f: (parameters: Readonly<Record<Names, Tensor>>, batch: Key | undefined) => Scalar,
  options: TensorOptimizeeOptions = {},
): TensorOptimizee {
  if (typeof init !== 'function')
    throw new UserError(
      `optimizeeFromFunction: init must be a function, but is ${describeKind(init)}; pass a function of a key that returns the first parameters`,
    );
  if (typeof f !== 'function')
    throw new UserError(
      `optimizeeFromFunction: f must be a function, but is ${describeKind(f)}; pass a function of the parameters that returns a scalar`,
    );
  const shared = tensorVariables(init, options);
  return problemOptimizee({ init, f }, shared, options.name ?? 'tfjs function');
}

/**
 * A family of such optimizees: `sample` draws the problem (data, coefficients) by key. All problems have the
 * tensors of the first one and share its variables, so sampling thousands leaks nothing but what `sample`
 * itself keeps.
 *
 * @example
 * const family = familyFromFunction((key) => {
 *   const center = Array.from(key.normal(2));
 *   return { init: (start) => ({ x: tf.tensor1d(Array.from(start.normal(2))) }), f: ({ x }) => tf.sum(tf.square(tf.sub(x, center))) };
 * });
 */
export function familyFromFunction<Names extends string>(
  sample: (key: Key) => TensorProblem<Names>,
  options: TensorOptimizeeOptions = {},
): TensorFamily {
  if (typeof sample !== 'function')
    throw new UserError(
      `familyFromFunction: the first argument must be a function, but is ${describeKind(sample)}; pass (key) => ({ init, f })`,
    );
  const name = options.name ?? 'tfjs functions';
  const shared = tensorVariables(sample(createKey(0)).init, options);
  return {
    name,
    layout: shared.layout,
    sample: (key) => problemOptimizee(sample(key), shared, name),
    dispose: () => dispose(shared.variables),
  };
}

type SharedVariables = ReturnType<typeof tensorVariables>;

function tensorVariables(init: TensorProblem['init'], { groups }: TensorOptimizeeOptions) {
  const described = tidy(() =>
    Object.entries(init(createKey(0))).map(([name, { shape }]) => ({ name, shape })),
  );
  const layout = variableGroups(described, groups);
  const variables: Variable[] = described.map(({ shape }) => tidy(() => variable(zeros(shape), true)));
  return { layout, variables };
}

function problemOptimizee(
  { init, f }: TensorProblem,
  { layout, variables }: SharedVariables,
  name: string,
): TensorOptimizee {
  const parameters = Object.fromEntries(
    layout.groups.map((group, i) => [group.name, variables[i] as Variable]),
  );
  const objective: TapedObjective<Key | undefined> = tapedObjective(layout, variables, (batch) =>
    f(parameters, batch),
  );
  return {
    name,
    layout,
    initialParameters(key) {
      const flat = new Float32Array(layout.size);
      tidy(() => {
        const drawn = init(key);
        for (const group of layout.groups)
          flat.set((drawn[group.name] as Tensor).dataSync() as Float32Array, group.offset);
      });
      return flat;
    },
    minibatch: (key, step) => batchOf(objective, key.fold(step)),
    trueObjective: (flat, gradient) => objective.evaluate(flat, undefined, gradient),
    dispose: () => dispose(variables),
  };
}

/** One mini-batch of an objective. */
export function batchOf<Batch>(objective: TapedObjective<Batch>, batch: Batch): TwiceDifferentiableMinibatch {
  return {
    evaluate: (parameters, gradient) => objective.evaluate(parameters, batch, gradient),
    hessianVector: (parameters, vector, product) =>
      objective.hessianVector(parameters, batch, vector, product),
  };
}
