import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { configDifference } from './config-difference.js';

test('every place is named, with both values', () => {
  const stored = { seed: 1, optimizer: { name: 'lstm', rate: 0.1 }, sizes: [20, 10], old: true };
  const given = {
    sizes: [20, 12, 5],
    optimizer: { rate: 0.2, name: 'lstm' },
    seed: 1,
    curriculum: { start: 10 },
  };
  expect(configDifference(stored, given)).toEqual([
    'optimizer.rate: 0.1 there, 0.2 now',
    'sizes[1]: 10 there, 12 now',
    'sizes[2]: absent there, 5 now',
    'old: true there, absent now',
    'curriculum: absent there, {"start":10} now',
  ]);
  expect(configDifference([1], { 0: 1 })).toEqual(['(everything): [1] there, {"0":1} now']);
});

test('a value does not differ from its copy, whatever the order of its keys', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, entry]) => [key, reversed(entry)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => expect(configDifference(value, reversed(value))).toEqual([])),
  );
});

test('different values differ', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b));
      let same = true;
      try {
        expect(a).toEqual(b);
      } catch {
        same = false;
      }
      expect(configDifference(a, b).length === 0).toBe(same);
    }),
  );
});
