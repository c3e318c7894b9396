import { requireAnyLength, requireArray, requireDisjoint, requireNumber } from '../engine/array-checks.js';

/** Checks the arguments of `preprocessGradient`; returns n. */
export function checkPreprocess(gradient: Float32Array, p: number, features: Float32Array): number {
  const caller = 'preprocessGradient';
  requireNumber(caller, 'p', p);
  if (!(p >= 1e-30 && p <= 80)) {
    throw new RangeError(
      `${caller}: \`p\` must lie in [1e-30, 80], where e^p and 1/p fit single precision, but is ${p}`,
    );
  }
  const n = requireAnyLength(caller, 'gradient', gradient, 'Float32Array');
  requireArray(caller, 'features', features, 'Float32Array', 2 * n, '[2, n]');
  requireDisjoint(caller, { features }, { gradient });
  return n;
}
