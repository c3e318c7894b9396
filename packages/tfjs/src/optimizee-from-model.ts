import { checkArgument, createKey, describeKind, groupView, UserError, parseOptions, type Key } from '@metadescent/core';
import {
  gather,
  mean,
  slice,
  tensor1d,
  type Scalar,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { assignFlat, gatherFlat, trainableVariables } from './flat-variables.js';
import { batchOf, type TensorOptimizee } from './optimizee-from-function.js';
import { puttingBackOthers } from './stepped-function.js';
import { tapedObjective } from './taped-objective.js';
import { groupOverridesSchema, variableGroups } from './variable-groups.js';
import { varyingLayer, type LayerLike } from './varying-layers.js';

/** What is used of a `tf.LayersModel` (also of a `tf.Sequential`). */
export interface LayersModelLike {
  readonly name: string;
  readonly layers: readonly LayerLike[];
  readonly trainableWeights: readonly { read(): unknown }[];
  apply(inputs: never, kwargs?: { training?: boolean }): unknown;
}

/** Examples as tensors, one per row of the first axis; they stay the caller's. */
export interface TensorData {
  /** [rows, …] */
  readonly x: Tensor;
  /** [rows, …] */
  readonly y: Tensor;
}

/** The options of `optimizeeFromModel`. */
export const modelOptimizeeOptionsSchema = z.strictObject({
  /** Rows of a mini-batch, drawn with replacement. 128: the MNIST experiments of Andrychowicz et al. 2016, §3.2. */
  batchSize: z._default(z.int().check(z.minimum(1)), 128),
  /** The true objective is over the first so many rows. Default: all. */
  evaluationRows: z.optional(z.int().check(z.minimum(1))),
  /**
   * Whether layers are called as in training: batch normalisation then uses the statistics of the mini-batch,
   * and nothing of an evaluation depends on earlier ones.
   */
  training: z._default(z.boolean(), true),
  /**
   * θ₀: `shuffled` permutes the model's own weights within each group, which is another draw from whatever
   * distribution its initialisers have and leaves constants alone; `as-is` starts from the model's weights
   * with each key.
   */
  initial: z._default(z.enum(['shuffled', 'as-is']), 'shuffled'),
  /** Corrections to the coordinate groups. */
  groups: z._default(groupOverridesSchema, {}),
});
export type ModelOptimizeeOptions = z.input<typeof modelOptimizeeOptionsSchema>;

/** Why a layer is refused, and what to do. */
const WHY = {
  random:
    'draws at random in training, so that one mini-batch has many values; leave it out, or pass { training: false }',
  stateful:
    'keeps a state from one call to the next, so that one mini-batch has many values; make it with { stateful: false }',
} as const;

/**
 * A tfjs model with data and loss as an optimizee: flat parameters and layout out of its trainable variables,
 * mini-batches by key, gradients by the tape.
 *
 * The model's variables hold whatever was evaluated last; `load` puts chosen parameters into them.
 *
 * @param loss per example or already averaged, as tfjs losses are; its mean is the objective
 * @throws UserError if the model has no trainable weights, if one mini-batch would have more than one value
 *   (layers that draw at random or keep a state, however deep within others), or if the data does not fit
 *   together.
 * @example
 * const optimizee = optimizeeFromModel(model, { x, y }, (labels, outputs) => tf.losses.softmaxCrossEntropy(labels, outputs));
 * const { parameters } = rollout(optimizee, optimizer, { horizon: 100, key });
 * optimizee.load(parameters);
 */
export function optimizeeFromModel(
  model: LayersModelLike,
  data: TensorData,
  loss: (labels: Tensor, outputs: Tensor) => Tensor,
  options: ModelOptimizeeOptions = {},
): TensorOptimizee & { load(parameters: Float32Array): void } {
  const caller = 'optimizeeFromModel';
  const advice = 'pass a tf.LayersModel, { x, y } and a loss, as in optimizeeFromModel(model, { x, y }, loss)';
  checkArgument(caller, 'the model', model, ['layers', 'trainableWeights', 'apply'], advice);
  checkArgument(caller, 'the data', data, ['x', 'y'], advice);
  checkArgument(caller, 'x', data.x, ['shape'], advice);
  checkArgument(caller, 'y', data.y, ['shape'], advice);
  if (typeof loss !== 'function')
    throw new UserError(`${caller}: the loss must be a function, but is ${describeKind(loss)}; ${advice}`);
  const { batchSize, training, initial, groups, evaluationRows } = parseOptions(
    'optimizeeFromModel',
    modelOptimizeeOptionsSchema,
    options,
  );
  const variables = trainableVariables(
    'optimizeeFromModel',
    model.trainableWeights.map((weight) => weight.read() as Variable),
  );
  const rows = data.x.shape[0] ?? 0;
  if (rows === 0 || rows !== data.y.shape[0]) {
    throw new UserError(
      `optimizeeFromModel: x and y need equally many rows, at least one, but have ${rows} and ${data.y.shape[0] ?? 0}`,
    );
  }
  const varying = varyingLayer(model.layers, training);
  if (varying)
    throw new UserError(
      `optimizeeFromModel: layer "${varying.layer.name}" (${varying.layer.getClassName()}) ${WHY[varying.why]}`,
    );
  const layout = variableGroups(variables, groups);
  const start = new Float32Array(layout.size);
  gatherFlat(layout, variables, start);

  const objectiveOn = (x: Tensor, y: Tensor): Scalar =>
    mean(loss(y, model.apply(x as never, { training }) as Tensor)) as Scalar;
  const firstRows = (from: Tensor, count: number): Tensor => (count < rows ? slice(from, 0, count) : from);
  const objective = tapedObjective<Key | undefined>(layout, variables, (batch) => {
    if (batch === undefined) {
      const count = Math.min(rows, evaluationRows ?? rows);
      return objectiveOn(firstRows(data.x, count), firstRows(data.y, count));
    }
    const drawn = tensor1d(Int32Array.from(batch.integers(batchSize, rows)), 'int32');
    return objectiveOn(gather(data.x, drawn), gather(data.y, drawn));
  });

  refuseTwoValues(variables, () => objective.evaluate(start, createKey(0)));

  return {
    name: model.name,
    layout,
    initialParameters(key) {
      const flat = start.slice();
      if (initial === 'as-is') return flat;
      layout.groups.forEach((group, i) => {
        const order = key.fold(i).permutation(group.size);
        const own = groupView(start, group);
        order.forEach((from, to) => (flat[group.offset + to] = own[from] as number));
      });
      return flat;
    },
    minibatch: (key, step) => batchOf(objective, key.fold(step)),
    trueObjective: (flat, gradient) => objective.evaluate(flat, undefined, gradient),
    load: (parameters) => assignFlat(layout, variables, parameters),
    // The variables are the model's.
    dispose: () => undefined,
  };
}

/** Layers of other packages and of the user's own may vary in ways that cannot be read off them. */
function refuseTwoValues(variables: readonly Variable[], evaluate: () => number): void {
  const [one, other] = puttingBackOthers(variables, () => [evaluate(), evaluate()] as const);
  // Threads may add up in another order: single precision, with room for it.
  if (
    Number.isNaN(one) ||
    Number.isNaN(other) ||
    one === other ||
    Math.abs(one - other) <= 1e-4 * Math.max(Math.abs(one), Math.abs(other))
  )
    return;
  throw new UserError(
    `optimizeeFromModel: one mini-batch has the values ${one} and ${other}: a layer or the loss draws at random or keeps a state; leave it out, or try { training: false }`,
  );
}
