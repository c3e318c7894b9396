import { createKey } from '@metadescent/core';
import { expect, test } from '@jest/globals';
import { cmaCandidates, cmaUpdate, initialCmaState, type CmaState } from './cma-es.js';

/** Runs the search on f, whose values go through `see` before the search sees them. */
function minimise(
  f: (x: Float64Array) => number,
  d: number,
  generations: number,
  see = (value: number) => value,
): CmaState {
  let state = initialCmaState(d);
  for (let g = 0; g < generations; g++) {
    const candidates = cmaCandidates(state, 10, createKey(3).fold(g));
    state = cmaUpdate(
      state,
      candidates,
      candidates.map((x) => see(f(x))),
    );
  }
  return state;
}

/** A rotated ellipsoid of condition 10⁴ around `centre`. */
const centre = [0.5, -1, 2, 0.3];
function ellipsoid(x: Float64Array): number {
  const [a, b, c, d] = centre.map((at, i) => x[i]! - at) as [number, number, number, number];
  return (a + b) ** 2 + 10 * (a - b) ** 2 + 100 * (c + d) ** 2 + 10_000 * (c - d) ** 2;
}

test('finds the minimum of an ill-conditioned, rotated ellipsoid', () => {
  const { mean, generation } = minimise(ellipsoid, 4, 200);
  expect(generation).toBe(200);
  expect(mean).toBeAllClose(centre, { rtol: 0, atol: 1e-6 });
});

test('its covariance becomes the inverse Hessian, up to a factor', () => {
  const { covariance } = minimise(ellipsoid, 4, 150);
  // Along (c + d) and (c − d) the curvatures are 100 and 10,000: variances in the ratio 100.
  const along = (s: number) => (covariance[10]! + 2 * s * covariance[11]! + covariance[15]!) / 2;
  expect(along(1) / along(-1)).toBeGreaterThan(30);
  expect(along(1) / along(-1)).toBeLessThan(300);
});

test('only the ranking counts: a monotone transform of the scores changes no bit', () => {
  expect(minimise(ellipsoid, 4, 30, Math.log)).toEqual(minimise(ellipsoid, 4, 30));
});

test('values that are not finite are worst, and nothing becomes NaN', () => {
  const state = minimise((x) => (x[0]! > 0 ? NaN : (x[0]! + 1) ** 2 + x[1]! ** 2), 2, 80);
  expect(state.mean).toBeAllClose([-1, 0], { rtol: 0, atol: 1e-4 });
});

test('in one dimension, too', () => {
  expect(minimise((x) => (x[0]! - 3) ** 2, 1, 80).mean).toBeAllClose([3], { rtol: 0, atol: 1e-6 });
});

test.each([NaN, Infinity, 0.5])(
  'generations in which every score is %d leave the distribution where it is',
  (score) => {
    const found = minimise(ellipsoid, 4, 60);
    let state = found;
    for (let g = 60; g < 160; g++) {
      const candidates = cmaCandidates(state, 10, createKey(3).fold(g));
      state = cmaUpdate(
        state,
        candidates,
        candidates.map(() => score),
      );
    }
    expect(state).toEqual({ ...found, generation: 160 });
  },
);

test('candidates that tie share their weights: their order in the list changes nothing', () => {
  const state = minimise(ellipsoid, 4, 5);
  const candidates = cmaCandidates(state, 10, createKey(4));
  const scores = [3, 1, 2, Infinity, NaN, Infinity, 2, Infinity, NaN, Infinity];
  const mirrored = cmaUpdate(state, [...candidates].reverse(), [...scores].reverse());
  const straight = cmaUpdate(state, candidates, scores);
  expect(mirrored.mean).toBeAllClose(straight.mean, { rtol: 1e-12, atol: 1e-12 });
  expect(mirrored.covariance).toBeAllClose(straight.covariance, { rtol: 1e-12, atol: 1e-12 });
  expect(mirrored.sigma).toBeCloseTo(straight.sigma, 12);
});
