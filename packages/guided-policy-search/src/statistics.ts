/** Σ x */
export function total(values: Float64Array): number {
  let sum = 0;
  for (const x of values) sum += x;
  return sum;
}

/** The median; the mean of the middle two for an even count. */
export function median(values: ArrayLike<number>): number {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : 0.5 * (sorted[middle - 1]! + sorted[middle]!);
}
