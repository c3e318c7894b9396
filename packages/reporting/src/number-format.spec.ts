import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, formatEstimate, formatNumber } from './number-format.js';

test('three significant digits, plain from 0.001 to 99949', () => {
  const inputs = [0.041283, 1.5, 12.345, 123.45, 1234.5, 99_949, 0.001, 0.0009994, 1e5, -2, 0];
  expect(inputs.map((x) => formatNumber(x))).toEqual([
    '0.0413',
    '1.50',
    '12.3',
    '123',
    '1235',
    '99949',
    '0.00100',
    '9.99×10⁻⁴',
    '1.00×10⁵',
    '−2.00',
    '0.00',
  ]);
});

test('rounding carries into the exponent', () => {
  expect(formatNumber(0.9999)).toBe('1.00');
  expect(formatNumber(0.00099999)).toBe('0.00100');
  expect(formatNumber(9.9999e-6)).toBe('1.00×10⁻⁵');
});

test('the ends of the range of doubles have digits too', () => {
  expect([5e-324, 1.7976931348623157e308].map((x) => formatNumber(x, 3, 'exponent'))).toEqual([
    '4.94e-324',
    '1.80e308',
  ]);
});

test('non-finite numbers have names in both notations', () => {
  expect([NaN, Infinity, -Infinity].map((x) => formatNumber(x))).toEqual(['–', '∞', '−∞']);
  expect([NaN, Infinity, -Infinity].map((x) => formatNumber(x, 3, 'exponent'))).toEqual(['-', 'inf', '-inf']);
});

test('exponent notation reads back to within half a unit of the third digit', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), fc.boolean(), (magnitude, negative) => {
      const value = negative ? -magnitude : magnitude;
      expect(Math.abs(Number(formatNumber(value, 3, 'exponent')) / value - 1)).toBeLessThanOrEqual(0.00501);
    }),
  );
});

test('the error has the decimals of its value, or one digit where they would show zero', () => {
  expect(formatEstimate(0.041283, 0.00214)).toBe('0.0413 ± 0.0021');
  expect(formatEstimate(1.23, 0.0004)).toBe('1.23 ± 4×10⁻⁴');
  expect(formatEstimate(1.23, 0)).toBe('1.23 ± 0.00');
  expect(formatEstimate(0.0000123, 0.0000004)).toBe('(1.23 ± 0.04)×10⁻⁵');
  expect(formatEstimate(0.0000123, 0.0000004, 'exponent')).toBe('(1.23 +- 0.04)e-5');
});

test('without an error the value stands alone, and an infinite error is said', () => {
  expect(formatEstimate(0.5, Infinity)).toBe('0.500 ± ∞');
  expect([
    formatEstimate(0.5),
    formatEstimate(0.5, NaN),
    formatEstimate(NaN, 1),
    formatEstimate(Infinity, NaN),
  ]).toEqual(['0.500', '0.500', '–', '∞']);
});

test('durations are said as people say them', () => {
  expect([0.05, 9.94, 59.6, 151, 7260].map(formatDuration)).toEqual([
    '0.050 s',
    '9.9 s',
    '1 min 0 s',
    '2 min 31 s',
    '2 h 1 min',
  ]);
});

test('an estimate at the ends of the range of doubles keeps both numbers', () => {
  expect(formatEstimate(5e-324, 5e-324)).toBe('(4.94 ± 4.94)×10⁻³²⁴');
  expect(formatEstimate(1e-320, 5e-322)).toBe('(1.00 ± 0.05)×10⁻³²⁰');
  expect(formatEstimate(1e300, 5e-324)).toBe('1.00×10³⁰⁰ ± 5×10⁻³²⁴');
  expect(formatEstimate(1e-5, 1e300)).toBe('1.00×10⁻⁵ ± 1×10³⁰⁰');
  expect(formatEstimate(2, 1e300)).toBe('2.00 ± 1.00×10³⁰⁰');
  expect(formatEstimate(-0, 0)).toBe('0.00 ± 0.00');
});

test('durations beyond days and before zero are durations too', () => {
  expect([-100, 1e300, Infinity, NaN].map(formatDuration)).toEqual(['−1 min 40 s', '2.78×10²⁹⁶ h', '∞', '–']);
});

test('digits that no double has are refused by name', () => {
  for (const digits of [0, 1.5, 18, NaN]) {
    expect(() => formatNumber(1, digits)).toThrow(
      `formatNumber: digits must be a whole number from 1 to 17, but got ${digits}`,
    );
  }
});
