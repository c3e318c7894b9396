import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createKey, rollout } from '@metadescent/core';
import { optimizeeConformance } from '@metadescent/core/conformance';
import { typescriptEngine, type Activation, type KernelEngine, type MlpKernel } from '@metadescent/kernels';
import { gaussianClusters } from './data/gaussian-clusters.js';
import { gatherRows } from './data/gather-rows.js';
import { labelledDataset } from './data/labelled-dataset.js';
import { fixedSetObjective, minibatchRows } from './data-objective.js';
import { mlpFamily } from './mlp-family.js';

const engine = typescriptEngine();
const dataset = gaussianClusters(createKey(1), { count: 90, inputSize: 5, classes: 3 });

for (const activation of ['sigmoid', 'tanh', 'relu'] as const) {
  for (const loss of ['softmax-cross-entropy', 'squared-error'] as const) {
    describe(`conformance, ${activation} with ${loss}`, () => {
      // A short difference keeps the kinks of ReLU rare; θ is single precision, so much shorter ones drown in
      // rounding.
      const options = { differenceStep: 2e-3, tolerance: 5e-3 };
      const create = () =>
        mlpFamily({ dataset, hidden: [6, 4], activation, loss, batchSize: 16, evaluationRows: 40, engine });
      for (const check of optimizeeConformance(create, options)) test(check.name, check.run);
    });
  }
}

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
const oracle = JSON.parse(readFileSync(new URL('./testing/mlp-oracle.json', import.meta.url), 'utf8')) as {
  networks: OracleNetwork[];
};
const interleave = (weights: number[][], biases: number[][]) =>
  weights.flatMap((w, l) => [...w, ...biases[l]!]);

test.each(oracle.networks)('PyTorch gives the same loss and gradient: $sizes, $activation', (network) => {
  const { activation, sizes, inputs, labels, weights_in_x_out, biases, grad_weights, grad_biases } = network;
  const classes = sizes.at(-1)!;
  const data = labelledDataset({
    name: 'oracle',
    inputs: Float32Array.from(inputs),
    labels: Uint8Array.from(labels),
    classes,
  });
  const family = mlpFamily({
    dataset: data,
    hidden: sizes.slice(1, -1),
    activation,
    evaluationRows: 'all',
    engine,
  });
  const gradient = new Float32Array(family.layout.size);
  const parameters = Float32Array.from(interleave(weights_in_x_out, biases));
  const loss = family.sample(createKey(1)).trueObjective(parameters, gradient);
  expect([loss]).toBeAllClose([network.mean_cross_entropy], { rtol: 1e-6 });
  expect(gradient).toBeAllClose(interleave(grad_weights, grad_biases), { rtol: 1e-5, atol: 1e-7 });
});

/** The engine, with a record of the batches that its kernels were given. */
function watched(): { engine: KernelEngine; batches: { kernel: number; rows: number }[] } {
  const batches: { kernel: number; rows: number }[] = [];
  let kernels = 0;
  const mlp: KernelEngine['mlp'] = (shape) => {
    const inner = engine.mlp(shape);
    const kernel = kernels++;
    const setBatch: MlpKernel['setBatch'] = (inputs, targets) => {
      batches.push({ kernel, rows: inputs.length / shape.sizes[0]! });
      inner.setBatch(inputs, targets);
    };
    return { ...inner, setBatch };
  };
  return { engine: { ...engine, mlp }, batches };
}

test('evaluating one mini-batch again gathers nothing; another one in between is noticed', () => {
  const { engine: watching, batches } = watched();
  const optimizee = mlpFamily({ dataset, batchSize: 8, engine: watching }).sample(createKey(1));
  const theta = optimizee.initialParameters(createKey(2)).map((x) => 50 * x);
  const key = createKey(3);
  const [first, second] = [optimizee.minibatch(key, 0), optimizee.minibatch(key, 1)];
  const values = [first.evaluate(theta), first.evaluate(theta), first.evaluate(theta)];
  expect(new Set(values).size).toBe(1);
  expect(batches).toHaveLength(1);
  expect(second.evaluate(theta)).not.toBe(values[0]);
  expect(first.evaluate(theta)).toBe(values[0]);
  expect(batches).toHaveLength(3);
  // A fresh object for the same step of the same stream is the same mini-batch, still loaded.
  expect(optimizee.minibatch(createKey(3), 0).evaluate(theta)).toBe(values[0]);
  expect(batches).toHaveLength(3);
  // The true objective has a kernel of its own and leaves the mini-batch alone.
  optimizee.trueObjective(theta);
  optimizee.trueObjective(theta);
  expect(first.evaluate(theta)).toBe(values[0]);
  expect(batches).toHaveLength(4);
  expect(batches[3]).toEqual({ kernel: 1, rows: 90 });
});

test('a mini-batch is the mean loss over the rows that its key and step draw', () => {
  const optimizee = mlpFamily({ dataset, batchSize: 12, engine }).sample(createKey(1));
  const theta = optimizee.initialParameters(createKey(2)).map((x) => 50 * x);
  const rows = minibatchRows(createKey(7), 5, 12, dataset.count);
  const kernel = engine.mlp({ sizes: [5, 20, 3], activation: 'sigmoid', loss: 'softmax-cross-entropy' });
  const [inputs, labels] = [new Float32Array(12 * 5), new Uint8Array(12)];
  gatherRows(dataset, rows, inputs, labels);
  kernel.setBatch(inputs, labels);
  expect(optimizee.minibatch(createKey(7), 5).evaluate(theta)).toBe(kernel.evaluate(theta));
});

test('the stream: equal for equal key and step, different otherwise, uniform over the rows, with replacement', () => {
  const [batch, count] = [64, 50];
  const draw = (seed: number, step: number) => Array.from(minibatchRows(createKey(seed), step, batch, count));
  expect(draw(1, 3)).toEqual(draw(1, 3));
  expect(draw(1, 3)).not.toEqual(draw(1, 4));
  expect(draw(1, 3)).not.toEqual(draw(2, 3));
  const hits = new Array<number>(count).fill(0);
  const steps = 400;
  for (let step = 0; step < steps; step++) for (const row of draw(1, step)) hits[row]!++;
  // χ² with 49 degrees of freedom: mean 49, standard deviation √98; 100 is five of them away.
  const expected = (batch * steps) / count;
  const chiSquared = hits.reduce((sum, hit) => sum + (hit - expected) ** 2 / expected, 0);
  expect(chiSquared).toBeLessThan(100);
  expect(chiSquared).toBeGreaterThan(15);
});

test('the true objective is over the subset asked for: all rows once, or a fixed part that the seed decides', () => {
  const create = (evaluationRows: number | 'all', evaluationSeed = 0) =>
    mlpFamily({ dataset, evaluationRows, evaluationSeed, engine }).sample(createKey(1));
  const theta = create('all')
    .initialParameters(createKey(2))
    .map((x) => 50 * x);
  const [all, counted] = [create('all').trueObjective(theta), create(90).trueObjective(theta)];
  expect(counted).toBe(all);
  expect([create(90, 5).trueObjective(theta)]).toBeAllClose([all], { rtol: 1e-12 });
  expect(create(20).trueObjective(theta)).not.toBe(create(20, 5).trueObjective(theta));
  expect(create(20).trueObjective(theta)).toBe(create(20).trueObjective(theta));
});

test('a set that is streamed in chunks has the objective and gradient of the whole', () => {
  const kernel = () => engine.mlp({ sizes: [5, 4, 3], activation: 'tanh', loss: 'squared-error' });
  const indices = createKey(4).permutation(dataset.count);
  const theta = Float32Array.from(createKey(5).normal(kernel().parameterCount));
  const [gradient, expected] = [new Float32Array(theta.length).fill(NaN), new Float32Array(theta.length)];
  const whole = fixedSetObjective(kernel(), dataset, indices)(theta, expected);
  for (const chunkRows of [1, 32, 45, 89, 90]) {
    const chunked = fixedSetObjective(kernel(), dataset, indices, chunkRows);
    expect([chunked(theta, gradient)]).toBeAllClose([whole], { rtol: 1e-12 });
    expect(gradient).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-7 });
    expect(chunked(theta)).toBe(chunked(theta, gradient));
  }
});

test('a set beyond the resident limit goes through the kernel in chunks, at every evaluation', () => {
  const { engine: watching, batches } = watched();
  const large = labelledDataset({
    name: 'large',
    inputs: new Uint8Array(200 * 100_000),
    labels: new Uint8Array(200),
    classes: 1,
  });
  const optimizee = mlpFamily({ dataset: large, hidden: [], engine: watching }).sample(createKey(1));
  const theta = new Float32Array(optimizee.layout.size);
  optimizee.trueObjective(theta);
  // 2^22 floats hold 41 rows of 100,001.
  expect(batches.map(({ rows }) => rows)).toEqual([41, 41, 41, 41, 36]);
  optimizee.trueObjective(theta);
  expect(batches).toHaveLength(10);
});

test('squared error is against one-hot targets', () => {
  const data = labelledDataset({
    name: 'two',
    inputs: Float32Array.of(1, 2),
    labels: Uint8Array.of(0, 1),
    classes: 2,
  });
  const optimizee = mlpFamily({ dataset: data, hidden: [], loss: 'squared-error', engine }).sample(
    createKey(1),
  );
  // Outputs w·x + b: (1, 0) for x = 1 and (2, 0) for x = 2, against (1, 0) and (0, 1).
  expect(optimizee.trueObjective(Float32Array.of(1, 0, 0, 0))).toBeCloseTo((0 + (4 + 1)) / 2, 6);
});

test('gradient descent on mini-batches lowers the true objective', () => {
  const optimizee = mlpFamily({ dataset, batchSize: 32, initialStandardDeviation: 0.1, engine }).sample(
    createKey(1),
  );
  const descent = {
    name: 'descent',
    init: () => ({}),
    update: ({ gradient }: { gradient: Float32Array }, _: unknown, step: Float32Array) =>
      gradient.forEach((g, i) => (step[i] = -0.5 * g)),
  };
  const { trueObjectives } = rollout(optimizee, descent, {
    horizon: 150,
    key: createKey(6),
    trueObjectiveEvery: 150,
  });
  expect(trueObjectives[0]).toBeCloseTo(Math.log(3), 0);
  expect(trueObjectives[150]).toBeLessThan(0.6 * trueObjectives[0]!);
});

test('the layout is named layer by layer in kernel order, and the family by its data and sizes', () => {
  const family = mlpFamily({ dataset, hidden: [6, 4], activation: 'relu', engine });
  expect(family.name).toBe('gaussian-clusters/5-6-4-3-relu');
  expect(
    family.layout.groups.map(({ name, role, layer, shape, offset }) => [name, role, layer, ...shape, offset]),
  ).toEqual([
    ['layer-0/weight', 'weight', 0, 5, 6, 0],
    ['layer-0/bias', 'bias', 0, 6, 30],
    ['layer-1/weight', 'weight', 1, 6, 4, 36],
    ['layer-1/bias', 'bias', 1, 4, 60],
    ['layer-2/weight', 'weight', 2, 4, 3, 64],
    ['layer-2/bias', 'bias', 2, 3, 76],
  ]);
});

test('bad options are refused by name', () => {
  expect(() => mlpFamily({ dataset, engine, batchSize: 0 })).toThrow(
    /mlpFamily: invalid options[\s\S]*batchSize/,
  );
  expect(() => mlpFamily({ dataset, engine, evaluationRows: 91 })).toThrow(
    /evaluationRows is 91, but "gaussian-clusters" has 90 examples/,
  );
  // @ts-expect-error an unknown activation
  expect(() => mlpFamily({ dataset, engine, activation: 'gelu' })).toThrow(/activation/);
});
