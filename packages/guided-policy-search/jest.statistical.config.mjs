import preset from '../../jest.preset.mjs';

/**
 * Statistical and long checks: Monte Carlo, learning curves, control problems from scratch. A few minutes;
 * run before a milestone.
 */
export default {
  ...preset,
  displayName: 'guided-policy-search statistical',
  testMatch: ['<rootDir>/src/**/*.statistical.ts'],
  testTimeout: 300_000,
};
