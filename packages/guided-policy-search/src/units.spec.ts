import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { actionScales, fitDynamics } from './fit-dynamics.js';
import { groupMoments } from './moments.js';
import { runGroupTask } from './tasks.js';
import { randomParts } from './testing/random-problem.js';
import { linearGaussianSamples } from './testing/samples.js';
import { improveController } from './trust-region.js';
import {
  invertScales,
  standardiseController,
  standardiseCost,
  standardiseDynamics,
  standardiseMoments,
  stateScales,
} from './units.js';

const engine = typescriptGpsEngine();
const size = { stateSize: 4, actionSize: 2, horizon: 5 };
const { dynamics, cost, previous, model, nu, lambda } = randomParts('units', size);
const scales = Float64Array.of(0.01, 3, 200, 1);
const close = { rtol: 1e-8, atol: 1e-10 };

test('every re-expression is undone by the inverse scales', () => {
  const inverse = invertScales(scales);
  const there = standardiseDynamics(dynamics, scales);
  for (const part of ['A', 'B', 'c', 'F', 'initialMean', 'initialCovariance'] as const)
    expect(standardiseDynamics(there, inverse)[part]).toBeAllClose(dynamics[part], { rtol: 1e-12 });
  expect(standardiseController(standardiseController(previous, scales), inverse).K).toBeAllClose(previous.K, {
    rtol: 1e-12,
  });
  expect(standardiseCost(standardiseCost(cost, scales), inverse).d).toBeAllClose(cost.d, { rtol: 1e-12 });
});

test('the update does not depend on the units: K, KL and costs are the same', () => {
  const raw = improveController(
    engine,
    { dynamics, cost, previous, policy: { model, nu }, lambda },
    { epsilon: 0.5 },
  );
  const task = runGroupTask(engine, {
    kind: 'solve',
    problem: { dynamics, cost, previous, policy: { model, nu }, lambda },
    scales,
    options: { epsilon: 0.5 },
  });
  if (task.kind !== 'solve') throw new Error('wrong task');
  expect(task.result.controller.K).toBeAllClose(raw.controller.K, close);
  expect(task.result.controller.k).toBeAllClose(raw.controller.k, close);
  expect(task.result.controller.G).toBeAllClose(raw.controller.G, close);
  expect(task.result.kl).toBeAllClose(raw.kl, close);
  expect(task.result.cost).toBeAllClose(raw.cost, close);
  expect(task.result.mean).toBeAllClose(raw.mean, close);
});

test('the fit does not depend on the units', () => {
  const samples = linearGaussianSamples(dynamics, previous, 30, createKey(1));
  const fit = (factor: Float64Array) => {
    const scaled = { ...samples, states: (t: number) => samples.states(t).map((x, i) => x / factor[i % 4]!) };
    const moments = groupMoments(engine, scaled, size);
    const options = { ridge: 0.1, actionRidge: 0.1, window: 3, noiseFloor: 1e-3, initialVarianceFloor: 1e-3 };
    return fitDynamics(engine, moments, stateScales(moments), actionScales(moments), options);
  };
  const raw = fit(new Float64Array(4).fill(1));
  const there = standardiseDynamics(fit(scales), invertScales(scales));
  for (const part of ['A', 'B', 'c', 'F', 'initialCovariance'] as const)
    expect(there[part]).toBeAllClose(raw[part], { rtol: 1e-7, atol: 1e-9 });
});

test('standardised moments have unit pooled variance', () => {
  const moments = groupMoments(engine, linearGaussianSamples(dynamics, previous, 50, createKey(2)), size);
  const again = stateScales(standardiseMoments(moments, stateScales(moments)));
  expect(again).toBeAllClose([1, 1, 1, 1], { rtol: 1e-12 });
});

test('permuting coordinates changes no model', () => {
  const samples = linearGaussianSamples(dynamics, previous, 64, createKey(3));
  const order = createKey(4).permutation(64);
  const permute = (values: Float64Array, width: number) =>
    Float64Array.from(values, (_, i) => values[order[Math.floor(i / width)]! * width + (i % width)]!);
  const shuffled = {
    ...samples,
    states: (t: number) => permute(samples.states(t), 4),
    actions: (t: number) => permute(samples.actions(t), 2),
  };
  const solve = (group: typeof samples) => {
    const moments = groupMoments(engine, group, size);
    const sigma = stateScales(moments);
    const fit = runGroupTask(engine, {
      kind: 'fit',
      moments,
      scales: sigma,
      options: { ridge: 1e-3, actionRidge: 1e-3, window: 1, noiseFloor: 1e-10, initialVarianceFloor: 1e-6 },
    });
    if (fit.kind !== 'fit') throw new Error('wrong task');
    return improveController(engine, { dynamics: fit.dynamics, cost, previous }, { epsilon: 0.5 }).controller;
  };
  const [a, b] = [solve(samples), solve(shuffled)];
  for (const part of ['K', 'k', 'G'] as const)
    expect(b[part]).toBeAllClose(a[part], { rtol: 1e-8, atol: 1e-10 });
});
