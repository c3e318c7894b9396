import { expect, test } from '@jest/globals';
import { createKey, mean } from '@metadescent/core';
import { optimizeeConformance } from '@metadescent/core/conformance';
import { typescriptEngine } from '@metadescent/kernels';
import { gatherRows } from './data/gather-rows.js';
import { gaussianClusters } from './data/gaussian-clusters.js';
import { liMalikArchitectures, liMalikFamily, liMalikInputs } from './li-malik-family.js';

const engine = typescriptEngine();
const raw = gaussianClusters(createKey(1), { count: 400, inputSize: 30, classes: 10 });

const create = () =>
  liMalikFamily({
    dataset: liMalikInputs(raw, 5, engine),
    hidden: 6,
    batchSize: 16,
    engine,
    evaluationRows: 60,
  });
for (const check of optimizeeConformance(create, { differenceStep: 2e-3, tolerance: 5e-3 }))
  test(`conformance: ${check.name}`, check.run);

test('the net of meta-training has the 2,842 coordinates that 48-48-10 gives', () => {
  const { inputs, hidden } = liMalikArchitectures['48-48'];
  const family = liMalikFamily({
    dataset: liMalikInputs(raw, inputs, engine),
    hidden,
    batchSize: 64,
    engine,
  });
  expect(family.layout.size).toBe(48 * 48 + 48 + 48 * 10 + 10);
  expect(family.layout.groups.map(({ role, layer }) => `${role} ${layer}`)).toEqual([
    'weight 0',
    'bias 0',
    'weight 1',
    'bias 1',
  ]);
});

test('inputs have mean 0 and variance 1 in every dimension, and depend on the data alone', () => {
  const projected = liMalikInputs(raw, 7, engine);
  const inputs = new Float32Array(400 * 7);
  gatherRows(
    projected,
    Uint32Array.from({ length: 400 }, (_, i) => i),
    inputs,
    new Uint8Array(400),
  );
  for (let m = 0; m < 7; m++) {
    const column = Array.from({ length: 400 }, (_, i) => inputs[7 * i + m]!);
    expect(mean(column)).toBeCloseTo(0, 5);
    expect(mean(column.map((x) => x * x))).toBeCloseTo(1, 5);
  }
  expect(liMalikInputs(raw, 7, engine).inputs).toEqual(projected.inputs);
});

test('it starts at N(0, 0.1²) in weights and biases, near the objective of a uniform guess', () => {
  const optimizee = liMalikFamily({
    dataset: liMalikInputs(raw, 48, engine),
    hidden: 48,
    batchSize: 64,
    engine,
  }).sample(createKey(1));
  const start = optimizee.initialParameters(createKey(2));
  expect(Math.sqrt(mean(start.map((x) => x * x)))).toBeCloseTo(0.1, 2);
  const biases = start.subarray(48 * 48, 48 * 48 + 48);
  expect(Math.sqrt(mean(biases.map((x) => x * x)))).toBeGreaterThan(0.07);
  expect(Math.abs(optimizee.trueObjective(start) - Math.log(10))).toBeLessThan(0.2);
});
