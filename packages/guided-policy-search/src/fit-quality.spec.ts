import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import type { LinearDynamics } from './dynamics.js';
import { actionScales, fitDynamics, type DynamicsStructure } from './fit-dynamics.js';
import { unexplainedShare } from './fit-quality.js';
import { groupMoments } from './moments.js';
import { randomController, randomDynamics } from './testing/random-problem.js';
import { linearGaussianSamples } from './testing/samples.js';
import { stateScales } from './units.js';

const engine = typescriptGpsEngine();
const size = { stateSize: 4, actionSize: 2, horizon: 3 };
const truth = randomDynamics(createKey(1), size);

function share(dynamics: LinearDynamics, structure?: DynamicsStructure) {
  const samples = linearGaussianSamples(dynamics, randomController(createKey(2), size), 4000, createKey(3));
  const moments = groupMoments(engine, samples, size);
  const scales = stateScales(moments);
  const options = {
    ridge: 1e-9,
    actionRidge: 1e-9,
    window: 1,
    noiseFloor: 1e-12,
    initialVarianceFloor: 1e-6,
    ...(structure && { structure }),
  };
  const fitted = fitDynamics(engine, moments, scales, actionScales(moments), options);
  return {
    moments,
    scales,
    fitted,
    shares: unexplainedShare(
      moments,
      fitted,
      scales,
      structure?.knownRows?.map(({ row }) => row),
    ),
  };
}

test('noiseless dynamics leave nothing; noise leaves its own share of the variance', () => {
  expect(share({ ...truth, F: new Float64Array(3 * 16) }).shares).toBeAllClose([0, 0, 0], { atol: 1e-6 });
  const { moments, scales, shares } = share(truth);
  moments.steps.forEach(({ size: n, covariance }, t) => {
    const own = (pick: (i: number) => number) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + pick(i) / scales[i]! ** 2, 0);
    const expected = own((i) => truth.F[(t * 4 + i) * 4 + i]!) / own((i) => covariance[(6 + i) * (n + 1)]!);
    expect(shares[t]).toBeGreaterThan(0);
    expect(shares[t]! / expected).toBeCloseTo(1, 1);
  });
});

test('a model that knows the mean alone leaves everything', () => {
  const { moments, scales, fitted } = share(truth);
  const F = fitted.F.map((_, k) => {
    const [t, i, j] = [Math.floor(k / 16), Math.floor((k % 16) / 4), k % 4];
    const { size: n, covariance } = moments.steps[t]!;
    return covariance[(6 + i) * n + 6 + j]!;
  });
  expect(unexplainedShare(moments, { ...fitted, F }, scales)).toBeAllClose([1, 1, 1], { rtol: 1e-12 });
});

test('dimensions that are imposed do not count', () => {
  const all = { ...truth, F: truth.F.map((value, k) => (k % 16 === 0 ? value : 0)) };
  expect(share(all, { knownRows: [{ row: 0, A: [] }] }).shares).toBeAllClose([0, 0, 0], { atol: 1e-6 });
});

test('where nothing varies nothing is unexplained', () => {
  const still = { size: 10, count: 5, mean: new Float64Array(10), covariance: new Float64Array(100) };
  const moments = {
    stateSize: 4,
    actionSize: 2,
    signalCount: 0,
    steps: [still, still, still],
    terminal: { ...still, size: 4 },
  };
  expect(
    Array.from(
      unexplainedShare(
        moments,
        { ...truth, F: new Float64Array(3 * 16).fill(1e-10) },
        new Float64Array(4).fill(1),
      ),
    ),
  ).toEqual([0, 0, 0]);
});
