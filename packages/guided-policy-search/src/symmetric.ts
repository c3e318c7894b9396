import { EigenvalueDecomposition } from 'ml-matrix';
import { toMatrix } from './linear-gaussian.js';

/**
 * Clamps the eigenvalues of a symmetric matrix [n, n] to [floor, cap], in place. One already inside is left
 * as it is, to the bit.
 */
export function clampEigenvalues(n: number, matrix: Float64Array, floor: number, cap: number): void {
  if (n === 1) {
    matrix[0] = Math.min(cap, Math.max(floor, matrix[0]!));
    return;
  }
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    toMatrix(matrix, 0, n, n),
    { assumeSymmetric: true },
  );
  if (values.every((value) => value >= floor && value <= cap)) return;
  matrix.fill(0);
  values.forEach((value, p) => {
    const clamped = Math.min(cap, Math.max(floor, value));
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) matrix[i * n + j]! += clamped * (vectors.get(i, p) * vectors.get(j, p));
  });
}

/** Averages a matrix [n, n] with its transpose, in place. */
export function symmetrise(n: number, matrix: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = 0.5 * (matrix[i * n + j]! + matrix[j * n + i]!);
      matrix[i * n + j] = value;
      matrix[j * n + i] = value;
    }
  }
}
