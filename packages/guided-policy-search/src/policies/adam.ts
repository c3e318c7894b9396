/**
 * Adam (Kingma & Ba 2015) with a clip on the gradient's norm, for the policies' regressions. Weights and
 * moments are changed in place.
 */
export interface AdamState {
  readonly first: Float64Array;
  readonly second: Float64Array;
  steps: number;
}

export function createAdam(size: number): AdamState {
  return { first: new Float64Array(size), second: new Float64Array(size), steps: 0 };
}

/**
 * w ← w − rate · m̂ / (√v̂ + 10⁻⁸), with decays 0.9 and 0.999.
 *
 * @param clip the gradient is shortened to this norm; Infinity for none
 */
export function adamStep(
  adam: AdamState,
  weights: Float32Array | Float64Array,
  gradient: Float32Array | Float64Array,
  rate: number,
  clip: number,
): void {
  let square = 0;
  for (const g of gradient) square += g * g;
  const norm = Math.sqrt(square);
  if (!Number.isFinite(norm)) return;
  const scale = norm > clip ? clip / norm : 1;
  adam.steps++;
  const firstCorrection = 1 - 0.9 ** adam.steps;
  const secondCorrection = 1 - 0.999 ** adam.steps;
  for (let i = 0; i < weights.length; i++) {
    const g = scale * gradient[i]!;
    adam.first[i] = 0.9 * adam.first[i]! + 0.1 * g;
    adam.second[i] = 0.999 * adam.second[i]! + 0.001 * g * g;
    weights[i]! -=
      (rate * (adam.first[i]! / firstCorrection)) / (Math.sqrt(adam.second[i]! / secondCorrection) + 1e-8);
  }
}
