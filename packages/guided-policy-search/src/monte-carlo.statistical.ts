import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { actionScales, fitDynamics } from './fit-dynamics.js';
import { createLqgSolver } from './lqg.js';
import { groupMoments } from './moments.js';
import { precisions, type LinearGaussian } from './linear-gaussian.js';
import { evaluateCost } from './quadratic-cost.js';
import { randomParts } from './testing/random-problem.js';
import { linearGaussianSamples } from './testing/samples.js';
import { stateScales } from './units.js';

const engine = typescriptGpsEngine();
const size = { stateSize: 4, actionSize: 2, horizon: 5 };
const { dynamics, cost, previous, model } = randomParts('monte carlo', size);
const ROLLOUTS = 100_000;
const samples = linearGaussianSamples(dynamics, model, ROLLOUTS, createKey(1));
const { cost: expected, kl, mean } = createLqgSolver(engine, { dynamics, cost, previous }).evaluate(model);

function summary(value: (row: number) => number, rows = ROLLOUTS): { mean: number; error: number } {
  let sum = 0;
  let squares = 0;
  for (let r = 0; r < rows; r++) {
    const x = value(r);
    sum += x;
    squares += x * x;
  }
  const average = sum / rows;
  return { mean: average, error: Math.sqrt((squares / rows - average ** 2) / rows) };
}

test('means, covariances and expected costs of the forward pass are those of rollouts', () => {
  for (let t = 0; t <= 5; t++) {
    const states = samples.states(t);
    for (let i = 0; i < 4; i++) {
      const { mean: average, error } = summary((r) => states[r * 4 + i]!);
      expect(Math.abs(average - mean[t * 4 + i]!)).toBeLessThan(3 * error);
    }
    const { mean: average, error } = summary((r) =>
      evaluateCost(
        cost,
        t,
        states.subarray(r * 4, r * 4 + 4),
        t < 5 ? samples.actions(t).subarray(r * 2, r * 2 + 2) : undefined,
      ),
    );
    expect(Math.abs(average - expected[t]!)).toBeLessThan(3 * error);
  }
  const kernel = engine.lqg({ ...size, costRank: 0 });
  const empty = { K: model.K, k: model.k, precision: new Float64Array(20) };
  kernel.load({
    ...dynamics,
    cost: { factor: new Float64Array(0), weight: new Float64Array(0) },
    d: new Float64Array(24),
    h: new Float64Array(6),
    previous: empty,
    entropyWeight: new Float64Array(5),
  });
  const finalCovariance = new Float64Array(16);
  kernel.forward(model, {
    cost: new Float64Array(6),
    previous: new Float64Array(5),
    policy: new Float64Array(5),
    mean: new Float64Array(24),
    finalCovariance,
  });
  const sampled = groupMoments(engine, samples, size).terminal.covariance;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < 16; i++) {
    difference += (sampled[i]! - finalCovariance[i]!) ** 2;
    norm += finalCovariance[i]! ** 2;
  }
  expect(Math.sqrt(difference / norm)).toBeLessThan(0.05);
});

test('the closed-form KL is the mean log ratio of a million draws', () => {
  const logDensity = (controller: LinearGaussian) => {
    const { precision, logDeterminant } = precisions(engine, controller);
    return (t: number, state: Float64Array, action: Float64Array) => {
      let square = 0;
      const gap = Float64Array.from({ length: 2 }, (_, u) => {
        let value = action[u]! - controller.k[t * 2 + u]!;
        for (let i = 0; i < 4; i++) value -= controller.K[(t * 2 + u) * 4 + i]! * state[i]!;
        return value;
      });
      for (let u = 0; u < 2; u++)
        for (let w = 0; w < 2; w++) square += precision[(t * 2 + u) * 2 + w]! * gap[u]! * gap[w]!;
      return -0.5 * (square + logDeterminant[t]!);
    };
  };
  const [own, other] = [logDensity(model), logDensity(previous)];
  const drawn = linearGaussianSamples({ ...dynamics }, model, 1_000_000 / 5, createKey(2));
  for (let t = 0; t < 5; t++) {
    const [states, actions] = [drawn.states(t), drawn.actions(t)];
    const { mean: average, error } = summary((r) => {
      const state = states.subarray(r * 4, r * 4 + 4);
      const action = actions.subarray(r * 2, r * 2 + 2);
      return own(t, state, action) - other(t, state, action);
    }, 200_000);
    expect(Math.abs(average - kl[t]!)).toBeLessThan(3 * error);
  }
});

test('dynamics come back from a hundred thousand noisy samples, within 2 % of their norm', () => {
  const shape = { stateSize: 6, actionSize: 2, horizon: 5 };
  const truth = randomParts('six dimensions', shape);
  const group = linearGaussianSamples(truth.dynamics, truth.model, ROLLOUTS, createKey(3));
  const moments = groupMoments(engine, group, shape);
  const fitted = fitDynamics(engine, moments, stateScales(moments), actionScales(moments), {
    ridge: 1e-9,
    actionRidge: 1e-9,
    window: 1,
    noiseFloor: 0,
    initialVarianceFloor: 0,
  });
  for (const part of ['A', 'B', 'F', 'initialMean', 'initialCovariance'] as const) {
    let difference = 0;
    let norm = 0;
    truth.dynamics[part].forEach((x, i) => {
      difference += (x - fitted[part][i]!) ** 2;
      norm += x * x;
    });
    expect(Math.sqrt(difference / norm)).toBeLessThan(0.02);
  }
});
