import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import type { MlpKernel } from './mlp-kernel.js';
import type { Activation, NetworkLoss } from './network-kernel.js';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { centralDifferences, misaligned, normals } from '../testing/random-arrays.js';
import { typescriptEngine } from '../engine/typescript-engine.js';

interface OracleNetwork {
  activation: Activation;
  sizes: number[];
  batch: number;
  weights_in_x_out: number[][];
  biases: number[][];
  inputs: number[];
  labels: number[];
  mean_cross_entropy: number;
  grad_weights: number[][];
  grad_biases: number[][];
}
const oracle = JSON.parse(readFileSync(new URL('../testing/mlp-oracle.json', import.meta.url), 'utf8')) as {
  networks: OracleNetwork[];
};

const interleave = (weights: number[][], biases: number[][]) =>
  weights.flatMap((w, l) => [...w, ...(biases[l] as number[])]);

function batchFor(
  kernel: MlpKernel,
  rows: number,
): { inputs: Float32Array; targets: Uint8Array | Float32Array } {
  const { sizes, loss } = kernel.shape;
  const outputs = sizes[sizes.length - 1] as number;
  return {
    inputs: normals('inputs', rows * (sizes[0] as number)),
    targets:
      loss === 'squared-error'
        ? normals('targets', rows * outputs)
        : Uint8Array.from(createKey(2).integers(rows, outputs)),
  };
}

function evaluate(kernel: MlpKernel, parameters: Float32Array) {
  const gradient = new Float32Array(kernel.parameterCount).fill(NaN); // overwritten, not added to
  return { loss: kernel.evaluate(parameters, gradient), gradient };
}

/** What the twin gives for a random network and batch, computed once for all engines. */
const twinResults = new Map<string, ReturnType<typeof evaluate>>();

function expectAgreement(kernel: MlpKernel, rows: number, scale = 0.5): void {
  const { inputs, targets } = batchFor(kernel, rows);
  const parameters = normals('parameters', kernel.parameterCount, scale);
  const key = JSON.stringify([kernel.shape, rows, scale]);
  let expected = twinResults.get(key);
  if (!expected) {
    const twin = typescriptEngine().mlp(kernel.shape);
    twin.setBatch(inputs, targets);
    expected = evaluate(twin, parameters);
    twinResults.set(key, expected);
  }
  kernel.setBatch(inputs, targets);
  const actual = evaluate(kernel, parameters);
  expect([actual.loss]).toBeAllClose([expected.loss], { rtol: 5e-6, atol: 1e-6 });
  const largest = expected.gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(actual.gradient).toBeAllClose(expected.gradient, { rtol: 2e-5, atol: 5e-6 * largest });
  expect(kernel.evaluate(parameters)).toBe(actual.loss);
}

const activations: Activation[] = ['sigmoid', 'tanh', 'relu'];
const losses: NetworkLoss[] = ['softmax-cross-entropy', 'squared-error'];

describe.each(enginesUnderTest())('MLP, $label', ({ engine }: { engine: KernelEngine }) => {
  test.each(oracle.networks.map((network) => [network.activation, network.sizes, network] as const))(
    'against PyTorch numbers: %s %j',
    (activation, sizes, given) => {
      const kernel = engine.mlp({ sizes, activation, loss: 'softmax-cross-entropy' });
      kernel.setBatch(Float32Array.from(given.inputs), Uint8Array.from(given.labels));
      const { loss, gradient } = evaluate(
        kernel,
        Float32Array.from(interleave(given.weights_in_x_out, given.biases)),
      );
      expect([loss]).toBeAllClose([given.mean_cross_entropy], { rtol: 1e-6 });
      expect(gradient).toBeAllClose(interleave(given.grad_weights, given.grad_biases), {
        rtol: 2e-5,
        atol: 1e-7,
      });
    },
  );

  test.each(activations.flatMap((activation) => losses.map((loss) => ({ activation, loss }))))(
    'gradient equals central differences (epsilon 1/128): %j',
    ({ activation, loss }) => {
      const kernel = engine.mlp({ sizes: [5, 7, 6, 4], activation, loss });
      const { inputs, targets } = batchFor(kernel, 9);
      kernel.setBatch(inputs, targets);
      const parameters = normals('parameters', kernel.parameterCount);
      const coordinates = Array.from({ length: kernel.parameterCount }, (_, i) => i);
      // The twin evaluates the objective in double precision; the gradient is the kernel's.
      const twin = typescriptEngine().mlp(kernel.shape);
      twin.setBatch(inputs, targets);
      const expected = centralDifferences(
        (x) => twin.evaluate(x),
        parameters,
        coordinates,
        activation === 'relu' ? 2 ** -14 : 2 ** -9, // short: a kink of ReLU between the two points spoils the difference
      );
      const { gradient } = evaluate(kernel, parameters);
      const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(gradient).toBeAllClose(expected, { rtol: 1e-3, atol: 1e-4 * largest });
    },
  );

  // The twin is not compared with itself.
  if (engine.name !== 'typescript') {
    test.each(activations.flatMap((activation) => losses.map((loss) => ({ activation, loss }))))(
      'agrees with the twin on awkward sizes: %j',
      ({ activation, loss }) => {
        for (const sizes of [
          [1, 1],
          [3, 2],
          [7, 5, 3],
          [17, 33, 10],
          [48, 48, 10],
          [20, 16, 16, 11, 2],
        ]) {
          const kernel = engine.mlp({ sizes, activation, loss });
          for (const rows of [1, 5, 16, 19]) expectAgreement(kernel, rows);
        }
      },
    );

    test('any number of rows from 1 to 40', () => {
      const kernel = engine.mlp({ sizes: [6, 5, 3], activation: 'tanh', loss: 'softmax-cross-entropy' });
      for (let rows = 1; rows <= 40; rows++) expectAgreement(kernel, rows);
    });

    test('the MNIST network: 784-20-10, batch 128', () => {
      expectAgreement(
        engine.mlp({ sizes: [784, 20, 10], activation: 'sigmoid', loss: 'softmax-cross-entropy' }),
        128,
        0.05,
      );
    });

    test('a batch can be replaced by a larger and a smaller one', () => {
      const kernel = engine.mlp({ sizes: [6, 5, 3], activation: 'relu', loss: 'softmax-cross-entropy' });
      for (const rows of [4, 70, 3]) expectAgreement(kernel, rows);
    });
  }

  test('equal inputs give equal bits, at any address', () => {
    const kernel = engine.mlp({
      sizes: [13, 20, 10],
      activation: 'sigmoid',
      loss: 'softmax-cross-entropy',
    });
    const { inputs, targets } = batchFor(kernel, 21);
    const parameters = normals('parameters', kernel.parameterCount);
    kernel.setBatch(inputs, targets);
    const once = evaluate(kernel, parameters);
    kernel.setBatch(misaligned(inputs), targets);
    const gradient = misaligned(new Float32Array(kernel.parameterCount), 3);
    expect(kernel.evaluate(misaligned(parameters), gradient)).toBe(once.loss);
    expect(Array.from(gradient)).toEqual(Array.from(once.gradient));
  });

  test('huge logits: the loss is finite and right', () => {
    const kernel = engine.mlp({ sizes: [2, 3], activation: 'relu', loss: 'softmax-cross-entropy' });
    kernel.setBatch(Float32Array.of(1, 0, 0, 1, 0, 0), Uint8Array.of(0, 1, 2));
    // Rows see logits (1e4, 0, −1e4), (−1e4, 1e4, 1e4) and (0, 0, 0); labels 0, 1, 2.
    const { loss, gradient } = evaluate(kernel, Float32Array.of(1e4, 0, -1e4, -1e4, 1e4, 1e4, 0, 0, 0));
    expect([loss]).toBeAllClose([(0 + Math.log(2) + Math.log(3)) / 3], { rtol: 1e-6 });
    expect(gradient.every(Number.isFinite)).toBe(true);
    kernel.setBatch(Float32Array.of(1, 0), Uint8Array.of(2));
    expect([kernel.evaluate(Float32Array.of(1e4, 0, -1e4, 0, 0, 0, 0, 0, 0))]).toBeAllClose([2e4], {
      rtol: 1e-6,
    });
  });

  test('a pre-activation of ±∞ is a saturated unit', () => {
    for (const [activation, limits] of [
      ['sigmoid', [1, 0]],
      ['tanh', [1, -1]],
    ] as const) {
      const kernel = engine.mlp({ sizes: [1, 1, 1], activation, loss: 'squared-error' });
      limits.forEach((limit, i) => {
        kernel.setBatch(Float32Array.of(i === 0 ? 3e38 : -3e38), Float32Array.of(0.25));
        const { loss, gradient } = evaluate(kernel, Float32Array.of(3, 0, 2, 0.5));
        const error = 2 * limit + 0.5 - 0.25;
        expect([loss]).toBeAllClose([error ** 2], { rtol: 1e-6 });
        // The first is 3e38 times a slope that is 0 on one engine and 10⁻³⁸ on another.
        expect(Number.isFinite(gradient[0])).toBe(true);
        expect(gradient.subarray(1)).toBeAllClose([0, 2 * error * limit, 2 * error], {
          rtol: 1e-6,
          atol: 1e-6,
        });
      });
    }
  });

  test('a NaN parameter gives a NaN loss and gradient', () => {
    for (const activation of activations)
      for (const loss of losses) {
        const kernel = engine.mlp({ sizes: [3, 4, 2], activation, loss });
        const { inputs, targets } = batchFor(kernel, 5);
        kernel.setBatch(inputs, targets);
        const parameters = normals('parameters', kernel.parameterCount);
        parameters[0] = NaN;
        const { loss: value, gradient } = evaluate(kernel, parameters);
        expect(value).toBeNaN();
        expect(gradient.some(Number.isNaN)).toBe(true);
      }
  });

  test('wrong arrays are refused by name', () => {
    const kernel = engine.mlp({ sizes: [3, 2], activation: 'relu', loss: 'softmax-cross-entropy' });
    const f = (length: number) => new Float32Array(length);
    expect(() => kernel.evaluate(f(8))).toThrow('call setBatch');
    expect(() => kernel.setBatch(f(7), new Uint8Array(2))).toThrow('`inputs`');
    expect(() => kernel.setBatch(f(0), new Uint8Array(0))).toThrow('`inputs`');
    expect(() => kernel.setBatch(f(6), new Uint8Array(3))).toThrow('`targets`');
    expect(() => kernel.setBatch(f(6), f(2))).toThrow('Uint8Array');
    expect(() => kernel.setBatch(f(6), Uint8Array.of(0, 2))).toThrow(
      'labels must be below 2, the last width, but targets[1] is 2',
    );
    kernel.setBatch(f(6), Uint8Array.of(0, 1));
    expect(() => kernel.evaluate(f(9))).toThrow('`parameters` [parameterCount] must have length 8');
    expect(() => kernel.evaluate(f(8), f(7))).toThrow('`gradient`');
    const regression = engine.mlp({ sizes: [3, 2], activation: 'relu', loss: 'squared-error' });
    expect(() => regression.setBatch(f(3), new Uint8Array(2))).toThrow('Float32Array');
    expect(() => regression.setBatch(f(3), f(3))).toThrow('`targets`');
    expect(() => engine.mlp({ sizes: [3], activation: 'relu', loss: 'squared-error' })).toThrow('`sizes`');
    expect(() =>
      engine.mlp({ sizes: [3, 1], activation: 'gelu' as Activation, loss: 'squared-error' }),
    ).toThrow('`activation`');
  });
});
