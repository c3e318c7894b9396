/** Sums over small row-major matrices that the LQG passes share. */

/** out += MᵀSM for symmetric S; all [D, D]. */
export function addCongruence(D: number, S: Float64Array, M: Float64Array, out: Float64Array): void {
  const SM = new Float64Array(D * D);
  for (let i = 0; i < D; i++) {
    for (let p = 0; p < D; p++) {
      const s = S[i * D + p]!;
      for (let j = 0; j < D; j++) SM[i * D + j]! += s * M[p * D + j]!;
    }
  }
  for (let p = 0; p < D; p++) {
    for (let i = 0; i < D; i++) {
      const m = M[p * D + i]!;
      for (let j = 0; j < D; j++) out[i * D + j]! += m * SM[p * D + j]!;
    }
  }
}

export function dot(n: number, a: Float64Array, aStart: number, b: Float64Array, bStart: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}

export function quadraticForm(
  D: number,
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  S: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < D; i++) sum += a[aStart + i]! * dot(D, S, i * D, b, bStart);
  return sum;
}

/** out += M x for M [rows, columns]. */
export function addMatrixVector(
  rows: number,
  columns: number,
  M: Float64Array,
  x: Float64Array,
  out: Float64Array,
): void {
  for (let i = 0; i < rows; i++) out[i]! += dot(columns, M, i * columns, x, 0);
}

export function transpose(n: number, M: Float64Array): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j * n + i] = M[i * n + j]!;
  return out;
}

export function symmetrise(n: number, M: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = 0.5 * (M[i * n + j]! + M[j * n + i]!);
      M[i * n + j] = value;
      M[j * n + i] = value;
    }
  }
}
