import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UserError } from '@metadescent/core';
import {
  axisAllows,
  axisPosition,
  axisValue,
  parseAxes,
  searchAxisSchema,
  type ParsedAxis,
} from './search-axis.js';

const rate = searchAxisSchema.parse({
  name: 'learningRate',
  from: 1e-3,
  to: 10,
  ratio: 10,
  minimum: 1e-8,
  maximum: 1e4,
});
const mu = searchAxisSchema.parse({
  name: 'momentum',
  scale: 'complement',
  from: 0,
  to: 0.99,
  ratio: Math.sqrt(10),
  minimum: 0,
  maximum: 0.999,
});

test('a log axis is spaced geometrically from its first value', () => {
  expect([-1, 0, 0.5, 1, 4].map((k) => axisValue(rate, k))).toEqual([1e-4, 1e-3, 0.00316228, 0.01, 10]);
});

test('a complement axis approaches one geometrically', () => {
  expect([0, 1, 2, 3, 4, 6].map((k) => axisValue(mu, k))).toEqual([0, 0.683772, 0.9, 0.9683772, 0.99, 0.999]);
});

test('positions and values are inverse to each other', () => {
  const axes: ParsedAxis[] = [rate, mu];
  fc.assert(
    fc.property(fc.constantFrom(...axes), fc.double({ min: 0, max: 4, noNaN: true }), (axis, position) => {
      expect(axisPosition(axis, axisValue(axis, position))).toBeCloseTo(position, 3);
    }),
  );
});

describe('bounds', () => {
  test('are inside, whatever the rounding of logarithms', () => {
    expect([-5, 7].map((k) => axisAllows(rate, k))).toEqual([true, true]);
    expect([-5.01, 7.01].map((k) => axisAllows(rate, k))).toEqual([false, false]);
    expect([0, 6].map((k) => axisAllows(mu, k))).toEqual([true, true]);
    expect([-0.01, 6.01].map((k) => axisAllows(mu, k))).toEqual([false, false]);
  });

  test('are never passed by a value', () => {
    expect(axisValue(mu, -1e-7)).toBe(0);
    expect(axisValue(rate, 7 + 1e-7)).toBe(1e4);
  });
});

describe('malformed axes are refused', () => {
  test.each([
    ['from above to', { from: 2, to: 1 }, /order must be/],
    ['a bound inside the grid', { maximum: 0.5 }, /order must be/],
    ['a log scale through zero', { minimum: 0 }, /log scale needs minimum > 0/],
    [
      'a complement scale up to one',
      { scale: 'complement' as const, to: 0.9, maximum: 1 },
      /complement scale needs maximum < 1/,
    ],
    ['a ratio that does not grow', { ratio: 1 }, /ratio/],
  ])('%s', (_, changes, message) => {
    const axis = { name: 'a', from: 0.1, to: 1, minimum: 0.01, maximum: 10, ...changes };
    expect(() => parseAxes('caller', [axis])).toThrow(UserError);
    expect(() => parseAxes('caller', [axis])).toThrow(message);
  });

  test('no axis, or two of one name', () => {
    expect(() => parseAxes('caller', [])).toThrow(/caller/);
    expect(() => parseAxes('caller', [rate, rate])).toThrow(/different names/);
  });
});
