import type { BareGpsEngine } from './bare-gps-engine.js';

/** `GpsEngine.gemm` in plain loops. */
export const gpsGemm: BareGpsEngine['gemm'] = ({ m, n, k, a, b, c, transposeA, transposeB, alpha, beta }) => {
  if (beta === 0) c.fill(0);
  else if (beta !== 1) for (let i = 0; i < c.length; i++) c[i]! *= beta;
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1];
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const value = alpha * a[i * aRow + p * aColumn]!;
      if (transposeB) for (let j = 0; j < n; j++) c[i * n + j]! += value * b[j * k + p]!;
      else for (let j = 0; j < n; j++) c[i * n + j]! += value * b[p * n + j]!;
    }
  }
};

/** `GpsEngine.syrk` in plain loops: the lower triangle, then its mirror. */
export const gpsSyrk: BareGpsEngine['syrk'] = ({ rows, n, a, c, offset, alpha, beta }) => {
  const sum = new Float64Array(n * n);
  const row = new Float64Array(n);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i++) row[i] = a[r * n + i]! - (offset ? offset[i]! : 0);
    for (let i = 0; i < n; i++) {
      const value = row[i]!;
      for (let j = 0; j <= i; j++) sum[i * n + j]! += value * row[j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = alpha * sum[i * n + j]! + (beta === 0 ? 0 : beta * c[i * n + j]!);
      c[i * n + j] = value;
      c[j * n + i] = value;
    }
  }
};

/** `GpsEngine.columnMeans`, row by row. */
export function gpsColumnMeans(rows: number, n: number, a: Float64Array, means: Float64Array): void {
  means.fill(0);
  for (let r = 0; r < rows; r++) for (let i = 0; i < n; i++) means[i]! += a[r * n + i]!;
  for (let i = 0; i < n; i++) means[i]! /= rows;
}

/** `GpsEngine.cholesky`, row by row. */
export function gpsCholesky(n: number, a: Float64Array, factor: Float64Array): number {
  return choleskyAt(n, a, factor, 0, 0);
}

/** As `gpsCholesky` on the matrices that start at `aStart` and `start` of larger arrays. */
export function choleskyAt(
  n: number,
  a: Float64Array,
  factor: Float64Array,
  aStart: number,
  start: number,
): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[aStart + i * n + j]!;
      for (let p = 0; p < j; p++) sum -= factor[start + i * n + p]! * factor[start + j * n + p]!;
      if (i !== j) {
        factor[start + i * n + j] = sum / factor[start + j * n + j]!;
      } else {
        if (!(sum > 0 && sum < Infinity)) return i + 1;
        factor[start + i * n + i] = Math.sqrt(sum);
      }
    }
  }
  for (let i = 0; i < n; i++) factor.fill(0, start + i * n + i + 1, start + (i + 1) * n);
  return 0;
}

/** `GpsEngine.choleskySolve`: L Y = B forward, then Lᵀ X = Y backward. */
export function gpsCholeskySolve(n: number, factor: Float64Array, columns: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < i; p++) {
      const l = factor[i * n + p]!;
      for (let j = 0; j < columns; j++) b[i * columns + j]! -= l * b[p * columns + j]!;
    }
    const pivot = factor[i * n + i]!;
    for (let j = 0; j < columns; j++) b[i * columns + j]! /= pivot;
  }
  for (let i = n - 1; i >= 0; i--) {
    const pivot = factor[i * n + i]!;
    for (let j = 0; j < columns; j++) b[i * columns + j]! /= pivot;
    for (let p = 0; p < i; p++) {
      const l = factor[i * n + p]!;
      for (let j = 0; j < columns; j++) b[p * columns + j]! -= l * b[i * columns + j]!;
    }
  }
}
