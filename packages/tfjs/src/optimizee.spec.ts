import { beforeAll, describe, expect, test } from '@jest/globals';
import { areaUnderCurve, createKey, rollout, UserError, type OptimizeeFamily } from '@metadescent/core';
import { optimizeeConformance, optimizerConformance } from '@metadescent/core/conformance';
import { adam } from '@metadescent/optimizers';
import * as tf from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  model as functional,
  sequential,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {
  familyFromFunction,
  optimizeeFromFunction,
  type TensorOptimizee,
} from './optimizee-from-function.js';
import { optimizeeFromModel } from './optimizee-from-model.js';
import { initialRuleWeights, ruleLayout, tapeOptimizer, type TapeRule } from './tape-rule.js';
import { unrollOnTape } from './tape-meta-gradient.js';
import { trainTapeRule } from './train-tape-rule.js';
import { useCpu } from './testing/cpu-backend.js';
import { smallData, smallModel } from './testing/small-model.js';

beforeAll(useCpu);

const crossEntropy = (labels: tf.Tensor, outputs: tf.Tensor) =>
  tf.losses.softmaxCrossEntropy(labels, outputs);

/** Regressions y = tanh(x w + b) with weights drawn by key, on mini-batches of inputs drawn by key. */
function regressions() {
  return familyFromFunction(
    (key) => {
      const target = Float32Array.from(key.normal(3));
      return {
        init: (start) => ({
          'layer/kernel': tf.tensor2d(Float32Array.from(start.normal(3)), [3, 1]),
          'layer/bias': tf.zeros([1]),
        }),
        f: ({ 'layer/kernel': w, 'layer/bias': b }, batch) => {
          const x = tf.tensor2d(Float32Array.from((batch ?? key.fold('all')).normal(30)), [10, 3]);
          const y = tf.tanh(tf.matMul(x, tf.tensor2d(target, [3, 1])));
          return tf.mean(tf.square(tf.sub(tf.tanh(tf.add(tf.matMul(x, w), b)), y))) as tf.Scalar;
        },
      };
    },
    { name: 'regressions' },
  );
}

/** One optimizee as a family. */
const alone = (optimizee: TensorOptimizee): OptimizeeFamily => ({
  name: optimizee.name,
  layout: optimizee.layout,
  sample: () => optimizee,
});

function modelOptimizee(
  model: LayersModel,
  loss = crossEntropy as (labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor,
) {
  const { x, y } = smallData();
  return optimizeeFromModel(model, { x, y }, loss, { batchSize: 8 });
}

describe('conformance', () => {
  for (const check of optimizeeConformance(regressions)) test(`a function: ${check.name}`, check.run);
  for (const check of optimizeeConformance(() => alone(modelOptimizee(smallModel()))))
    test(`a model: ${check.name}`, check.run);
  test('roles and layers come from the names', () => {
    expect(regressions().layout.groups.map(({ role, layer }) => `${role} ${layer}`)).toEqual([
      'weight 0',
      'bias 0',
    ]);
    expect(modelOptimizee(smallModel()).layout.groups.map(({ role, layer }) => `${role} ${layer}`)).toEqual([
      'weight 0',
      'bias 0',
      'weight 1',
      'bias 1',
    ]);
  });
});

describe('a model as an optimizee', () => {
  test('the whole loop runs on it, leaks nothing, and the result can be put back', () => {
    const model = smallModel();
    const optimizee = modelOptimizee(model);
    const key = createKey(2);
    const before = tf.memory().numTensors;
    const { parameters, trueObjectives } = rollout(optimizee, adam({ learningRate: 0.05 }), {
      horizon: 40,
      key,
      trueObjectiveEvery: 40,
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(trueObjectives[40]).toBeLessThan(0.9 * (trueObjectives[0] as number));
    optimizee.load(parameters);
    expect(model.getWeights().flatMap((w) => [...w.dataSync()])).toBeAllClose(parameters, {
      rtol: 0,
      atol: 0,
    });
  });

  test('θ₀ keeps the numbers of each group, or is what the model has', () => {
    const optimizee = modelOptimizee(smallModel());
    const sorted = (seed: number) => [...optimizee.initialParameters(createKey(seed)).slice(0, 24)].sort();
    expect(sorted(1)).toEqual(sorted(2));
    const { x, y } = smallData();
    const fixed = optimizeeFromModel(smallModel(), { x, y }, crossEntropy, { initial: 'as-is' });
    expect(fixed.initialParameters(createKey(1))).toEqual(fixed.initialParameters(createKey(2)));
  });

  test('batch normalisation trains on the statistics of its mini-batch, whatever was evaluated before', () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 5, inputShape: [4] }),
        layers.batchNormalization(),
        layers.dense({ units: 3 }),
      ],
    });
    for (const check of optimizeeConformance(() => alone(modelOptimizee(model))).filter(({ name }) =>
      /pure|mini-batch gradients/.test(name),
    ))
      check.run();
  });

  const initial = { recurrentInitializer: 'glorotUniform' as const };
  const after = (...first: tf.serialization.Serializable[]) =>
    sequential({ layers: [...(first as ReturnType<typeof layers.dense>[]), layers.dense({ units: 3 })] });
  const pairs = () => layers.reshape({ targetShape: [2, 2], inputShape: [4] });
  const varying: readonly (readonly [string, () => LayersModel, RegExp])[] = [
    [
      'dropout',
      () => after(layers.dense({ units: 3, inputShape: [4] }), layers.dropout({ rate: 0.5 })),
      /\(Dropout\) draws at random/,
    ],
    [
      'alpha dropout two models deep',
      () =>
        after(after(after(layers.dense({ units: 5, inputShape: [4] }), layers.alphaDropout({ rate: 0.5 })))),
      /\(AlphaDropout\) draws/,
    ],
    [
      'time-distributed noise',
      () =>
        after(
          pairs(),
          layers.timeDistributed({ layer: layers.gaussianNoise({ stddev: 1 }) }),
          layers.flatten(),
        ),
      /\(GaussianNoise\) draws/,
    ],
    [
      'lstm({ dropout })',
      () => after(pairs(), layers.lstm({ units: 3, dropout: 0.5, ...initial })),
      /\(LSTM\) draws/,
    ],
    [
      'gru({ recurrentDropout })',
      () => after(pairs(), layers.gru({ units: 3, recurrentDropout: 0.5, ...initial })),
      /\(GRU\) draws/,
    ],
    [
      'bidirectional lstm({ dropout })',
      () =>
        after(
          pairs(),
          layers.bidirectional({
            layer: layers.lstm({ units: 3, dropout: 0.5, ...initial }),
            mergeMode: 'concat',
          }),
        ),
      /\(LSTM\) draws/,
    ],
    [
      'stacked cells',
      () =>
        after(
          pairs(),
          layers.rnn({
            cell: [
              layers.lstmCell({ units: 3, ...initial }),
              layers.gruCell({ units: 3, dropout: 0.5, ...initial }),
            ],
          }),
        ),
      /\(RNN\) draws/,
    ],
    [
      'a stateful lstm',
      () => {
        const whole = input({ batchShape: [8, 4] });
        const hidden = layers
          .lstm({ units: 3, stateful: true, ...initial })
          .apply(layers.reshape({ targetShape: [2, 2] }).apply(whole));
        return functional({
          inputs: whole,
          outputs: layers.dense({ units: 3 }).apply(hidden) as SymbolicTensor,
        });
      },
      /\(LSTM\) keeps a state/,
    ],
  ];

  test.each(varying)('one mini-batch has one value: %s is refused', (_, make, message) => {
    expect(() => modelOptimizee(make())).toThrow(UserError);
    expect(() => modelOptimizee(make())).toThrow(message);
  });

  test('one mini-batch has one value: layers without rates, and rates out of training, are taken', () => {
    const { x, y } = smallData();
    const plain = after(
      pairs(),
      layers.bidirectional({ layer: layers.gru({ units: 3, ...initial }), mergeMode: 'concat' }),
    );
    const dropping = after(
      pairs(),
      layers.lstm({ units: 3, dropout: 0.5, ...initial }),
      layers.dropout({ rate: 0.5 }),
    );
    for (const optimizee of [
      modelOptimizee(plain),
      optimizeeFromModel(dropping, { x, y }, crossEntropy, { training: false, batchSize: 8 }),
    ]) {
      const batch = optimizee.minibatch(createKey(2), 0);
      const start = optimizee.initialParameters(createKey(1));
      expect(batch.evaluate(start)).toBe(batch.evaluate(start));
    }
  });

  test('one mini-batch has one value: randomness that no layer tells of is found by trying', () => {
    const noisy = (labels: tf.Tensor, outputs: tf.Tensor) =>
      tf.add(crossEntropy(labels, outputs), tf.randomUniform([]));
    expect(() => modelOptimizee(smallModel(), noisy)).toThrow(
      /one mini-batch has the values .* and .*; leave it out/,
    );
    const model = sequential({
      layers: [layers.dense({ units: 3, inputShape: [4] }), layers.batchNormalization()],
    });
    const before = model.nonTrainableWeights.map((w) => [...w.read().dataSync()]);
    modelOptimizee(model);
    expect(model.nonTrainableWeights.map((w) => [...w.read().dataSync()])).toEqual(before);
  });

  test('what does not make an optimizee is refused', () => {
    const { x, y } = smallData();
    const frozen = smallModel();
    frozen.trainable = false;
    expect(() => optimizeeFromModel(frozen, { x, y }, crossEntropy)).toThrow('there is nothing to train');
    expect(() => optimizeeFromModel(smallModel(), { x, y: tf.zeros([3, 3]) }, crossEntropy)).toThrow(
      'equally many rows',
    );
    expect(() => optimizeeFromModel(smallModel(), { x, y }, crossEntropy, { batchSize: 0 })).toThrow(
      UserError,
    );
  });
});

describe('second derivatives', () => {
  test.each([
    ['a function', () => regressions().sample(createKey(4))],
    [
      'a model',
      () =>
        modelOptimizee(smallModel(), (labels, outputs) =>
          tf.neg(tf.sum(tf.mul(labels, tf.log(outputs)), -1)),
        ),
    ],
  ] as const)('Hessian products of %s agree with differences of gradients', (_, make) => {
    const optimizee: TensorOptimizee = make();
    const n = optimizee.layout.size;
    const theta = optimizee.initialParameters(createKey(1));
    const v = Float32Array.from(createKey(2).normal(n), (x) => x / Math.sqrt(n));
    const minibatch = optimizee.minibatch(createKey(3), 0);
    const gradientAt = (shift: number) => {
      const gradient = new Float32Array(n);
      minibatch.evaluate(
        theta.map((x, i) => x + shift * (v[i] as number)),
        gradient,
      );
      return gradient;
    };
    const [up, down] = [gradientAt(1e-2), gradientAt(-1e-2)];
    const product = new Float32Array(n);
    minibatch.hessianVector(theta, v, product);
    expect(product).toBeAllClose(
      up.map((u, i) => (u - (down[i] as number)) / 2e-2),
      { rtol: 2e-2, atol: 1e-3 },
    );
    expect(Math.hypot(...product)).toBeGreaterThan(1e-3);
  });

  test('an operation that tfjs cannot differentiate twice is named', () => {
    const pooled = optimizeeFromFunction(
      (key) => ({ x: tf.tensor4d(Float32Array.from(key.normal(16)), [1, 4, 4, 1]) }),
      ({ x }) => tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))) as tf.Scalar,
    );
    const x = pooled.initialParameters(createKey(1));
    expect(() => pooled.minibatch(createKey(1), 0).hessianVector(x, x, x.slice())).toThrow(
      /twice \(.*MaxPoolGrad/,
    );
  });
});

test('second derivatives that tfjs gets wrong are refused', () => {
  const labels = tf.oneHot(tf.tensor1d([0, 2, 1], 'int32'), 3);
  const logits = optimizeeFromFunction(
    (key) => ({ x: tf.tensor2d(Float32Array.from(key.normal(9)), [3, 3]) }),
    ({ x }) => crossEntropy(labels, x) as tf.Scalar,
  );
  const theta = logits.initialParameters(createKey(1));
  const v = Float32Array.from(createKey(2).normal(9));
  expect(() => logits.minibatch(createKey(3), 0).hessianVector(theta, v, theta.slice())).toThrow(
    /not the change of its gradient/,
  );
});

/** Momentum with a learned rate and decay, and a pull of the parameters towards zero: all three ways from φ to Δθ. */
const learnedMomentum: TapeRule<'logRate' | 'decay' | 'shrink', 'velocity'> = {
  name: 'learned momentum',
  initial: () => ({ logRate: tf.scalar(-2), decay: tf.scalar(0.6), shrink: tf.scalar(0.05) }),
  memory: { velocity: 1 },
  update({ logRate, decay, shrink }, { gradient, parameters }, { velocity }) {
    const next = tf.add(tf.mul(decay, velocity), gradient);
    return {
      step: tf.neg(tf.add(tf.mul(tf.exp(logRate), next), tf.mul(shrink, parameters))),
      memory: { velocity: next },
    };
  },
};

describe('meta-gradients through the tape', () => {
  const layout = () => ruleLayout(learnedMomentum, createKey(1));
  const options = { length: 6, horizon: 6, loss: areaUnderCurve, key: createKey(7) };

  test('with second derivatives they agree with finite differences of the meta-loss', () => {
    const optimizee = regressions().sample(createKey(5));
    const weights = initialRuleWeights(learnedMomentum, createKey(1));
    const lossAt = (phi: Float32Array) =>
      unrollOnTape(learnedMomentum, layout(), phi, optimizee, options).loss;
    const { gradient } = unrollOnTape(learnedMomentum, layout(), weights, optimizee, {
      ...options,
      secondDerivatives: true,
    });
    const differences = [0, 1, 2].map((i) => {
      const shifted = (d: number) => lossAt(weights.map((w, j) => (i === j ? w + d : w)));
      return (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
    });
    expect(gradient).toBeAllClose(differences, { rtol: 1e-2, atol: 2e-3 });
    const { gradient: first } = unrollOnTape(learnedMomentum, layout(), weights, optimizee, options);
    // Leaving the dashed edges out is another number: the check above tells them apart.
    expect(Math.abs((first[0] as number) - (differences[0] as number))).toBeGreaterThan(
      0.02 * Math.abs(differences[0] as number),
    );
  });

  test('a step that is not finite ends the segment, with the parameters before it', () => {
    const leaping: TapeRule<'rate'> = {
      name: 'leaping',
      initial: () => ({ rate: tf.scalar(1) }),
      update: ({ rate }, { gradient, iteration }) => ({
        step: tf.mul(tf.mul(rate, gradient), iteration < 2 ? -0.1 : Infinity),
      }),
    };
    const optimizee = regressions().sample(createKey(5));
    const { outcome, loss, cursor, gradient } = unrollOnTape(
      leaping,
      ruleLayout(leaping, createKey(1)),
      Float32Array.of(1),
      optimizee,
      options,
    );
    expect(outcome).toEqual({ kind: 'non-finite', step: 2, what: 'step' });
    expect(loss).toBeNaN();
    expect([...gradient]).toEqual([0]);
    expect(cursor.iteration).toBe(2);
    expect(cursor.parameters.every(Number.isFinite)).toBe(true);
  });

  test('segments continue where the one before ended', () => {
    const optimizee = regressions().sample(createKey(5));
    const weights = initialRuleWeights(learnedMomentum, createKey(1));
    const whole = unrollOnTape(learnedMomentum, layout(), weights, optimizee, options);
    const half = unrollOnTape(learnedMomentum, layout(), weights, optimizee, { ...options, length: 3 });
    const rest = unrollOnTape(learnedMomentum, layout(), weights, optimizee, {
      ...options,
      length: 3,
      cursor: half.cursor,
    });
    expect(half.loss + rest.loss).toBeCloseTo(whole.loss, 5);
    expect(rest.cursor.parameters).toBeAllClose(whole.cursor.parameters, { rtol: 0, atol: 0 });
  });

  test('losses are means of the objective over the steps of an unroll, whatever the weights w_t and the truncation', async () => {
    const family = regressions();
    // Too small a rate to move a weight: the unroll is a rollout of the untrained rule.
    const still = {
      horizon: 5,
      segment: 2,
      unrolls: 1,
      learningRate: 1e-30,
      loss: 'linearly-increasing',
    } as const;
    const { weights, losses } = await trainTapeRule(learnedMomentum, family, createKey(11), still);
    // Unroll 0 of round 0.
    const unroll = createKey(11).fold('unrolls').fold(0).fold(0);
    const optimizer = tapeOptimizer(learnedMomentum, layout(), weights);
    const { objectives } = rollout(family.sample(unroll.fold('optimizee')), optimizer, {
      horizon: 5,
      key: unroll.fold('rollout'),
    });
    expect(losses[0]).toBeCloseTo(objectives.subarray(1).reduce((sum, f) => sum + f, 0) / 5, 6);
  });

  test('meta-training improves the rule on optimizees that it has not seen, and leaks nothing', async () => {
    const family = regressions();
    const before = tf.memory().numTensors;
    const trained = await trainTapeRule(learnedMomentum, family, createKey(11), {
      horizon: 10,
      segment: 5,
      unrolls: 25,
      learningRate: 0.05,
    });
    expect(tf.memory().numTensors).toBe(before);
    const untrained = tapeOptimizer(
      learnedMomentum,
      layout(),
      initialRuleWeights(learnedMomentum, createKey(1)),
    );
    const final = (optimizer: typeof trained.optimizer) =>
      [0, 1, 2, 3].reduce(
        (sum, i) =>
          sum +
          (rollout(family.sample(createKey(100 + i)), optimizer, {
            horizon: 10,
            key: createKey(i),
            trueObjectiveEvery: 10,
          }).trueObjectives[10] as number),
        0,
      );
    expect(final(trained.optimizer)).toBeLessThan(0.8 * final(untrained));
  });

  for (const check of optimizerConformance(() =>
    tapeOptimizer(learnedMomentum, layout(), Float32Array.of(-2, 0.6, 0)),
  ))
    test(`a tape rule: ${check.name}`, check.run);
});
