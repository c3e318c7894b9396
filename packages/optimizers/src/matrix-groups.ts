import type { CoordinateGroup, ParameterLayout } from '@metadescent/core';

/** A group of coordinates as a matrix, row-major: the last axis are the columns, all others together the rows. */
export interface MatrixGroup {
  readonly name: string;
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

/** The weight matrices and convolution kernels of a layout; biases, scales and plain vectors are not among them. */
export function matrixGroups({ groups }: ParameterLayout): MatrixGroup[] {
  return groups.filter(isMatrix).map(({ name, offset, size, shape }) => {
    const columns = shape.at(-1) as number;
    return { name, offset, rows: size / columns, columns };
  });
}

function isMatrix({ role, shape }: CoordinateGroup): boolean {
  return (role === 'weight' || role === 'kernel') && shape.length >= 2;
}

/** A B [m, n] of A [m, k] and B [k, n], row-major. */
export function product(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = a[i * k + l] as number;
      if (x === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] as number) + x * (b[l * n + j] as number);
    }
  }
  return c;
}

/** Aᵀ [n, m] of A [m, n]. */
export function transpose(a: Float64Array, m: number, n: number): Float64Array {
  const t = new Float64Array(a.length);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) t[j * m + i] = a[i * n + j] as number;
  return t;
}

/** A Aᵀ [m, m] of A [m, n]: symmetric to the bit. */
export function gram(a: Float64Array, m: number, n: number): Float64Array {
  const g = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let l = 0; l < n; l++) sum += (a[i * n + l] as number) * (a[j * n + l] as number);
      g[i * m + j] = sum;
      g[j * m + i] = sum;
    }
  }
  return g;
}
