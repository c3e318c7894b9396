import type { GpsEngine } from '@metadescent/kernels/gps';

/** A Cholesky factor and what had to be added to the diagonal to get it. */
export interface JitteredFactor {
  /** L [n, n] */
  readonly factor: Float64Array;
  readonly jitter: number;
}

/**
 * Cholesky factor of a symmetric matrix that should be positive definite but may have lost it to rounding: if
 * the plain factorisation fails, 10⁻¹⁰ · trace / n · 10^q is added to the diagonal, q = 0 … 6.
 *
 * @throws RangeError if that is not enough, or the matrix is not finite.
 */
export function choleskyWithJitter(engine: GpsEngine, n: number, matrix: Float64Array): JitteredFactor {
  const factor = new Float64Array(n * n);
  if (engine.cholesky(n, matrix, factor) === 0) return { factor, jitter: 0 };
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i]!;
  for (let q = 0; q <= 6 && Number.isFinite(trace); q++) {
    const jitter = ((1e-10 * trace) / n) * 10 ** q;
    const shifted = matrix.slice();
    for (let i = 0; i < n; i++) shifted[i * n + i]! += jitter;
    if (engine.cholesky(n, shifted, factor) === 0) return { factor, jitter };
  }
  throw new RangeError(
    `choleskyWithJitter: a matrix of size ${n} and trace ${trace} is not positive definite, not even after adding 1e-4 of its mean diagonal; raise the ridge`,
  );
}
