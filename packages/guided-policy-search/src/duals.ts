import { median } from '@metadescent/core';

/** The dual variables of Bregman ADMM: λ_t and ν_t per group and time step. */
export interface Duals {
  /** λ [T, U] */
  readonly lambda: Float64Array;
  /** ν [T] */
  readonly nu: Float64Array;
}

export interface LambdaStep {
  readonly horizon: number;
  readonly actionSize: number;
  /** λ [T, U] */
  readonly lambda: Float64Array;
  /** ν [T] */
  readonly nu: Float64Array;
  /** G_t⁻¹ of the newest ψ [T, U, U] */
  readonly precision: Float64Array;
  /** E[μ_π] − E[μ_ψ]: means over the sampled states [T, U] */
  readonly gap: Float64Array;
  /** α */
  readonly rate: number;
  /**
   * Multiply the gap by G⁻¹: λ is cost per action, and the rate then does not depend on units. `false` is the
   * paper's formula as printed.
   */
  readonly precondition: boolean;
  /** Bound on |λ_t| as a shift of the regression target, in standard deviations of ψ; Infinity for none. */
  readonly clip: number;
}

/**
 * λ_t ← λ_t + α ν_t G_t⁻¹ (E[μ_π] − E[μ_ψ]) (Li & Malik 2017, §3.4, where the factor G_t⁻¹ is not printed;
 * the reference implementations of Bregman ADMM have it).
 */
export function stepLambda({
  horizon: T,
  actionSize: U,
  lambda,
  nu,
  precision,
  gap,
  rate,
  precondition,
  clip,
}: LambdaStep): Float64Array {
  const next = lambda.slice();
  for (let t = 0; t < T; t++) {
    for (let u = 0; u < U; u++) {
      let direction = precondition ? 0 : gap[t * U + u]!;
      for (let w = 0; precondition && w < U; w++)
        direction += precision[(t * U + u) * U + w]! * gap[t * U + w]!;
      const bound = clip * nu[t]! * Math.sqrt(precision[(t * U + u) * U + u]!);
      const value = next[t * U + u]! + rate * nu[t]! * direction;
      next[t * U + u] = Math.min(bound, Math.max(-bound, value));
    }
  }
  return next;
}

export interface NuRule {
  /** ν_t doubles where KL_t ≥ mean + `upper` standard deviations. */
  readonly upper: number;
  /** ν_t halves where KL_t < mean − `lower` standard deviations. */
  readonly lower: number;
  readonly min: number;
  readonly max: number;
  /** KL is smoothed over this odd number of steps first; 1 for none. */
  readonly smoothing: number;
}

/**
 * Raises ν_t where policy and controller differ more than elsewhere on the trajectory, lowers it where they
 * differ less (the rule of the reference implementations of Bregman ADMM, to which the bounds and the
 * smoothing are added).
 *
 * @param kl KL(ψ‖π) per step [T]
 */
export function stepNu(
  nu: Float64Array,
  kl: Float64Array,
  { upper, lower, min, max, smoothing }: NuRule,
): Float64Array {
  const smooth = smoothed(kl, smoothing);
  const T = smooth.length;
  let mean = 0;
  for (const x of smooth) mean += x / T;
  let variance = 0;
  for (const x of smooth) variance += (x - mean) ** 2 / T;
  const deviation = Math.sqrt(variance);
  return nu.map((value, t) => {
    const x = smooth[t]!;
    // All equal: no step stands out.
    if (!(deviation > 0)) return value;
    const factor = x >= mean + upper * deviation ? 2 : x < mean - lower * deviation ? 0.5 : 1;
    return Math.min(max, Math.max(min, value * factor));
  });
}

/** Running mean over an odd window, shortened at the ends [T]. */
export function smoothed(values: Float64Array, window: number): Float64Array {
  const half = Math.floor(window / 2);
  return values.map((_, t) => {
    let sum = 0;
    let count = 0;
    for (let i = Math.max(0, t - half); i <= Math.min(values.length - 1, t + half); i++) {
      sum += values[i]!;
      count++;
    }
    return sum / count;
  });
}

/**
 * The cap of ν as regression weights: with ν scaled to mean 1, twice the median of those above 0.01 (the
 * reference implementation's rule, so that a few steps cannot dominate the policy's loss). In the units of ν.
 */
export function nuCap(nu: Float64Array): number {
  let mean = 0;
  for (const x of nu) mean += x / nu.length;
  return 2 * median(nu.filter((x) => x > 1e-2 * mean));
}
