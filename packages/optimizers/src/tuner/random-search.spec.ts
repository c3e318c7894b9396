import { describe, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { randomSearch } from './random-search.js';
import type { SearchAxis } from '@metadescent/core';
import type { EvaluateTrials, OptionValues } from './trial.js';
import type { Tunable } from './tune-optimizer.js';

const rate: SearchAxis = { name: 'learningRate', from: 1e-4, to: 1, minimum: 1e-8, maximum: 1e4 };
const mu: SearchAxis = {
  name: 'momentum',
  scale: 'complement',
  from: 0,
  to: 0.99,
  minimum: 0,
  maximum: 0.999,
};
const space: Tunable = { name: 'rule', searched: [rate, mu] };

const scoring =
  (score: (options: OptionValues) => number): EvaluateTrials =>
  async (trials) =>
    trials.map(({ options }) => score(options));

const distance = (options: OptionValues, eta: number, complement: number): number =>
  Math.log((options['learningRate'] as number) / eta) ** 2 +
  Math.log((1 - (options['momentum'] as number)) / complement) ** 2;

test('draws are log-uniform within the range, independent between axes', async () => {
  const { candidates } = await randomSearch(
    space,
    scoring(() => 1),
    createKey(1),
    { candidates: 4000, tasks: 1 },
  );
  const u = candidates.map(({ options }) => (Math.log10(options['learningRate'] as number) + 4) / 4);
  const v = candidates.map(({ options }) => Math.log10(1 - (options['momentum'] as number)) / -2);
  for (const draws of [u, v]) {
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThanOrEqual(1);
    // Mean ½ and variance 1/12, within five standard errors (0.29 / √4000 and 0.075 / √4000).
    const mean = draws.reduce((sum, x) => sum + x, 0) / 4000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.023);
    expect(Math.abs(draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000 - 1 / 12)).toBeLessThan(0.006);
  }
  const covariance = u.reduce((sum, x, i) => sum + (x - 0.5) * ((v[i] as number) - 0.5), 0) / 4000;
  expect(Math.abs(covariance)).toBeLessThan(0.007);
});

test('the same key gives the same search; more candidates continue it', async () => {
  const run = (count: number): Promise<OptionValues[]> =>
    randomSearch(
      space,
      scoring(() => 1),
      createKey(3),
      { candidates: count, tasks: 1 },
    ).then(({ candidates }) => candidates.map(({ options }) => options));
  const long = await run(9);
  expect(await run(9)).toEqual(long);
  expect(await run(4)).toEqual(long.slice(0, 4));
  expect(new Set(long.map((options) => JSON.stringify(options))).size).toBe(9);
});

describe('outcome', () => {
  const search = (eta: number, complement: number) =>
    randomSearch(
      space,
      scoring((options) => distance(options, eta, complement)),
      createKey(5),
      { candidates: 400, tasks: 2 },
    );

  test('interior, with the nearest draw as the best', async () => {
    const report = await search(0.01, 0.1);
    expect(report.outcome).toEqual({ kind: 'interior' });
    expect(report.best?.options['learningRate']).toBeGreaterThan(0.006);
    expect(report.best?.options['learningRate']).toBeLessThan(0.016);
    expect(report).toMatchObject({ method: 'random', tasks: 2, trials: 800, divergedTrials: 0 });
    expect(report.axes[0]).toEqual({
      name: 'learningRate',
      initial: [1e-4, 1],
      extendedBelow: [],
      extendedAbove: [],
    });
  });

  test('near-edge names every axis and side', async () => {
    const report = await search(1, 1);
    expect(report.outcome).toMatchObject({
      kind: 'near-edge',
      edges: [
        { axis: 'learningRate', side: 'upper' },
        { axis: 'momentum', side: 'lower' },
      ],
    });
  });

  test('all-diverged', async () => {
    const report = await randomSearch(
      space,
      scoring(() => NaN),
      createKey(5),
      { candidates: 3, tasks: 2 },
    );
    expect(report).toMatchObject({
      outcome: { kind: 'all-diverged' },
      best: undefined,
      divergedCandidates: 3,
      divergedTrials: 6,
    });
  });
});

test('fixed options are in every trial', async () => {
  const { candidates } = await randomSearch(
    space,
    scoring(() => 1),
    createKey(3),
    { candidates: 2, tasks: 1, fixed: { beta2: 0.99 } },
  );
  expect(candidates.map(({ options }) => options['beta2'])).toEqual([0.99, 0.99]);
});
