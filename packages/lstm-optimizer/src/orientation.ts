import { createKey } from '@metadescent/core';

/**
 * Random orientation: every coordinate j has a sign σ_j = ±1, drawn once, and the LSTM sees the problem in
 * the coordinates σ ∘ θ:
 *
 *     Δθ_j = σ_j · outputScale · m(σ_j g_j, h_j, φ)
 *
 * Why: an LSTM is not an odd function, so it moves coordinates whose gradient is zero. A rule trained without
 * signs moves all of them by 0.04 a step in the same direction. On the training problem only the weights of
 * dead pixels have no gradient, and their drift is harmless. Behind a second sigmoid layer every first-layer
 * gradient is tiny; all those weights drift the same way, and the units saturate. With signs one half of the
 * coordinates drifts up and the other half down: the drift is a random perturbation, which does not saturate
 * the units. It even helps a network whose weights start so close to zero that it has no gradients.
 *
 * Ours; the paper has no signs. They depend on the number of coordinates alone.
 *
 * @returns σ [n]
 * @example
 * randomOrientation(3).every((sign) => Math.abs(sign) === 1) // => true
 */
export function randomOrientation(n: number): Float32Array {
  return Float32Array.from(createKey(0).fold('orientation').uniform(n), (u) => (u < 0.5 ? -1 : 1));
}

/** x_j ← σ_j x_j; nothing where the rule has no orientation. */
export function orient(x: Float32Array, orientation: Float32Array | undefined): void {
  if (!orientation) return;
  for (let j = 0; j < x.length; j++) x[j] = (x[j] as number) * (orientation[j] as number);
}
