import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyMoments, groupMoments, mergeMoments, momentsOf, poolMoments } from './moments.js';
import { randomController, randomDynamics } from './testing/random-problem.js';
import { linearGaussianSamples } from './testing/samples.js';
import { stateScales } from './units.js';

const engine = typescriptGpsEngine();

test('merging blocks in any split equals the moments of all rows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 1000 }),
      (count, cut, seed) => {
        const rows = createKey(seed)
          .normal(count * 3)
          .map((x, i) => 10 * x + 5 * (i % 3));
        const at = Math.min(cut, count) * 3;
        const merged = mergeMoments(
          momentsOf(engine, 3, rows.slice(0, at)),
          momentsOf(engine, 3, rows.slice(at)),
        );
        const whole = momentsOf(engine, 3, rows);
        expect(merged.count).toBe(count);
        expect(merged.mean).toBeAllClose(whole.mean, { rtol: 1e-12, atol: 1e-12 });
        expect(merged.covariance).toBeAllClose(whole.covariance, { rtol: 1e-10, atol: 1e-10 });
      },
    ),
  );
});

test('a large offset costs no digits', () => {
  const rows = createKey(1).normal(3000);
  const covariance = (offset: number) =>
    momentsOf(
      engine,
      3,
      rows.map((x) => x + offset),
    ).covariance;
  expect(covariance(1e8)).toBeAllClose(covariance(0), { rtol: 1e-6, atol: 1e-8 });
});

test('group moments line up states, actions, next states and signals', () => {
  const size = { stateSize: 2, actionSize: 1, horizon: 3 };
  const samples = linearGaussianSamples(
    randomDynamics(createKey(1), size),
    randomController(createKey(2), size),
    5000,
    createKey(3),
  );
  const signals = (t: number) =>
    Float64Array.from({ length: 5000 }, (_, r) => samples.states(t)[r * 2]! * (t + 1));
  const moments = groupMoments(engine, { ...samples, signals, signalCount: 1 }, size);
  expect(moments.steps.length).toBe(3);
  const column = (values: Float64Array, width: number, i: number) =>
    Array.from({ length: 5000 }, (_, r) => values[r * width + i]!);
  moments.steps.forEach((step, t) => {
    const columns = [
      column(samples.states(t), 2, 0),
      column(samples.states(t), 2, 1),
      column(samples.actions(t), 1, 0),
      column(samples.states(t + 1), 2, 0),
      column(samples.states(t + 1), 2, 1),
      column(signals(t), 1, 0),
    ];
    const means = columns.map((x) => x.reduce((a, b) => a + b) / 5000);
    expect(step.size).toBe(6);
    expect(step.mean).toBeAllClose(means, { rtol: 1e-10, atol: 1e-12 });
    const wanted = columns.flatMap((x, i) =>
      columns.map(
        (y, j) => x.reduce((sum, value, r) => sum + (value - means[i]!) * (y[r]! - means[j]!), 0) / 5000,
      ),
    );
    expect(step.covariance).toBeAllClose(wanted, { rtol: 1e-10, atol: 1e-12 });
  });
  expect(moments.terminal.size).toBe(3);
  expect(moments.terminal.covariance[2]).toBeCloseTo(4 * moments.terminal.covariance[0]!, 8);
});

test('temporal pooling has triangular weights and keeps the means', () => {
  const step = (value: number) => ({
    count: 10,
    size: 1,
    mean: Float64Array.of(value),
    covariance: Float64Array.of(value),
  });
  const pooled = poolMoments([step(1), step(2), step(4), step(8)], 3);
  expect(pooled.map(({ mean }) => mean[0])).toEqual([1, 2, 4, 8]);
  expect(pooled.map(({ covariance }) => covariance[0])).toBeAllClose([
    (2 * 1 + 2) / 3,
    (1 + 4 + 4) / 4,
    (2 + 8 + 8) / 4,
    (4 + 16) / 3,
  ]);
  expect(pooled.map(({ count }) => count)).toBeAllClose([15, 20, 20, 15]);
  expect(() => poolMoments([step(1)], 2)).toThrow(/odd/);
});

test('scales are pooled standard deviations, and 1 where nothing varies', () => {
  const covariance = Float64Array.of(4, 0, 0, 0);
  const step = (x: number) => ({ count: 2, size: 2, mean: Float64Array.of(x, 3), covariance });
  const scales = stateScales({
    stateSize: 2,
    actionSize: 0,
    signalCount: 0,
    steps: [step(0), step(6)],
    terminal: emptyMoments(2),
  });
  expect(scales).toBeAllClose([Math.sqrt(4 + 9), 1]);
});
