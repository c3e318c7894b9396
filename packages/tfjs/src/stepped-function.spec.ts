import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  model,
  sequential,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { createKey } from '@metadescent/core';
import { LearnedOptimizer } from './learned-optimizer.js';
import { useCpu } from './testing/cpu-backend.js';
import { smallData } from './testing/small-model.js';

beforeAll(useCpu);

const key = createKey(12);
const draw = (what: string, shape: number[]) =>
  tf.tensor(Float32Array.from(key.fold(what).normal(shape.reduce((a, b) => a * b, 1))), shape);
const searching = ['conjugate-gradient', 'lbfgs'];

/** The model after one step on the small data by this rule; the same weights at the start, whatever the rule. */
async function afterOneStep(make: () => LayersModel, rule: string): Promise<LayersModel> {
  const made = make();
  made.setWeights(
    made.getWeights().map((w, i) => (w.rank > 1 ? draw(`weights ${i}`, w.shape as number[]) : w)),
  );
  made.compile({
    optimizer: new LearnedOptimizer(rule),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const { x, y } = smallData();
  await made.trainOnBatch(x, y);
  return made;
}

/** Numbers of weights that are not trained. */
const untrained = (made: LayersModel) => made.nonTrainableWeights.flatMap((w) => [...w.read().dataSync()]);

describe('trials of a line search leave nothing behind', () => {
  const normalised = () =>
    sequential({
      layers: [
        layers.dense({ units: 5, inputShape: [4] }),
        layers.batchNormalization({ momentum: 0.9 }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });

  test.each(searching)(
    '%s: the moving averages of batch normalisation are those of ADAM, of one evaluation',
    async (rule) => {
      const [searched, stepped] = [
        await afterOneStep(normalised, rule),
        await afterOneStep(normalised, 'adam'),
      ];
      expect(untrained(searched)).toEqual(untrained(stepped));
      // They are no longer where they began.
      expect(
        untrained(stepped)
          .slice(0, 5)
          .every((mean) => mean !== 0),
      ).toBe(true);
    },
  );

  const whole = () => input({ batchShape: [24, 4] });
  const recurrent: readonly (readonly [string, () => LayersModel])[] = [
    [
      'lstm',
      () => {
        const all = whole();
        const hidden = layers
          .lstm({ units: 3, stateful: true, recurrentInitializer: 'glorotUniform', name: 'stateful' })
          .apply(layers.reshape({ targetShape: [2, 2] }).apply(all));
        return model({
          inputs: all,
          outputs: layers.dense({ units: 3, activation: 'softmax' }).apply(hidden) as SymbolicTensor,
        });
      },
    ],
    [
      'convLstm2d',
      () => {
        const all = whole();
        const hidden = layers
          .convLstm2d({
            filters: 2,
            kernelSize: 1,
            stateful: true,
            recurrentInitializer: 'glorotUniform',
            name: 'stateful',
          })
          .apply(layers.reshape({ targetShape: [2, 1, 2, 1] }).apply(all));
        return model({
          inputs: all,
          outputs: layers
            .dense({ units: 3, activation: 'softmax' })
            .apply(layers.flatten().apply(hidden)) as SymbolicTensor,
        });
      },
    ],
  ];

  for (const [layer, make] of recurrent) {
    test.each(searching)(`%s: a stateful ${layer} is advanced once`, async (rule) => {
      const states = (made: LayersModel) =>
        (made.getLayer('stateful') as unknown as { states: tf.Tensor[] }).states.flatMap((state) => [
          ...state.dataSync(),
        ]);
      const make2 = () => {
        const made = make();
        made.resetStates();
        return made;
      };
      const [searched, stepped] = [await afterOneStep(make2, rule), await afterOneStep(make2, 'adam')];
      expect(states(searched)).toEqual(states(stepped));
      expect(states(stepped).some((x) => x !== 0)).toBe(true);
      // The next step finds them alive.
      const { x, y } = smallData();
      await searched.trainOnBatch(x, y);
      expect(states(searched)).not.toEqual(states(stepped));
    });
  }

  test('a trial starts from the state that the step’s own evaluation started from', () => {
    const layer = layers.simpleRNN({
      units: 2,
      stateful: true,
      recurrentInitializer: 'glorotUniform',
      batchInputShape: [1, 1, 2],
    });
    const x = tf.ones([1, 1, 2]);
    tf.dispose(layer.apply(x) as tf.Tensor);
    const values: number[] = [];
    const optimizer = new LearnedOptimizer({
      name: 'looks twice',
      init: () => ({}),
      update({ parameters, objective, minibatch }, _, step) {
        values.push(objective, minibatch.evaluate(parameters));
        step.fill(0);
      },
    });
    const loss = () => tf.sum(layer.apply(x) as tf.Tensor) as tf.Scalar;
    for (let i = 0; i < 2; i++)
      optimizer.minimize(
        loss,
        false,
        layer.trainableWeights.map((w) => w.read() as tf.Variable),
      );
    expect(values[1]).toBe(values[0]);
    expect(values[3]).toBe(values[2]);
    expect(values[2]).not.toBe(values[0]);
  });
});

test('a stateful layer that a line search trains leaks no more tensors than under ADAM', async () => {
  const grown = async (rule: string): Promise<number> => {
    const all = input({ batchShape: [24, 4] });
    const hidden = layers
      .gru({ units: 3, stateful: true, recurrentInitializer: 'glorotUniform' })
      .apply(layers.reshape({ targetShape: [2, 2] }).apply(all));
    const made = model({
      inputs: all,
      outputs: layers.dense({ units: 3, activation: 'softmax' }).apply(hidden) as SymbolicTensor,
    });
    made.compile({ optimizer: new LearnedOptimizer(rule), loss: 'categoricalCrossentropy' });
    const { x, y } = smallData();
    tf.dispose(await made.trainOnBatch(x, y));
    const before = tf.memory().numTensors;
    for (let i = 0; i < 10; i++) tf.dispose(await made.trainOnBatch(x, y));
    return tf.memory().numTensors - before;
  };
  expect(await grown('lbfgs')).toBe(await grown('adam'));
});
