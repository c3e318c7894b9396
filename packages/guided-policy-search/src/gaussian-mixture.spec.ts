import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { fitMixture, mixturePrior } from './gaussian-mixture.js';
import { momentsOf } from './moments.js';

const engine = typescriptGpsEngine();
const finite = (...arrays: Float64Array[]) => arrays.every((values) => values.every(Number.isFinite));

test('two separate clusters are found', () => {
  const noise = createKey(1).normal(800);
  const points = noise.map((x, i) => x + (Math.floor(i / 2) % 4 === 0 ? 20 : -20));
  const { mass, mean, covariance, logLikelihood } = fitMixture(engine, 2, points, createKey(2), {
    clusters: 2,
  });
  const high = mean[0]! > 0 ? 0 : 1;
  expect(mass[high]).toBeCloseTo(0.25, 3);
  expect(mean.subarray(high * 2, high * 2 + 2)).toBeAllClose([20, 20], { atol: 0.4 });
  expect(covariance.subarray(high * 4, high * 4 + 4)).toBeAllClose([1, 0, 0, 1], { atol: 0.4 });
  for (let i = 1; i < logLikelihood.length; i++)
    expect(logLikelihood[i]!).toBeGreaterThan(logLikelihood[i - 1]! - 1e-5);
});

test('the prior of all points has their mean and total covariance', () => {
  const points = createKey(3)
    .normal(600)
    .map((x, i) => x * (1 + (i % 3)) + (i < 300 ? 3 : -1));
  const mixture = fitMixture(engine, 3, points, createKey(4), {
    clusters: 4,
    floor: 0,
    iterations: 200,
    tolerance: 1e-12,
  });
  const { mean, scale, meanCount, scaleCount } = mixturePrior(engine, mixture, points, 2);
  const whole = momentsOf(engine, 3, points);
  // At a fixed point of EM, weighted means and the law of total covariance give back the sample moments.
  expect(mean).toBeAllClose(whole.mean, { atol: 2e-2 });
  expect(scale).toBeAllClose(
    whole.covariance.map((x) => 2 * x),
    { rtol: 0.05, atol: 0.1 },
  );
  expect([meanCount, scaleCount]).toEqual([2, 2]);
});

test('one cluster is the Gaussian of the points', () => {
  const points = createKey(5).normal(90);
  const { mean, covariance, mass } = fitMixture(engine, 3, points, createKey(6), { clusters: 1, floor: 0 });
  const whole = momentsOf(engine, 3, points);
  expect(mean).toBeAllClose(whole.mean, { atol: 1e-12 });
  expect(covariance).toBeAllClose(whole.covariance, { rtol: 1e-9, atol: 1e-9 });
  expect(mass[0]).toBe(1);
});

test.each([
  ['identical points', new Float64Array(40).fill(3), 4],
  ['more clusters than points', createKey(7).normal(6), 8],
  ['a single point', Float64Array.of(1, 2), 3],
  [
    'a constant dimension',
    createKey(8)
      .normal(100)
      .map((x, i) => (i % 2 === 0 ? x : 5)),
    3,
  ],
  ['a far outlier', Float64Array.of(...createKey(9).normal(40), 1e9, -1e9), 3],
])('no NaN: %s', (_name, points, clusters) => {
  const mixture = fitMixture(engine, 2, points, createKey(1), { clusters });
  const prior = mixturePrior(engine, mixture, points, 1);
  expect(finite(mixture.mass, mixture.mean, mixture.covariance, prior.mean, prior.scale)).toBe(true);
  expect(mixture.mass.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
});
