import type { GemmOptions } from './engine.js';
import { requireLength, requirePositiveInteger } from './array-lengths.js';

/** Checks the arrays of `preprocessGradient`; returns n. */
export function checkPreprocess(gradient: Float32Array, p: number, features: Float32Array): number {
  if (!(p > 0 && p <= 80)) {
    throw new RangeError(
      `preprocessGradient: \`p\` must lie in (0, 80], where e^p fits single precision, but is ${p}`,
    );
  }
  requireLength('preprocessGradient', 'features', features, 2 * gradient.length, '[2, n]');
  return gradient.length;
}

/** Checks the extents and arrays of `gemm`. */
export function checkGemm({ m, n, k, a, b, c }: GemmOptions): void {
  requirePositiveInteger('gemm', 'm', m);
  requirePositiveInteger('gemm', 'n', n);
  requirePositiveInteger('gemm', 'k', k);
  requireLength('gemm', 'a', a, m * k, `[m = ${m}, k = ${k}], in either order,`);
  requireLength('gemm', 'b', b, k * n, `[k = ${k}, n = ${n}], in either order,`);
  requireLength('gemm', 'c', c, m * n, `[m = ${m}, n = ${n}]`);
}
