import { createKey } from '@metadescent/core';
import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { typescriptEngine } from '../engine/typescript-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { centralDifferences, normals } from '../testing/random-arrays.js';
import type { NetworkKernel, NetworkLayer, NetworkSpecification } from './network-kernel.js';

const dense = (outputs: number): NetworkLayer => ({ kind: 'dense', outputs });
const sigmoid: NetworkLayer = { kind: 'activation', activation: 'sigmoid' };
const tanh: NetworkLayer = { kind: 'activation', activation: 'tanh' };
const relu: NetworkLayer = { kind: 'activation', activation: 'relu' };

/** Another activation behind every layer; none between two layers; one at the output. */
const specifications: NetworkSpecification[] = [
  { inputs: 1, layers: [dense(1)], loss: 'squared-error' },
  { inputs: 5, layers: [dense(7), tanh, dense(6), dense(4), sigmoid], loss: 'squared-error' },
  { inputs: 21, layers: [dense(18), relu, dense(9), sigmoid, dense(3)], loss: 'softmax-cross-entropy' },
  { inputs: 6, layers: [dense(4), tanh], loss: 'softmax-cross-entropy' },
];

function load(kernel: NetworkKernel, rows: number, given?: Float32Array): Float32Array {
  const inputs = given ?? normals('inputs', rows * kernel.inputs);
  kernel.setBatch(
    inputs,
    kernel.specification.loss === 'squared-error'
      ? normals('targets', rows * kernel.outputs)
      : Uint8Array.from(createKey(2).integers(rows, kernel.outputs)),
  );
  return inputs;
}

function evaluate(kernel: NetworkKernel, parameters: Float32Array, rows: number) {
  const gradient = new Float32Array(kernel.parameterCount).fill(NaN);
  const inputGradient = new Float32Array(rows * kernel.inputs).fill(NaN);
  return { loss: kernel.evaluate(parameters, gradient, inputGradient), gradient, inputGradient };
}

const largest = (values: Float32Array) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const all = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.each(enginesUnderTest())('network, $label', ({ engine }: { engine: KernelEngine }) => {
  test.each(specifications)('both gradients equal central differences of the twin: %j', (specification) => {
    const rows = 3;
    const kernel = engine.network(specification);
    const twin = typescriptEngine().network(specification);
    const parameters = normals('parameters', kernel.parameterCount, 0.7);
    const inputs = load(kernel, rows);
    load(twin, rows);
    const { gradient, inputGradient } = evaluate(kernel, parameters, rows);
    // A kink of ReLU between the two points spoils a long difference.
    const epsilon = JSON.stringify(specification).includes('relu') ? 2 ** -14 : 2 ** -9;
    const byParameters = centralDifferences(
      (x) => twin.evaluate(x),
      parameters,
      all(parameters.length),
      epsilon,
    );
    const atInputs = (x: Float32Array) => {
      load(twin, rows, x);
      return twin.evaluate(parameters);
    };
    const byInputs = centralDifferences(atInputs, inputs, all(inputs.length), epsilon);
    expect(gradient).toBeAllClose(byParameters, { rtol: 1e-3, atol: 1e-4 * largest(gradient) });
    expect(inputGradient).toBeAllClose(byInputs, { rtol: 1e-3, atol: 1e-4 * largest(inputGradient) });
  });

  test.each(specifications)('agrees with the twin for any number of rows: %j', (specification) => {
    const kernel = engine.network(specification);
    const twin = typescriptEngine().network(specification);
    const parameters = normals('parameters', kernel.parameterCount, 0.7);
    for (const rows of [1, 15, 16, 17, 40, 300]) {
      load(kernel, rows);
      load(twin, rows);
      const [actual, expected] = [evaluate(kernel, parameters, rows), evaluate(twin, parameters, rows)];
      expect([actual.loss]).toBeAllClose([expected.loss], { rtol: 5e-6, atol: 1e-6 });
      for (const part of ['gradient', 'inputGradient'] as const)
        expect(actual[part]).toBeAllClose(expected[part], {
          rtol: 2e-5,
          atol: 5e-6 * largest(expected[part]),
        });
      // What is not asked for changes nothing.
      const alone = new Float32Array(rows * kernel.inputs);
      expect(kernel.evaluate(parameters, undefined, alone)).toBe(actual.loss);
      expect(alone).toEqual(actual.inputGradient);
      expect(kernel.evaluate(parameters)).toBe(actual.loss);
    }
  });

  test('a multilayer perceptron is a network of another name', () => {
    const shape = { sizes: [5, 4, 3], activation: 'tanh', loss: 'softmax-cross-entropy' } as const;
    const [mlp, network] = [
      engine.mlp(shape),
      engine.network({ inputs: 5, layers: [dense(4), tanh, dense(3)], loss: 'softmax-cross-entropy' }),
    ];
    expect(mlp.specification).toEqual(network.specification);
    expect(mlp.layout).toEqual(network.layout);
    expect(mlp.layout.size).toBe(mlp.parameterCount);
    expect(mlp.floatsPerExample).toBe(12);
    const parameters = normals('parameters', mlp.parameterCount);
    for (const kernel of [mlp, network]) load(kernel, 20);
    expect(evaluate(mlp, parameters, 20)).toEqual(evaluate(network, parameters, 20));
  });

  test('what is no network is refused by name', () => {
    const network =
      (layers: unknown, loss = 'squared-error', inputs = 3) =>
      () =>
        engine.network({ inputs, layers, loss } as NetworkSpecification);
    expect(network([])).toThrow('network: `layers` needs at least one dense layer, but has none');
    expect(network([relu, dense(2)])).toThrow('`layers[0]`, an activation, must follow a dense layer');
    expect(network([dense(2), relu, tanh])).toThrow('`layers[2]`, an activation, must follow a dense layer');
    expect(network([{ kind: 'conv' }])).toThrow('`layers[0].kind` must be dense or activation, but is conv');
    expect(network([dense(0)])).toThrow('`layers[0].outputs`');
    expect(network([dense(2), { kind: 'activation', activation: 'identity' }])).toThrow('`activation`');
    expect(network([dense(2)], 'hinge')).toThrow('`loss`');
    expect(network([dense(2)], 'squared-error', 1.5)).toThrow('`inputs`');
    const kernel = engine.network({ inputs: 3, layers: [dense(2)], loss: 'squared-error' });
    expect(() => kernel.evaluate(new Float32Array(8))).toThrow('NetworkKernel.evaluate: there is no batch');
    load(kernel, 4);
    expect(() => kernel.evaluate(new Float32Array(8), undefined, new Float32Array(11))).toThrow(
      '`inputGradient` [rows = 4, 3] must have length 12, but has 11',
    );
  });
});
