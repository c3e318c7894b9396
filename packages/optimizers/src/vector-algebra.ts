/** a·b, accumulated in double precision [n], [n]. */
export function dot(a: Float32Array, b: Float32Array): number {
  const n = a.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** ‖a‖₂ [n]. */
export function euclideanNorm(a: Float32Array): number {
  return Math.sqrt(dot(a, a));
}

/** Whether a slope g·d says that d leads downhill; not so for NaN, or for −∞, where d has overflowed. */
export function isDescent(slope: number): boolean {
  return slope < 0 && slope > -Infinity;
}
