import { gram, product, transpose } from './matrix-groups.js';

/**
 * a, b, c of the quintic p(σ) = aσ + bσ³ + cσ⁵: steepest at 0, and within [0.7, 1.2] after five rounds
 * (Jordan et al. 2024).
 */
const QUINTIC = [3.4445, -4.775, 2.0315] as const;

/**
 * An approximation of the nearest semi-orthogonal matrix, U Vᵀ of G = U Σ Vᵀ, by Newton–Schulz iteration
 * (Jordan et al. 2024, "Muon"):
 *
 *     X₀ = G / max(‖G‖_F, 10⁻⁷),   X ← aX + (b XXᵀ + c (XXᵀ)²) X
 *
 * With these constants singular values do not converge to 1 but end between about 0.7 and 1.2, which is as
 * good for a step.
 *
 * @param matrix G [rows, columns], row-major
 * @param iterations 5 in the original
 * @returns X [rows, columns]
 */
export function orthogonalised(
  matrix: Float64Array,
  rows: number,
  columns: number,
  iterations = 5,
): Float64Array {
  if (rows > columns)
    return transpose(
      orthogonalised(transpose(matrix, rows, columns), columns, rows, iterations),
      columns,
      rows,
    );
  const [a, b, c] = QUINTIC;
  const norm = Math.max(Math.sqrt(matrix.reduce((sum, x) => sum + x * x, 0)), 1e-7);
  let x = matrix.map((value) => value / norm);
  for (let k = 0; k < iterations; k++) {
    const xx = gram(x, rows, columns);
    const squared = product(xx, xx, rows, rows, rows);
    const polynomial = xx.map((value, i) => b * value + c * (squared[i] as number));
    const correction = product(polynomial, x, rows, rows, columns);
    x = x.map((value, i) => a * value + (correction[i] as number));
  }
  return x;
}
