import type { Key } from '@metadescent/core';

/** A made-up optimisation: iterates and gradients of n coordinates [T + 1][n], positive objectives [T + 1]. */
export function randomHistory(key: Key, T: number, n: number) {
  const walk = (name: string, size: number) => {
    const rows: Float64Array[] = [];
    for (let t = 0; t <= T; t++) {
      const draws = key.fold(name).fold(t).normal(n);
      rows.push(draws.map((x, j) => size * x + (rows[t - 1]?.[j] ?? 0)));
    }
    return rows;
  };
  return {
    iterates: walk('x', 0.05),
    gradients: walk('g', 0.3),
    objectives: key
      .fold('f')
      .uniform(T + 1)
      .map((u) => 0.5 + u),
  };
}

/** Column j of rows. */
export function column(rows: readonly Float64Array[], j: number): Float64Array {
  return Float64Array.from(rows, (row) => row[j]!);
}
