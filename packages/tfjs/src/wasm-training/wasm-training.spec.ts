import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { useCpu } from '../testing/cpu-backend.js';
import { registerWasmTraining, wasmTrainingKernels } from './index.js';

beforeAll(async () => {
  await useCpu();
  registerWasmTraining();
});

const key = createKey(3);

function draw(name: string, shape: number[]): { values: Float32Array; shape: number[] } {
  return { values: Float32Array.from(key.fold(name).normal(shape.reduce((a, b) => a * b, 1))), shape };
}

/** Gradients of Σ op(a, b)² with respect to both, on a backend. */
async function gradients(
  backend: string,
  inputs: readonly { values: Float32Array; shape: number[] }[],
  op: (...inputs: tf.Tensor[]) => tf.Tensor,
): Promise<number[][]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const tensors = inputs.map(({ values, shape }) => tf.tensor(values.slice(), shape));
    return tf
      .grads((...t: tf.Tensor[]) => tf.sum(tf.square(op(...t))))(tensors)
      .map((g) => [...g.dataSync()]);
  });
}

type Pad = 'same' | 'valid' | number;

describe('the gradients of the cpu backend', () => {
  const planes: readonly (readonly [number[], number[], number, Pad])[] = [
    [[3, 7, 6, 2], [3, 3, 2, 4], 1, 'valid'],
    [[2, 7, 6, 3], [3, 2, 3, 2], 2, 'same'],
    [[2, 5, 5, 1], [4, 4, 1, 3], 1, 'same'],
    [[2, 6, 6, 2], [1, 1, 2, 3], 3, 'valid'],
    [[1, 6, 6, 2], [3, 3, 2, 2], 2, 1],
  ];
  test.each(planes)('conv2d of %j with %j, stride %d, %s', async (x, filter, stride, pad) => {
    const inputs = [draw('x', x), draw('f', filter)];
    const op = (a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
    const [cpu, wasm] = [await gradients('cpu', inputs, op), await gradients('wasm', inputs, op)];
    cpu.forEach((g, i) => expect(wasm[i] as number[]).toBeAllClose(g, { rtol: 1e-4, atol: 1e-3 }));
  });

  test.each([
    [[2, 4, 5, 4, 2], [2, 3, 2, 2, 3], 1, 'valid'],
    [[2, 5, 5, 5, 1], [3, 3, 3, 1, 2], 2, 'same'],
  ] as const)('conv3d of %j with %j, stride %d, %s', async (x, filter, stride, pad) => {
    const inputs = [draw('x', [...x]), draw('f', [...filter])];
    const op = (a: tf.Tensor, b: tf.Tensor) => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, stride, pad);
    const [cpu, wasm] = [await gradients('cpu', inputs, op), await gradients('wasm', inputs, op)];
    cpu.forEach((g, i) => expect(wasm[i] as number[]).toBeAllClose(g, { rtol: 1e-4, atol: 1e-3 }));
  });

  test.each([
    [[2, 7, 6, 3], [3, 3, 3, 2], 1, 'same'],
    [[2, 7, 6, 2], [3, 2, 2, 1], 2, 'valid'],
    [[1, 5, 8, 2], [2, 2, 2, 3], 3, 'same'],
  ] as const)('depthwise conv2d of %j with %j, stride %d, %s', async (x, filter, stride, pad) => {
    const inputs = [draw('x', [...x]), draw('f', [...filter])];
    const op = (a: tf.Tensor, b: tf.Tensor) =>
      tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
    const [cpu, wasm] = [await gradients('cpu', inputs, op), await gradients('wasm', inputs, op)];
    cpu.forEach((g, i) => expect(wasm[i] as number[]).toBeAllClose(g, { rtol: 1e-4, atol: 1e-3 }));
  });

  test.each([
    [[4, 6, 6, 3], 2, 2, 'valid'],
    [[3, 7, 5, 2], 3, 2, 'same'],
    [[2, 5, 5, 1], 3, 1, 'same'],
    [[2, 7, 7, 1], 2, 2, 'same'],
  ] as const)('max pooling of %j, window %d, stride %d, %s', async (x, window, stride, pad) => {
    const op = (a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, window, stride, pad);
    const [cpu, wasm] = [
      await gradients('cpu', [draw('x', [...x])], op),
      await gradients('wasm', [draw('x', [...x])], op),
    ];
    expect(wasm[0] as number[]).toBeAllClose(cpu[0] as number[], { rtol: 1e-5, atol: 1e-6 });
  });

  test.each([
    [[2, 7, 7, 1], 2, 2, 'same'],
    [[3, 6, 7, 2], 3, 2, 'same'],
    [[2, 6, 6, 3], 3, 1, 'valid'],
  ] as const)(
    'Euler: Σ x ∂f/∂x = f for max pooling of %j, window %d, stride %d, %s',
    async (shape, window, stride, pad) => {
      await tf.setBackend('wasm');
      const { values } = draw('x', [...shape]);
      const [value, paired] = tf.tidy(() => {
        const x = tf.tensor(values.slice(), [...shape]) as tf.Tensor4D;
        const y = tf.maxPool(x, window, stride, pad);
        const weights = tf.tensor(Float32Array.from(key.fold('weights').normal(y.size)), y.shape);
        const gradient = tf.grad((t: tf.Tensor) =>
          tf.sum(tf.mul(tf.maxPool(t as tf.Tensor4D, window, stride, pad), weights)),
        )(x);
        return [
          tf.sum(tf.mul(y, weights)).dataSync()[0] as number,
          tf.sum(tf.mul(x, gradient)).dataSync()[0] as number,
        ];
      });
      expect(paired).toBeCloseTo(value, 3);
    },
  );

  test('rows gathered several times, not at all, and along another axis', async () => {
    const op = (axis: number) => (a: tf.Tensor) => tf.gather(a, tf.tensor1d([2, 0, 2, 2, 4], 'int32'), axis);
    for (const axis of [0, 1]) {
      const [cpu, wasm] = [
        await gradients('cpu', [draw('x', [5, 6])], op(axis)),
        await gradients('wasm', [draw('x', [5, 6])], op(axis)),
      ];
      expect(wasm[0] as number[]).toBeAllClose(cpu[0] as number[], { rtol: 1e-6, atol: 1e-6 });
    }
  });
});

test.each([
  [2, 6, 12, false, false],
  [2, 6, 13, false, true],
  [2, 6, 13, true, false],
  [2, 6, 3, false, false],
])(
  'the gradient of nearest-neighbour resizing is its transpose: batch %d, %d → %d, corners %s, half pixels %s',
  async (batch, from, to, corners, half) => {
    await tf.setBackend('wasm');
    const [v, w] = [draw('v', [batch, from, from, 2]), draw('w', [batch, to, to, 2])];
    const resize = (x: tf.Tensor) =>
      tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [to, to], corners, half);
    const [forward, back] = tf.tidy(() => {
      const [x, y] = [tf.tensor(v.values, v.shape), tf.tensor(w.values, w.shape)];
      const pulled = tf.grad((t) => tf.sum(tf.mul(resize(t), y)))(x);
      return [
        tf.sum(tf.mul(resize(x), y)).dataSync()[0] as number,
        tf.sum(tf.mul(x, pulled)).dataSync()[0] as number,
      ];
    });
    expect(back).toBeCloseTo(forward, 3);
  },
);

/** Without upSampling2d, whose gradient is wrong on cpu for batches: above it is held against its transpose. */
const models: readonly (readonly [string, () => Sequential, number[]])[] = [
  [
    'a convolutional network with batch normalisation',
    () =>
      sequential({
        layers: [
          layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [8, 8, 2] }),
          layers.batchNormalization(),
          layers.activation({ activation: 'relu' }),
          layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.conv2dTranspose({ filters: 2, kernelSize: 3, activation: 'tanh' }),
          layers.averagePooling2d({ poolSize: 2 }),
          layers.flatten(),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    [6, 8, 8, 2],
  ],
  [
    'an embedding under a recurrent layer',
    () =>
      sequential({
        layers: [
          layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 5 }),
          layers.lstm({ units: 4, recurrentInitializer: 'zeros' }),
          layers.layerNormalization(),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    [6, 5],
  ],
];

test.each(models)('%s takes the same steps of fit on wasm as on cpu', async (name, build, shape) => {
  const trained = async (backend: string): Promise<{ weights: number[]; start: number[] }> => {
    await tf.setBackend(backend);
    const model = build();
    const flat = () => model.getWeights().flatMap((w) => [...w.dataSync()]);
    model.setWeights(
      model.getWeights().map((w, i) =>
        w.rank > 1
          ? tf.tensor(
              Float32Array.from(key.fold(i).normal(w.size), (v) => 0.4 * v),
              w.shape,
            )
          : w,
      ),
    );
    const start = flat();
    const { values } = draw(name, shape);
    const x = tf.tensor(
      shape.length === 2 ? values.map((v) => Math.min(6, Math.floor(Math.abs(3 * v)))) : values,
      shape,
    );
    const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d([0, 1, 2, 2, 1, 0], 'int32'), 3), 'float32'));
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
    await model.fit(x, y, { epochs: 3, batchSize: 3, shuffle: false, verbose: 0 });
    return { weights: flat(), start };
  };
  const [cpu, wasm] = [await trained('cpu'), await trained('wasm')];
  expect(wasm.start).toEqual(cpu.start);
  expect(wasm.weights).toBeAllClose(cpu.weights, { rtol: 1e-3, atol: 1e-4 });
  expect(Math.hypot(...cpu.weights.map((w, i) => w - (cpu.start[i] as number)))).toBeGreaterThan(0.05);
});

test('registering twice does nothing, and the names are those of tfjs', () => {
  expect(registerWasmTraining()).toEqual([]);
  for (const { kernelName } of wasmTrainingKernels) expect(tf.getKernel(kernelName, 'wasm')).toBeDefined();
});

test('convolving images channels first is refused with the way out', () => {
  const backend = {} as never;
  const { kernelFunc } = wasmTrainingKernels[0] as (typeof wasmTrainingKernels)[number];
  expect(() => kernelFunc({ inputs: {} as never, attrs: { dataFormat: 'NCHW' }, backend })).toThrow(
    /NHWC only.*transpose/,
  );
});
