import { createKey } from '@metadescent/core';

/** `length` normal draws times `scale`; the name is the seed. */
export function normals(name: string, length: number, scale = 1): Float32Array {
  return Float32Array.from(createKey(1).fold(name).normal(length), (x) => x * scale);
}

/** The same numbers at an address that is no multiple of 16 bytes. */
export function misaligned(values: Float32Array, offset = 1): Float32Array {
  const shifted = new Float32Array(values.length + offset).subarray(offset);
  shifted.set(values);
  return shifted;
}

/** Σ aᵢbᵢ in double precision. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/**
 * Central differences of `f` at `x` in the listed coordinates. The step is the difference of the two
 * single-precision numbers actually used, near `epsilon`.
 */
export function centralDifferences(
  f: (x: Float32Array) => number,
  x: Float32Array,
  coordinates: readonly number[],
  epsilon: number,
): number[] {
  return coordinates.map((i) => {
    const at = (delta: number) => {
      const moved = x.slice();
      moved[i] = (x[i] as number) + delta;
      return { value: f(moved), where: moved[i] as number };
    };
    const up = at(epsilon);
    const down = at(-epsilon);
    return (up.value - down.value) / (up.where - down.where);
  });
}
