import { expect } from '@jest/globals';

/**
 * `expect(actual).toBeAllClose(expected, { rtol, atol })`: every entry satisfies |a − e| ≤ atol + rtol·|e|,
 * lengths equal. Works across vm realms, where `toEqual` on typed arrays compares constructors.
 */
expect.extend({
  toBeAllClose(actual, expected, { rtol = 1e-5, atol = 1e-8 } = {}) {
    for (const value of [actual, expected]) {
      if (typeof value?.length !== 'number')
        throw new TypeError(
          `toBeAllClose compares lists of numbers, but got ${String(value)}; put single numbers into lists`,
        );
    }
    const a = Array.from(actual);
    const e = Array.from(expected);
    if (a.length !== e.length)
      return { pass: false, message: () => `lengths differ: ${a.length} against ${e.length}` };
    let worst = -1;
    let excess = 0;
    for (let i = 0; i < a.length; i++) {
      const over = Math.abs(a[i] - e[i]) - (atol + rtol * Math.abs(e[i]));
      if (a[i] === e[i]) continue;
      if (!(over <= 0) && !(over <= excess)) {
        worst = i;
        excess = Number.isNaN(over) ? Infinity : over;
      }
    }
    return {
      pass: worst < 0,
      message: () =>
        worst < 0
          ? `every entry is close (rtol ${rtol}, atol ${atol})`
          : `entry ${worst}: ${a[worst]} against ${e[worst]} (rtol ${rtol}, atol ${atol})`,
    };
  },
});
