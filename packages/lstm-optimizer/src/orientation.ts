import { createKey } from '@metadescent/core';

/**
 * Random orientation: every coordinate j has a sign σ_j = ±1, drawn once, and the LSTM sees the problem in
 * the coordinates σ ∘ θ:
 *
 *     Δθ_j = σ_j · outputScale · m(σ_j g_j, h_j, φ)
 *
 * An LSTM is not an odd function. Trained without signs, it moves coordinates that have no gradient all one
 * way, by 0.04 a step: harmless for the dead pixels of the training problem, but behind a second sigmoid
 * layer every first-layer gradient is tiny, the drift adds up, and the units saturate. With signs there is no
 * preferred direction: what adds up is learning, and a drift becomes a random perturbation, which the rule
 * learns to use where a network starts too close to zero to have gradients. Ours; the paper has no such
 * thing. The signs depend on the number of coordinates alone.
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
