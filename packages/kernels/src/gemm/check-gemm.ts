import {
  requireArray,
  requireBoolean,
  requireCount,
  requireDisjoint,
  requireSingle,
} from '../engine/array-checks.js';
import type { GemmOptions } from './gemm.js';

/** Checks the extents and arrays of `gemm`; returns them with the defaults filled in. */
export function checkGemm(options: GemmOptions): Required<GemmOptions> {
  const caller = 'gemm';
  const { m, n, k, a, b, c, transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  requireCount(caller, 'm', m);
  requireCount(caller, 'n', n);
  requireCount(caller, 'k', k);
  requireArray(caller, 'a', a, 'Float32Array', m * k, `[m = ${m}, k = ${k}], in either order,`);
  requireArray(caller, 'b', b, 'Float32Array', k * n, `[k = ${k}, n = ${n}], in either order,`);
  requireArray(caller, 'c', c, 'Float32Array', m * n, `[m = ${m}, n = ${n}]`);
  requireBoolean(caller, 'transposeA', transposeA);
  requireBoolean(caller, 'transposeB', transposeB);
  requireSingle(caller, 'alpha', alpha);
  requireSingle(caller, 'beta', beta);
  requireDisjoint(caller, { c }, { a, b });
  return { m, n, k, a, b, c, transposeA, transposeB, alpha, beta };
}
