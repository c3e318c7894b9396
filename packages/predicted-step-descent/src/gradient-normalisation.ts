/**
 * What the features see of a mini-batch's gradient g, before the constant factor c: itself, or g/√(Σ g²),
 * AdaGrad's direction (Duchi et al. 2011).
 */
export const gradientNormalisations = ['none', 'adagrad'] as const;
export type GradientNormalisation = (typeof gradientNormalisations)[number];

/** Σ g² of every coordinate before the first step [n]; empty where nothing is divided. */
export function initialSquares(normalisation: GradientNormalisation, n: number): Float32Array {
  return new Float32Array(normalisation === 'adagrad' ? n : 0);
}

/**
 * The gradient as the features see it, before the factor c:
 *
 *     s_t = s_{t−1} + g_t²,   g_t / √s_t        (0 where s_t = 0)
 *
 * `none` gives back the gradient itself. With `adagrad`, controllers that are linear in the features hold
 * AdaGrad, with momentum and with rates that vary over time and between coordinate groups, whatever the scale
 * of the objective; with raw gradients they hold gradient descent alone.
 *
 * @param gradient g_t [n]
 * @param squares s, updated in place [n]
 * @param seen overwritten and returned where something is divided [n]
 */
export function normaliseGradient(
  normalisation: GradientNormalisation,
  gradient: Float32Array,
  squares: Float32Array,
  seen: Float32Array,
): Float32Array {
  if (normalisation === 'none') return gradient;
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]!;
    const s = (squares[i]! += g * g);
    seen[i] = s === 0 ? 0 : g / Math.sqrt(s);
  }
  return seen;
}

/** Derivative of what the features see by the gradient of coordinate i, s held: c, or c/√s. */
export function featureScaleOf(
  normalisation: GradientNormalisation,
  gradientScale: number,
  squares: Float32Array,
  i: number,
): number {
  if (normalisation === 'none') return gradientScale;
  return squares[i]! === 0 ? 0 : gradientScale / Math.sqrt(squares[i]!);
}
