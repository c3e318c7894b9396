import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { axisFraction, linearAxis, logAxis } from './axis.js';

const labels = (axis: { ticks: readonly { label: string }[] }): string[] =>
  axis.ticks.map(({ label }) => label).filter(Boolean);

test('linear ticks are round and share their decimals', () => {
  expect(labels(linearAxis(0, 100, 5))).toEqual(['0', '20', '40', '60', '80', '100']);
  expect(labels(linearAxis(0, 2.5, 5))).toEqual(['0', '0.5', '1.0', '1.5', '2.0', '2.5']);
  expect(labels(linearAxis(-0.3, 0.3, 3))).toEqual(['−0.2', '0', '0.2']);
  expect(labels(linearAxis(0, 4e6, 2))).toEqual(['0', '2.0×10⁶', '4.0×10⁶']);
});

test('a log axis over decades is labelled at powers of ten with minor ticks between', () => {
  const axis = logAxis(0.01, 10, 6);
  expect(labels(axis)).toEqual(['0.01', '0.1', '1', '10']);
  expect(axis.ticks).toHaveLength(1 + 3 * 9);
});

test('over many decades labels skip and minor ticks go', () => {
  const axis = logAxis(1e-12, 1, 4);
  expect(labels(axis)).toEqual(['10⁻¹²', '10⁻⁹', '10⁻⁶', '10⁻³', '10⁰']);
  expect(axis.ticks).toHaveLength(5);
  expect(labels(logAxis(1e-6, 1, 3, 'exponent'))).toEqual(['1e-6', '1e-4', '1e-2', '1e0']);
});

test('over less than two decades labels fall between the powers of ten', () => {
  expect(labels(logAxis(0.25, 2.5, 4))).toEqual(['0.3', '0.5', '0.7', '1', '2']);
  expect(labels(logAxis(0.9, 11, 4))).toEqual(['1', '2', '5', '10']);
  // Where even these are too few the axis takes linear ticks.
  expect(labels(logAxis(1, 1.1, 4)).length).toBeGreaterThanOrEqual(3);
});

test('equal ends are widened', () => {
  for (const axis of [linearAxis(5, 5, 4), linearAxis(0, 0, 4), logAxis(5, 5, 4)]) {
    expect(axis.low).toBeLessThan(axis.high);
    expect(labels(axis).length).toBeGreaterThan(0);
  }
});

test('ticks of any axis lie inside it, increase, and say their value', () => {
  const magnitude = fc.double({ min: -8, max: 8, noNaN: true });
  fc.assert(
    fc.property(
      magnitude,
      fc.double({ min: 0.01, max: 12, noNaN: true }),
      fc.integer({ min: 2, max: 10 }),
      fc.boolean(),
      (e, span, count, log) => {
        const [low, high] = [10 ** e, 10 ** (e + span)];
        const axis = (log ? logAxis : linearAxis)(low, high, count, 'exponent');
        axis.ticks.forEach(({ value, label }, i) => {
          expect(axisFraction(axis, value)).toBeGreaterThan(-1e-6);
          expect(axisFraction(axis, value)).toBeLessThan(1 + 1e-6);
          if (i > 0) expect(value).toBeGreaterThan(axis.ticks[i - 1]?.value as number);
          if (label !== '' && value !== 0) expect(Math.abs(Number(label) / value - 1)).toBeLessThan(0.051);
        });
        expect(labels(axis).length).toBeGreaterThanOrEqual(1);
        expect(labels(axis).length).toBeLessThanOrEqual(2 * count + 9);
      },
    ),
  );
});

test('fractions are 0 and 1 at the ends, logarithmic between them', () => {
  const axis = logAxis(0.01, 100, 4);
  expect([0.01, 1, 100, 1e4].map((value) => axisFraction(axis, value))).toBeAllClose([0, 0.5, 1, 1.5]);
  expect([0, -1].map((value) => axisFraction(axis, value))).toEqual([-Infinity, -Infinity]);
  expect(axisFraction(linearAxis(-1, 3, 4), 0)).toBeCloseTo(0.25, 12);
});

test('axes over any finite doubles end, with a few ticks inside them that say their value', () => {
  const end = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(end, end, fc.integer({ min: 2, max: 50 }), fc.boolean(), (a, b, count, log) => {
      const ends = log ? [Math.abs(a) || 5e-324, Math.abs(b) || 5e-324] : [a, b];
      const [low, high] = [Math.min(...ends), Math.max(...ends)];
      const axis = (log ? logAxis : linearAxis)(low, high, count, 'exponent');
      expect(axis.low).toBeLessThan(axis.high);
      expect([axis.low, axis.high].every(Number.isFinite)).toBe(true);
      expect([low, high].every((value) => value >= axis.low && value <= axis.high)).toBe(true);
      expect(axis.ticks.length).toBeLessThanOrEqual(10 * count + 60);
      expect(labels(axis).length).toBeGreaterThanOrEqual(1);
      axis.ticks.forEach(({ value, label }, i) => {
        expect(value >= axis.low && value <= axis.high).toBe(true);
        if (i > 0) expect(value).toBeGreaterThan(axis.ticks[i - 1]?.value as number);
        if (label !== '') expect(Number(label)).toBe(value);
      });
      expect([axis.low, axis.high].map((value) => axisFraction(axis, value))).toEqual([0, 1]);
    }),
    { numRuns: 300 },
  );
});
