import { createKey } from '@metadescent/core';
import { typescriptEngine, wasmEngine } from '@metadescent/kernels';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { checkPolicy } from '../policy-conformance.js';
import type { Policy, PolicyTargets } from '../policy.js';
import { adamStep, createAdam } from './adam.js';
import { linearPolicy } from './linear-policy.js';
import { mlpPolicy } from './mlp-policy.js';
import { recurrentPolicy } from './recurrent-policy.js';
import { tablePolicy } from './table-policy.js';
import { scheduledRate, splitTrajectories } from './network-options.js';
import { measureWhitening, whiten } from './whitening.js';

const engine = typescriptGpsEngine();
const linearTarget = (o: Float64Array, _t: number, u: number) => o[0]! - 0.5 * o[1]! + u;

describe('every policy keeps its promises', () => {
  test('table', () => checkPolicy(tablePolicy(), {}, (_o, t, u) => t - u));
  test('constant', () => checkPolicy(tablePolicy({ stationary: true })));
  test('linear', () => checkPolicy(linearPolicy(), {}, linearTarget));
  test('shared linear', () => checkPolicy(linearPolicy({ shared: true }), {}, linearTarget));
  test('MLP', () => checkPolicy(mlpPolicy(engine, { hidden: [8], cloneSteps: 60 }), {}, linearTarget));
  test('shared MLP', () =>
    checkPolicy(mlpPolicy(engine, { hidden: [8], cloneSteps: 60, shared: true }), {}, linearTarget));
  test('LSTM', () =>
    checkPolicy(recurrentPolicy(typescriptEngine(), { hidden: 6, cloneSteps: 40 }), {}, linearTarget));
  test('shared LSTM, WebAssembly, two layers', () =>
    checkPolicy(
      recurrentPolicy(wasmEngine(), { hidden: 6, layers: 2, cloneSteps: 40, shared: true }),
      {},
      linearTarget,
    ));
  test('one action, one group', () =>
    checkPolicy(linearPolicy(), { actionSize: 1, groups: 1, horizon: 1 }, linearTarget));
});

test('the conformance check finds a policy that lies', async () => {
  const honest = tablePolicy();
  const liar: Policy<ReturnType<typeof honest.init>> = {
    ...honest,
    start: () => (_t, _o, means) => means.fill(7),
  };
  await expect(checkPolicy(liar)).rejects.toThrow(/step by step/);
});

function data(
  precision: (t: number) => number[],
  U: number,
  targets: (t: number, r: number, u: number) => number,
  rows = 40,
  T = 3,
): PolicyTargets {
  const observations = Array.from({ length: T }, (_, t) =>
    createKey(1)
      .fold(t)
      .normal(rows * 2),
  );
  return {
    rows,
    rowsPerTrajectory: 1,
    observations: (t) => observations[t]!,
    targets: Float64Array.from({ length: T * rows * U }, (_, i) =>
      targets(Math.floor(i / (rows * U)), Math.floor(i / U) % rows, i % U),
    ),
    precision: Float64Array.from(Array.from({ length: T }, (_, t) => precision(t)).flat()),
  };
}

describe('weights count', () => {
  const context = { observationSize: 2, actionSize: 1, horizon: 3, groups: 1 };
  test('a constant is the weighted mean of its targets', async () => {
    const policy = tablePolicy({ stationary: true });
    const { state } = await policy.fit(
      policy.init(context, createKey(1)),
      [
        data(
          (t) => [t + 1],
          1,
          (t) => t,
        ),
      ],
      { key: createKey(1), phase: 'clone' },
    );
    // (1·0 + 2·1 + 3·2) / 6
    expect(state.table[0]).toBeCloseTo(8 / 6, 12);
  });
  test('coupled actions are solved together: the gradient of the weighted loss is zero', async () => {
    const policy = linearPolicy({ ridge: 0 });
    const noisy = createKey(9).normal(240);
    const set = data(
      (t) => [2 + t, 0.5 * t, 0.5 * t, 1],
      2,
      (t, r, u) => noisy[(t * 40 + r) * 2 + u]!,
    );
    const { state } = await policy.fit(policy.init({ ...context, actionSize: 2 }, createKey(1)), [set], {
      key: createKey(1),
      phase: 'clone',
    });
    const means = policy.means(state, 0, set);
    for (let u = 0; u < 2; u++) {
      for (let i = 0; i < 3; i++) {
        let gradient = 0;
        for (let t = 0; t < 3; t++) {
          for (let r = 0; r < 40; r++) {
            const x = i < 2 ? set.observations(t)[r * 2 + i]! : 1;
            for (let w = 0; w < 2; w++)
              gradient +=
                x *
                set.precision[(t * 2 + u) * 2 + w]! *
                (means[(t * 40 + r) * 2 + w]! - set.targets[(t * 40 + r) * 2 + w]!);
          }
        }
        expect(Math.abs(gradient)).toBeLessThan(1e-9);
      }
    }
  });
});

test('an LSTM remembers what a memoryless network cannot: the first observation, replayed later', async () => {
  const T = 4;
  const rows = 60;
  const first = createKey(2).normal(rows);
  const observations = Array.from({ length: T }, (_, t) => (t === 0 ? first : new Float64Array(rows)));
  const set: PolicyTargets = {
    rows,
    rowsPerTrajectory: 1,
    observations: (t) => observations[t]!,
    targets: Float64Array.from({ length: T * rows }, (_, i) => (i < (T - 1) * rows ? 0 : first[i % rows]!)),
    precision: new Float64Array(T).fill(1),
  };
  const context = { observationSize: 1, actionSize: 1, horizon: T, groups: 1 };
  const train = async <S>(policy: Policy<S>) =>
    (await policy.fit(policy.init(context, createKey(3)), [set], { key: createKey(4), phase: 'clone' }))
      .lossAfter;
  const recurrent = await train(recurrentPolicy(wasmEngine(), { hidden: 12, cloneSteps: 800, rate: 0.02 }));
  const memoryless = await train(mlpPolicy(engine, { hidden: [12], cloneSteps: 400 }));
  expect(recurrent).toBeLessThan(0.15 * memoryless);
});

test('a later fit that does not help is thrown away', async () => {
  const policy = mlpPolicy(engine, { hidden: [4], cloneSteps: 50, steps: 50 });
  const set = data(
    () => [1],
    1,
    (t, r) => Math.sin(t + r),
  );
  const first = await policy.fit(
    policy.init({ observationSize: 2, actionSize: 1, horizon: 3, groups: 1 }, createKey(1)),
    [set],
    { key: createKey(1), phase: 'clone' },
  );
  const spoiled = mlpPolicy(engine, { hidden: [4], steps: 20, rate: 50, clip: 1e9 });
  const second = await spoiled.fit(first.state, [set], { key: createKey(2), phase: 'iteration' });
  expect(second.lossAfter).toBeLessThanOrEqual(second.lossBefore);
  expect(Array.from(second.state.weights)).toEqual(Array.from(first.state.weights));
});

test('whitening: a constant column stays finite, groups are apart or pooled', () => {
  const constant: PolicyTargets = {
    ...data(
      () => [1],
      1,
      () => 0,
    ),
    observations: () => Float64Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? 5 : i)),
  };
  const whitening = measureWhitening([constant], 2, 1, 3, false);
  expect(whitening.deviation[0]).toBe(1e-3);
  expect(whiten(whitening, 0, 5)).toBeCloseTo(0, 9);
  expect(whiten(whitening, 0, 6)).toBe(10);
  expect(whitening.outputScale[0]).toBe(1);
  const other = { ...constant, observations: () => new Float64Array(80) };
  const pooled = measureWhitening([constant, other], 2, 1, 3, true);
  expect(pooled.mean[0]).toBeCloseTo(2.5, 12);
  expect(pooled.mean[2]).toBeCloseTo(2.5, 12);
  expect(measureWhitening([constant, other], 2, 1, 3, false).mean[2]).toBe(0);
});

test('Adam: the first step has the length of the rate, a gradient is clipped, a NaN is skipped', () => {
  const adam = createAdam(2);
  const weights = Float64Array.of(1, 1);
  adamStep(adam, weights, Float64Array.of(3, -4), 0.1, 1);
  expect(weights).toBeAllClose([0.9, 1.1], { atol: 1e-7 });
  expect(adam.first).toBeAllClose([0.1 * 0.6, -0.1 * 0.8]);
  adamStep(adam, weights, Float64Array.of(NaN, 0), 0.1, 1);
  expect(weights).toBeAllClose([0.9, 1.1], { atol: 1e-7 });
  expect(adam.steps).toBe(1);
});

test('training schedule and split', () => {
  expect([0, 59, 60, 90].map((i) => scheduledRate(1, i, 90))).toBeAllClose([1, 1, 1, 0.1]);
  expect(splitTrajectories(10, 0.2)).toEqual({ train: [0, 1, 2, 3, 4, 5, 6, 7], test: [8, 9] });
  expect(splitTrajectories(3, 0.2).test).toEqual([0, 1, 2]);
  expect(() => mlpPolicy(engine, { hidden: [0] })).toThrow(
    'mlpPolicy: invalid options {"hidden":[0]}; correct these:\n✖ Too small: expected number to be >0\n  → at hidden[0]',
  );
});
