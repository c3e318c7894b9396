/** Σ x */
export function total(values: Float64Array): number {
  let sum = 0;
  for (const x of values) sum += x;
  return sum;
}
