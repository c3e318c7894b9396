import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { placeLabels } from './label-placement.js';

test('labels that have room stay where they belong', () => {
  expect(placeLabels([10, 30, 50], 12, 0, 100)).toEqual([10, 30, 50]);
});

test('two that overlap part evenly, and push a neighbour only if they reach it', () => {
  expect(placeLabels([10, 11, 50], 12, 0, 100)).toEqual([4.5, 16.5, 50]);
  expect(placeLabels([50, 50, 50], 12, 0, 100)).toEqual([38, 50, 62]);
});

test('the ends of the line hold', () => {
  expect(placeLabels([0, 0, 0], 10, 0, 100)).toEqual([0, 10, 20]);
  expect(placeLabels([100, 100], 10, 0, 100)).toEqual([90, 100]);
  expect(placeLabels([], 10, 0, 100)).toEqual([]);
});

/** The least Σ (x_i − wanted_i)² over whole numbers x_i in [0, high] at least `gap` apart, by dynamic programming. */
function leastCost(wanted: readonly number[], gap: number, high: number): number {
  let best = new Array<number>(high + 1).fill(0);
  wanted.forEach((target, i) => {
    const next = new Array<number>(high + 1).fill(Infinity);
    let before = i === 0 ? 0 : Infinity;
    for (let x = 0; x <= high; x++) {
      if (i > 0 && x >= gap) before = Math.min(before, best[x - gap] as number);
      next[x] = before + (x - target) ** 2;
    }
    best = next;
  });
  return Math.min(...best);
}

test('any labels that fit are in order, apart, inside, and no placement on whole numbers is nearer', () => {
  const positions = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(positions, (unsorted) => {
      const wanted = [...unsorted].sort((a, b) => a - b);
      const placed = placeLabels(wanted, 15, 0, 200);
      placed.forEach((x, i) => {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(200 + 1e-9);
        if (i > 0) expect(x - (placed[i - 1] as number)).toBeGreaterThanOrEqual(15 - 1e-9);
      });
      const cost = placed.reduce((sum, x, i) => sum + (x - (wanted[i] as number)) ** 2, 0);
      expect(cost).toBeLessThanOrEqual(leastCost(wanted, 15, 200) + 1e-6);
    }),
  );
});
