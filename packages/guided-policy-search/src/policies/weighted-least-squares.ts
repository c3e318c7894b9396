import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { choleskyWithJitter } from '../cholesky.js';

const engine = typescriptGpsEngine();

/**
 * Solves A x = b for a symmetric positive-definite A [n, n]; a singular A is shifted a little (see
 * `choleskyWithJitter`), and A = 0 gives 0.
 */
export function solvePositive(n: number, A: Float64Array, b: Float64Array): Float64Array {
  const x = b.slice();
  if (A.every((value) => value === 0)) return x.fill(0);
  engine.choleskySolve(n, choleskyWithJitter(engine, n, A).factor, 1, x);
  return x;
}
