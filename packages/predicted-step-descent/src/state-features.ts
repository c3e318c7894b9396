import { stateSizeOf, stateSlots, type FeatureShape } from './feature-shape.js';

/** What has happened to one coordinate at steps 0 … t (longer arrays are allowed): all [t + 1]. */
export interface CoordinateHistory {
  readonly iterates: ArrayLike<number>;
  /** Noisy gradients. */
  readonly gradients: ArrayLike<number>;
  /** Noisy objective values. */
  readonly objectives: ArrayLike<number>;
}

/**
 * Smallest magnitude of the denominator of a relative change of the objective: inactive for losses that stay
 * positive.
 */
export const OBJECTIVE_FLOOR = 1e-8;
/** Added to the denominators of gradient and ratio features (Li & Malik 2017, §3.6). */
export const GRADIENT_OFFSET = 1;
export const RATIO_OFFSET = 0.1;

/** x̄^(i): the mean of entries max(i − window + 1, 0) … i. */
export function recentMean(values: ArrayLike<number>, i: number, window: number): number {
  const first = Math.max(i - window + 1, 0);
  let sum = 0;
  for (let l = first; l <= i; l++) sum += values[l]!;
  return sum / (i - first + 1);
}

/** (f − f′) / f′ with the denominator's magnitude floored. */
export function relativeChange(now: number, before: number): number {
  const floored =
    Math.abs(before) < OBJECTIVE_FLOOR ? (before < 0 ? -OBJECTIVE_FLOOR : OBJECTIVE_FLOOR) : before;
  return (now - before) / floored;
}

/**
 * The state (x, Φ) of one coordinate at step t, straight from the definition (Li & Malik 2017, §3.6) [D].
 * With stride S, recent means x̄, ḡ, f̄ and r = t mod S:
 *
 *     objective i = 0 … H − 1:  ( f̄(t − Si) − f̄(t − S(i+1)) ) / f̄(t − S(i+1))   where t − S(i+1) ≥ 0
 *     gradient  i = 0 … H:      ḡ(t − Si) / ( |ḡ(max(t − S(i+1), r))| + 1 )   where t − Si ≥ 0
 *     ratio     i = 0 … H − 1:  |x̄(max(t − S(i+1), r+S)) − x̄(max(t − S(i+2), r))|
 *                                 / ( |x̄(t − Si) − x̄(t − S(i+1))| + 0.1 )   where t − S(i+1) ≥ 0
 *
 * and 0 elsewhere. The paper prints the first f̄ without its bar; its prose ("the average recent objective")
 * has it, and so does this.
 *
 * This is the definition; `createFeatureStream` computes the same numbers in time O(1) per slot family and step.
 */
export function stateFeatures(shape: FeatureShape, t: number, history: CoordinateHistory): Float64Array {
  const { history: H, stride: S, window } = shape;
  const slots = stateSlots(shape);
  const x = (i: number) => recentMean(history.iterates, i, window);
  const g = (i: number) => recentMean(history.gradients, i, window);
  const f = (i: number) => recentMean(history.objectives, i, window);
  const r = t % S;
  const state = new Float64Array(stateSizeOf(shape));
  state[slots.iterate] = history.iterates[t]!;
  for (let i = 0; i <= H; i++) {
    const [now, before] = [t - S * i, t - S * (i + 1)];
    if (now >= 0) state[slots.gradient + i] = g(now) / (Math.abs(g(Math.max(before, r))) + GRADIENT_OFFSET);
    if (before < 0 || i === H) continue;
    state[slots.objective + i] = relativeChange(f(now), f(before));
    state[slots.ratio + i] =
      Math.abs(x(Math.max(before, r + S)) - x(Math.max(t - S * (i + 2), r))) /
      (Math.abs(x(now) - x(before)) + RATIO_OFFSET);
  }
  return state;
}

/**
 * The observation Ψ of one coordinate at step t, straight from the definition (Li & Malik 2017, §3.6) [3]:
 *
 *     ( f(t) − f(t−1) ) / f(t−1),   g(t) / ( |g(max(t−1, 0))| + 1 ),
 *     |x(max(t−1, 1)) − x(max(t−2, 0))| / ( |x(t) − x(t−1)| + 0.1 )
 *
 * with raw values; the first and the third are 0 at t = 0.
 */
export function observationFeatures(
  t: number,
  { iterates: x, gradients: g, objectives: f }: CoordinateHistory,
): Float64Array {
  return Float64Array.of(
    t > 0 ? relativeChange(f[t]!, f[t - 1]!) : 0,
    g[t]! / (Math.abs(g[Math.max(t - 1, 0)]!) + GRADIENT_OFFSET),
    t > 0
      ? Math.abs(x[Math.max(t - 1, 1)]! - x[Math.max(t - 2, 0)]!) /
          (Math.abs(x[t]! - x[t - 1]!) + RATIO_OFFSET)
      : 0,
  );
}
