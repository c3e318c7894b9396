import type { GemmOptions } from './gemm.js';

/** C ← αAB + βC by the definition: one dot product in double precision per entry. */
export function gemm({ m, n, k, a, b, c, transposeA, transposeB, alpha, beta }: Required<GemmOptions>): void {
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1];
  const [bRow, bColumn] = transposeB ? [1, k] : [n, 1];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) {
        sum += (a[i * aRow + l * aColumn] as number) * (b[l * bRow + j * bColumn] as number);
      }
      const at = i * n + j;
      c[at] = alpha * sum + (beta === 0 ? 0 : beta * (c[at] as number));
    }
  }
}
