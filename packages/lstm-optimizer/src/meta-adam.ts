/**
 * Adam (Kingma & Ba 2015, algorithm 1) on the meta-parameters, in double precision; the state is what a
 * checkpoint needs.
 */
export interface AdamMoments {
  /** m [n] */
  readonly first: Float64Array;
  /** v [n] */
  readonly second: Float64Array;
  /** Updates made so far. */
  step: number;
}

export function initialMoments(n: number): AdamMoments {
  return { first: new Float64Array(n), second: new Float64Array(n), step: 0 };
}

/**
 * φ ← φ − α m̂ / (√v̂ + ε), with β₁ = 0.9, β₂ = 0.999, ε = 1e-8 (the paper's §2.1 defaults); updates
 * `weights` and `moments` in place.
 */
export function adamUpdate(
  weights: Float32Array,
  gradient: ArrayLike<number>,
  moments: AdamMoments,
  learningRate: number,
): void {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const { first, second } = moments;
  moments.step += 1;
  const rate = (learningRate * Math.sqrt(1 - beta2 ** moments.step)) / (1 - beta1 ** moments.step);
  const floor = epsilon * Math.sqrt(1 - beta2 ** moments.step);
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] as number;
    const m = (first[i] = beta1 * (first[i] as number) + (1 - beta1) * g);
    const v = (second[i] = beta2 * (second[i] as number) + (1 - beta2) * g * g);
    weights[i] = (weights[i] as number) - (rate * m) / (Math.sqrt(v) + floor);
  }
}

/** Scales `gradient` in place to at most this Euclidean norm; returns the norm before. */
export function clipToNorm(gradient: Float32Array | Float64Array, limit: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) ** 2;
  const norm = Math.sqrt(squares);
  if (norm > limit)
    for (let i = 0; i < gradient.length; i++) gradient[i] = ((gradient[i] as number) * limit) / norm;
  return norm;
}
