import { describe, expect, test } from '@jest/globals';
import { createKey } from './key.js';
import {
  interquartileMean,
  mean,
  median,
  pairedDifference,
  ratioOfMeans,
  standardError,
} from './statistics.js';

test.each([
  [[3], 3],
  [[3, 1], 2],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
  [[-10, 2, 1], 1],
  [[], NaN],
])('the median of %j is %p', (values, wanted) => {
  expect(median(values)).toBe(wanted);
  expect(median(Float64Array.from(values))).toBe(wanted);
});

test('the median leaves its list in order', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

/** Pairs whose difference is small beside what both share [repetitions]. */
function pairs(key = createKey(5), n = 40): { x: number[]; y: number[] } {
  const [shared, own] = [key.fold(0).normal(n), key.fold(1).normal(n)];
  const y = Array.from(shared, (s) => 10 + 2 * s);
  return { x: y.map((value, i) => 0.8 * value + 0.1 * own[i]!), y };
}

test('a paired difference is surer than the two means', () => {
  const { x, y } = pairs();
  const { value, standardError: uncertainty } = pairedDifference(x, y);
  expect(value).toBeCloseTo(mean(x) - mean(y), 12);
  expect(uncertainty).toBeCloseTo(standardError(x.map((v, i) => v - y[i]!)), 12);
  expect(uncertainty).toBeLessThan(0.3 * standardError(y));
});

test('the standard error of a ratio of means agrees with the jackknife', () => {
  const { x, y } = pairs();
  const { value, standardError: uncertainty } = ratioOfMeans(x, y);
  expect(value).toBeCloseTo(mean(x) / mean(y), 12);
  const without = (list: number[], i: number) => mean(list.filter((_, j) => j !== i));
  const ratios = x.map((_, i) => without(x, i) / without(y, i));
  const n = x.length;
  const jackknife = Math.sqrt(((n - 1) / n) * ratios.reduce((s, r) => s + (r - mean(ratios)) ** 2, 0));
  expect(uncertainty / jackknife).toBeCloseTo(1, 1);
});

test('a ratio of means of negative numbers has a positive standard error', () => {
  expect(ratioOfMeans([1, 2, 4], [-2, -3, -5]).standardError).toBeGreaterThan(0);
});

test.each([pairedDifference, ratioOfMeans])('%p refuses lists of different lengths', (compare) => {
  expect(() => compare([1, 2], [1])).toThrow(/have 2 and 1 values/);
});

describe('interquartile mean', () => {
  const key = createKey(9);
  const of = (values: number[]) => interquartileMean(values, key, 200).value;

  test('is the mean of the middle half, with parts of the outermost values where n is not divisible by 4', () => {
    expect(of([100, 1, 2, -50])).toBe(1.5);
    expect(of([1, 2, 3, 4, 5, 6, 7, 8])).toBe(4.5);
    expect(of([7])).toBe(7);
    // n = 5: 3 whole, and three quarters of 2 and 10.
    expect(of([0, 2, 3, 10, 99])).toBeCloseTo((0.75 * 2 + 3 + 0.75 * 10) / 2.5, 12);
    // scipy.stats.trim_mean counts whole values only: for n divisible by 4 the two agree.
    expect(of([5, 1, 9, 3, 7, 2, 8, 4, 6, 11, 15, 10])).toBe(6.5);
  });

  test('infinite values outside the middle half do not matter, inside they do', () => {
    expect(of([1, 2, 3, Infinity])).toBe(2.5);
    expect(of([1, 2, Infinity, Infinity])).toBe(Infinity);
  });

  test('its interval is a function of the key, and covers the true value about 95 times in 100', () => {
    const draw = (seed: number) => Array.from(createKey(seed).normal(24));
    expect(interquartileMean(draw(1), key)).toEqual(interquartileMean(draw(1), key));
    let covered = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { low, high } = interquartileMean(draw(seed), key.fold(seed), 300);
      if (low <= 0 && 0 <= high) covered++;
    }
    // Binomial(200, 0.95) lies within 5 standard deviations; the percentile bootstrap of 24 values covers a little less.
    expect(covered).toBeGreaterThan(172);
    expect(covered).toBeLessThan(200);
  });

  test('refuses what has no mean', () => {
    expect(() => of([])).toThrow(RangeError);
    expect(() => of([1, NaN])).toThrow(/NaN/);
  });
});
