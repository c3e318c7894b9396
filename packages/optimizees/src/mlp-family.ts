import {
  UserError,
  checkArgument,
  createKey,
  parseOptions,
  type Minibatch,
  type Optimizee,
  type OptimizeeFamily,
} from '@metadescent/core';
import { mlpParameterLayout, type KernelEngine, type MlpShape } from '@metadescent/kernels';
import * as z from 'zod/mini';
import { fixedSetObjective, minibatchStream } from './data-objective.js';
import type { LabelledDataset } from './data/labelled-dataset.js';

/** The plain options of `mlpFamily`; the defaults are the base network of Andrychowicz et al. 2016, §3.2. */
export const mlpFamilyOptionsSchema = z.strictObject({
  /** Units of each hidden layer; [] for a linear classifier. */
  hidden: z._default(z.array(z.int().check(z.minimum(1))), [20]),
  activation: z._default(z.enum(['sigmoid', 'tanh', 'relu']), 'sigmoid'),
  /** 'squared-error' is against one-hot targets. */
  loss: z._default(z.enum(['softmax-cross-entropy', 'squared-error']), 'softmax-cross-entropy'),
  /** Examples per mini-batch. Andrychowicz et al. 2016: 128; Li & Malik 2017: 64 and 10. */
  batchSize: z._default(z.int().check(z.minimum(1)), 128),
  /**
   * Standard deviation of every initial weight and bias around 0. Neither paper states it. 0.01 is what the
   * code released by Andrychowicz et al. uses, for weights and biases alike.
   */
  initialStandardDeviation: z._default(z.number().check(z.nonnegative()), 0.01),
  /**
   * What the true objective is the mean over: this many examples of the data set, or all of them. Default:
   * 2000, or all where there are fewer. Up to some ten thousand stay in the kernel; more are gathered anew at
   * each evaluation.
   */
  evaluationRows: z.optional(z.union([z.int().check(z.minimum(1)), z.literal('all')])),
  /** Which examples these are: the first of the permutation of all that this seed gives. */
  evaluationSeed: z._default(z.int().check(z.minimum(0)), 0),
});

export interface MlpFamilyOptions extends z.input<typeof mlpFamilyOptionsSchema> {
  readonly dataset: LabelledDataset;
  readonly engine: KernelEngine;
}

/**
 * Training a multilayer perceptron on a labelled data set.
 *
 *     f̂_t(θ) = mean over the mini-batch of step t of loss(network_θ(x), label),   θ₀ ~ N(0, σ²)
 *
 * The layer sizes are [inputSize, ...hidden, classes], the layout is that of `mlpParameterLayout`.
 * Mini-batches are independent uniform draws with replacement (see `minibatchRows`). The true objective f is
 * the mean loss over a fixed subset of the data set, the same for all optimizees of the family and for all
 * keys.
 *
 * The papers' distribution over optimizees is one network on one data set with a random start and random
 * mini-batches. Both are drawn from the keys that `initialParameters` and `minibatch` are given, so all
 * samples of this family are the same optimizee.
 *
 * All optimizees of one family share its two kernels (mini-batches, fixed subset): use a family on one
 * thread, and make one per worker.
 *
 * @throws UserError if an option is out of range, or if there are fewer examples than `evaluationRows`.
 * @example
 * mlpFamily({ dataset: mnist, hidden: [20], engine }).layout.size // => 15910
 */
export function mlpFamily(options: MlpFamilyOptions): OptimizeeFamily {
  const advice =
    'pass { dataset, hidden, engine }: a labelled data set, the hidden layers, and an engine such as wasmEngine()';
  checkArgument('mlpFamily', 'the options', options, ['dataset', 'engine'], advice);
  const { dataset, engine, ...plain } = options;
  checkArgument('mlpFamily', 'the data set', dataset, ['inputs', 'labels', 'classes'], advice);
  checkArgument('mlpFamily', 'the engine', engine, ['mlp'], advice);
  const { hidden, activation, loss, batchSize, initialStandardDeviation, evaluationRows, evaluationSeed } =
    parseOptions('mlpFamily', mlpFamilyOptionsSchema, plain);
  const evaluated =
    evaluationRows === 'all' ? dataset.count : (evaluationRows ?? Math.min(2000, dataset.count));
  if (evaluated > dataset.count) {
    throw new UserError(
      `mlpFamily: evaluationRows is ${evaluated}, but "${dataset.name}" has ${dataset.count} examples; give at most that many, or 'all'`,
    );
  }
  const shape: MlpShape = { sizes: [dataset.inputSize, ...hidden, dataset.classes], activation, loss };
  const layout = mlpParameterLayout(shape.sizes);
  const name = `${dataset.name}/${shape.sizes.join('-')}-${activation}`;

  // Only what is used is set up: meta-training tasks may never ask for the true objective, nor final
  // evaluations for mini-batches.
  let minibatches: ReturnType<typeof minibatchStream> | undefined;
  let trueObjective: Minibatch['evaluate'] | undefined;

  const optimizee: Optimizee = {
    name,
    layout,
    initialParameters: (key) =>
      Float32Array.from(key.normal(layout.size), (x) => initialStandardDeviation * x),
    minibatch(key, step) {
      minibatches ??= minibatchStream(engine.mlp(shape), dataset, batchSize);
      return minibatches(key, step);
    },
    trueObjective(parameters, gradient) {
      trueObjective ??= fixedSetObjective(
        engine.mlp(shape),
        dataset,
        createKey(evaluationSeed).fold('evaluation rows').permutation(dataset.count).subarray(0, evaluated),
      );
      return trueObjective(parameters, gradient);
    },
  };
  return { name, layout, sample: () => optimizee };
}
