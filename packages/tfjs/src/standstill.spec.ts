import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKey, type Key } from '@metadescent/core';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { LearnedOptimizer } from './learned-optimizer.js';
import { loadBackend } from './node/backend.js';
import { pretrained } from './rule-registry.js';
import { noProgress, standsStill } from './standstill.js';

const PATIENCE = 100;

/** After how many losses a sequence is said to stand still; undefined if never. */
function stillAfter(losses: readonly number[], gradient = 1): number | undefined {
  const progress = noProgress();
  const at = losses.findIndex((loss) => standsStill(progress, loss, gradient, PATIENCE, 0.001));
  return at < 0 ? undefined : at + 1;
}

const noise = createKey(21).normal(1600);
/** `steps` losses, with noise of this deviation relative to 1. */
const losses = (steps: number, deviation: number, of: (t: number) => number) =>
  Array.from({ length: steps }, (_, t) => of(t) + deviation * (noise[t] as number));

describe('a sequence of losses stands still', () => {
  test.each([
    ['where it is constant', losses(400, 0, () => 1), 100],
    ['where it creeps', losses(400, 0, (t) => 1 - 1e-5 * t), 100],
    ['where only its noise moves', losses(400, 0.1, () => 1), 100],
    ['where it rises', losses(400, 0.02, (t) => 1 + 1e-3 * t), 100],
    ['with much noise, at a later look', losses(1600, 0.3, () => 1), 200],
  ] as const)('%s', (_, sequence, when) => {
    expect(stillAfter(sequence)).toBe(when);
  });

  test.each([
    ['where it falls', losses(400, 0, (t) => Math.exp(-t / 100))],
    ['where it falls slowly in the noise of mini-batches', losses(1600, 0.1, (t) => Math.exp(-t / 800))],
    [
      'where it fell with the first steps, and is at its floor',
      losses(1600, 0.02, (t) => 0.5 + 0.5 * Math.exp(-t / 2)),
    ],
    ['where it converged slowly', losses(1600, 0.01, (t) => 0.2 + 0.8 * Math.exp(-t / 100))],
    ['where its noise hides whether it does', losses(400, 1, () => 1)],
  ] as const)('but not %s', (_, sequence) => {
    expect(stillAfter(sequence)).toBeUndefined();
  });

  test('but not where its gradients say that nothing could be won: a training that begins at its floor', () => {
    expect(
      stillAfter(
        losses(400, 0, () => 0.3),
        1e-3,
      ),
    ).toBeUndefined();
    expect(
      stillAfter(
        losses(400, 0, () => 0.3),
        0,
      ),
    ).toBeUndefined();
  });

  test('nor at a loss of 0 without a gradient', () => {
    expect(
      stillAfter(
        losses(400, 0, () => 0),
        0,
      ),
    ).toBeUndefined();
  });

  test('whatever its scale', () => {
    for (const scale of [1e-6, 1e6]) {
      expect(
        stillAfter(
          losses(400, 0.1, () => 1).map((loss) => scale * loss),
          scale,
        ),
      ).toBe(100);
      expect(
        stillAfter(
          losses(1600, 0.1, (t) => Math.exp(-t / 800)).map((loss) => scale * loss),
          scale,
        ),
      ).toBeUndefined();
    }
  });
});

const normal = (key: Key, shape: number[], deviation = 1) =>
  tf.tensor(
    Float32Array.from(key.normal(shape.reduce((a, b) => a * b, 1)), (x) => deviation * x),
    shape,
  );

interface Problem {
  readonly model: LayersModel;
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
  readonly loss: string;
}

/** Reconstructs 256 numbers that hang on three. */
function autoencoder(key: Key): Problem {
  const x = tf.sigmoid(tf.matMul(normal(key.fold('codes'), [128, 3]), normal(key.fold('decoder'), [3, 256])));
  const model = sequential({
    layers: [
      layers.dense({ units: 8, inputShape: [256], activation: 'relu' }),
      layers.dense({ units: 256, activation: 'sigmoid' }),
    ],
  });
  model.setWeights([
    normal(key.fold('in'), [256, 8], 0.09),
    tf.zeros([8]),
    normal(key.fold('out'), [8, 256], 0.09),
    tf.zeros([256]),
  ]);
  return { model, x, y: x, loss: 'meanSquaredError' };
}

/** Texts of 80 out of 2,000 words: are most of them of the first half of the vocabulary? */
function textClassifier(key: Key): Problem {
  const [texts, length, words] = [128, 80, 2000];
  const ids = Float32Array.from(key.fold('words').integers(texts * length, words));
  const y = Array.from({ length: texts }, (_, i) =>
    Number(ids.subarray(i * length, (i + 1) * length).filter((id) => id < words / 2).length > length / 2),
  );
  const model = sequential({
    layers: [
      layers.embedding({ inputDim: words, outputDim: 4, inputLength: length }),
      layers.globalAveragePooling1d(),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  });
  model.setWeights([
    normal(key.fold('embedding'), [words, 4], 0.03),
    normal(key.fold('head'), [4, 1], 0.2),
    tf.zeros([1]),
  ]);
  return {
    model,
    x: tf.tensor2d(ids, [texts, length]),
    y: tf.tensor2d(y, [texts, 1]),
    loss: 'binaryCrossentropy',
  };
}

describe('the guard sees trainings', () => {
  beforeAll(async () => {
    tf.env().set('PROD', true);
    // The gradient of an embedding is slow on the cpu backend.
    await loadBackend({ candidates: ['wasm'] });
    await pretrained('psd');
  });

  const problems = [
    ['an autoencoder', autoencoder],
    ['a text classifier', textClassifier],
  ] as const;
  const train = async (
    make: (key: Key) => Problem,
    rule: string,
  ): Promise<{ said: string[]; optimizer: LearnedOptimizer }> => {
    const { model, x, y, loss } = make(createKey(32));
    const said: string[] = [];
    const optimizer = new LearnedOptimizer(rule, { guard: true, onMessage: (message) => said.push(message) });
    model.compile({ optimizer, loss });
    await model.fit(x, y, { epochs: 26, batchSize: 16, verbose: 0, shuffle: false, yieldEvery: 'never' });
    return { said, optimizer };
  };

  test.each(problems)(
    'that stand still: psd on %s',
    async (_, make) => {
      const { said, optimizer } = await train(make, 'psd');
      expect(said).toEqual([
        expect.stringMatching(
          /^step 199: the loss stands still: it began at .* after 200 steps of psd; .*ADAM/,
        ),
      ]);
      expect(optimizer.fellBack).toBe(true);
    },
    60_000,
  );

  test.each(problems)(
    'that do not: adam on %s',
    async (_, make) => {
      const { said, optimizer } = await train(make, 'adam');
      expect([said, optimizer.fellBack]).toEqual([[], false]);
    },
    60_000,
  );
});
