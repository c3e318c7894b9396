import { describe, expect, test } from '@jest/globals';
import { createKey, mean, standardError } from '@metadescent/core';
import { runAntitheticTask, type AntitheticProblem } from './antithetic-task.js';
import {
  evolutionStrategies,
  persistentEvolutionStrategies,
  type EvolutionStrategiesOptions,
} from './evolution-strategies.js';
import { learnedRate, meanGradient, scalarQuadratic, truncatedGradient } from './testing/scalar-quadratic.js';

const problem: AntitheticProblem<Float32Array> = {
  learned: learnedRate,
  phi: Float32Array.of(0),
  family: scalarQuadratic(),
};
const point = Float32Array.of(0.1);
const [T, K] = [20, 5];

/** Estimates at a fixed φ, update after update. */
function signals(
  make: typeof evolutionStrategies,
  options: Partial<EvolutionStrategiesOptions>,
  updates: number,
  seed = 1,
): number[] {
  const estimator = make({ pairs: 8, sigma: 0.01, horizon: T, segment: K, ...options });
  let cursors = estimator.start();
  return Array.from({ length: updates }, (_, round) => {
    const context = { point, updater: undefined, round, key: createKey(seed) };
    const results = estimator.tasks(cursors, context).map((task) => runAntitheticTask(problem, task));
    const estimate = estimator.combine(results, cursors, context);
    cursors = estimate.cursors;
    return (estimate.signal as Float64Array)[0] as number;
  });
}

/** How many standard errors the mean of the estimates is away from a value. */
function distance(estimates: readonly number[], value: number): number {
  return Math.abs(mean(estimates) - value) / standardError(estimates);
}

describe('against the closed form of a scalar quadratic', () => {
  const exact = meanGradient(0.1, T);
  const shortSighted = truncatedGradient(0.1, T, K);

  test('the two gradients are far apart: seeing one segment alone loses almost half', () => {
    expect(shortSighted / exact).toBeLessThan(0.6);
  });

  test('persistent evolution strategies are unbiased on segments', () => {
    const estimates = signals(persistentEvolutionStrategies, {}, 1500).slice(T / K);
    expect(standardError(estimates)).toBeLessThan(0.05 * Math.abs(exact));
    expect(distance(estimates, exact)).toBeLessThan(4);
    expect(distance(estimates, shortSighted)).toBeGreaterThan(10);
  });

  test('evolution strategies are unbiased on whole unrolls', () => {
    const estimates = signals(evolutionStrategies, { segment: T }, 400);
    expect(standardError(estimates)).toBeLessThan(0.05 * Math.abs(exact));
    expect(distance(estimates, exact)).toBeLessThan(4);
  });

  test('evolution strategies on segments are as short-sighted as truncated backpropagation', () => {
    const estimates = signals(evolutionStrategies, {}, 400).slice(T / K);
    expect(distance(estimates, shortSighted)).toBeLessThan(4);
    expect(distance(estimates, exact)).toBeGreaterThan(10);
  });

  test('a horizon that is no multiple of the segment is unbiased too', () => {
    const options = { horizon: 12, segment: 5 };
    // Twelve steps in three segments: an update sees 12/15 of the mean on average.
    const estimates = signals(persistentEvolutionStrategies, options, 1500).slice(3);
    expect(distance(estimates, meanGradient(0.1, 12) * (12 / 15))).toBeLessThan(4);
  });
});

test('particles are staggered over the horizon, reach it and start again', () => {
  const estimator = persistentEvolutionStrategies({ pairs: 4, sigma: 0.01, horizon: T, segment: K });
  let cursors = estimator.start();
  expect(cursors.map(({ horizon }) => horizon)).toEqual([5, 10, 15, 20]);
  for (let round = 0; round < 6; round++) {
    const context = { point, updater: undefined, round, key: createKey(3) };
    cursors = estimator.combine(
      estimator.tasks(cursors, context).map((t) => runAntitheticTask(problem, t)),
      cursors,
      context,
    ).cursors;
    expect(cursors.map(({ steps }) => steps)).toEqual(
      [0, 1, 2, 3].map((i) => (round < i ? 5 * (round + 1) : 5 * ((round - i) % 4))),
    );
  }
  expect(cursors.every(({ steps, accumulated }) => (steps === 0) === (accumulated === undefined))).toBe(true);
});

test('both of a pair meet the same optimizee, start and mini-batches', () => {
  const seen: string[][] = [[], []];
  let half = 0;
  const family = {
    ...problem.family,
    sample: (key: { words: readonly number[] }) => {
      const optimizee = problem.family.sample(createKey(0));
      const of = seen[half++ % 2] as string[];
      of.push(`optimizee ${key.words}`);
      return {
        ...optimizee,
        minibatch: (from: { words: readonly number[] }, step: number) => (
          of.push(`${from.words} ${step}`),
          optimizee.minibatch(createKey(0), step)
        ),
      };
    },
  };
  const estimator = evolutionStrategies({ pairs: 2, sigma: 0.1, horizon: 4, segment: 2 });
  const context = { point, updater: undefined, round: 0, key: createKey(9) };
  for (const task of estimator.tasks(estimator.start(), context))
    runAntitheticTask({ ...problem, family: family as typeof problem.family }, task);
  expect(seen[0]).toEqual(seen[1]);
  expect(new Set(seen[0]?.filter((line) => line.startsWith('optimizee'))).size).toBe(2);
});

test('a pair of which one half is not finite is counted, left out, and starts again', () => {
  const estimator = persistentEvolutionStrategies({
    pairs: 3,
    sigma: 0.01,
    horizon: T,
    segment: K,
    staggered: false,
  });
  const context = { point, updater: undefined, round: 0, key: createKey(1) };
  const cursors = estimator.start();
  const results = estimator.tasks(cursors, context).map((task) => runAntitheticTask(problem, task));
  const broken = [
    results[0] as (typeof results)[0],
    { plus: NaN, minus: 1 },
    results[2] as (typeof results)[0],
  ];
  const estimate = estimator.combine(broken, cursors, context);
  expect(estimate.failed).toBe(1);
  expect(estimate.cursors.map(({ unroll, steps }) => [unroll, steps])).toEqual([
    [0, 5],
    [1, 0],
    [0, 5],
  ]);
  expect(Number.isFinite(estimate.signal?.[0])).toBe(true);
  expect(
    estimator.combine(
      broken.map(() => ({ plus: NaN, minus: NaN })),
      cursors,
      context,
    ).signal,
  ).toBeUndefined();
});
