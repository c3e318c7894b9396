/**
 * Odd rules: negating every gradient of a coordinate negates its steps, and a coordinate that never had a gradient does not move.
 *
 * An LSTM is not odd. Trained on sigmoid networks it steps by +0.2 for one sign and by −0.4 for the other, and moves coordinates with no gradient at all by 0.04 a step in one direction: harmless for the
 * dead pixels of the training problem, ruin for a second hidden layer. Here each coordinate is turned so that its first gradient is positive:
 *
 *     σ_j = sign of the first non-zero g_j,   Δθ_j = σ_j · outputScale · m(σ_j g_j, h_j, φ)
 *
 * which makes the rule odd exactly, costs no second pass through the LSTM, and keeps its weights free.
 *
 * Turns `gradient` in place; sets those entries of `orientation` that are still 0.
 *
 * @param gradient [n]
 * @param orientation σ, 0 where no gradient was seen yet [n]
 */
export function orient(gradient: Float32Array, orientation: Float32Array): void {
  for (let j = 0; j < gradient.length; j++) {
    const g = gradient[j] as number;
    if (orientation[j] === 0) orientation[j] = Math.sign(g);
    gradient[j] = g * (orientation[j] as number);
  }
}
