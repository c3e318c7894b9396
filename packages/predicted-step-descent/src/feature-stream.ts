import { stateSizeOf, stateSlots, type FeatureShape } from './feature-shape.js';
import { GRADIENT_OFFSET, RATIO_OFFSET, relativeChange } from './state-features.js';

/**
 * The first slot of each family at every step, from which all others follow: slot i at step t is slot 0 at step t − S·i, in all three families and at all t, clamps
 * included (the clamps of the paper's formulas are those of the first S steps of a rollout). Step τ lies in row τ mod `depth`.
 */
export interface SlotHistory {
  readonly coordinates: number;
  readonly depth: number;
  /** [depth] */
  readonly objective: Float64Array;
  /** [depth, coordinates] */
  readonly gradient: Float64Array;
  /** [depth, coordinates] */
  readonly ratio: Float64Array;
}

/**
 * States (x, Φ) of `count` coordinates from `first` on at step t.
 *
 * @param iterates x_t [coordinates]
 * @param states overwritten from row `row` on […, D]
 */
export function assembleStates(
  shape: FeatureShape,
  t: number,
  slots: SlotHistory,
  iterates: ArrayLike<number>,
  first: number,
  count: number,
  states: Float64Array,
  row = 0,
): void {
  const { history: H, stride: S } = shape;
  const D = stateSizeOf(shape);
  const at = stateSlots(shape);
  const { coordinates: n, depth, objective, gradient, ratio } = slots;
  const start = row * D;
  for (let j = 0; j < count; j++) states[start + j * D] = iterates[first + j]!;
  for (let i = 0; i <= H; i++) {
    const time = t - S * i;
    const from = (time % depth) * n + first;
    const known = time >= 0;
    const value = known ? objective[time % depth]! : 0;
    for (let j = 0; j < count; j++) {
      const to = start + j * D;
      states[to + at.gradient + i] = known ? gradient[from + j]! : 0;
      if (i === H) continue;
      states[to + at.objective + i] = value;
      states[to + at.ratio + i] = known ? ratio[from + j]! : 0;
    }
  }
}

/** Features of n coordinates, step by step, in memory that does not grow. */
export interface FeatureStream {
  /** Steps pushed. */
  readonly steps: number;
  readonly slots: SlotHistory;
  /**
   * Step t = `steps`: f̂(x_t), ∇f̂(x_t) [n], x_t [n].
   */
  push(objective: number, gradient: ArrayLike<number>, iterate: ArrayLike<number>): void;
  /**
   * States after the last push.
   *
   * @param states overwritten [count, D]
   */
  states(iterates: ArrayLike<number>, first: number, count: number, states: Float64Array): void;
}

/**
 * A stream of state features for n coordinates.
 *
 * @param gradientScale c: the features see c·g
 */
export function createFeatureStream(shape: FeatureShape, n: number, gradientScale = 1): FeatureStream {
  const { history: H, stride: S, window } = shape;
  const depth = S * H + 1;
  const slots: SlotHistory = {
    coordinates: n,
    depth,
    objective: new Float64Array(depth),
    gradient: new Float64Array(depth * n),
    ratio: new Float64Array(depth * n),
  };
  const iterates = recentMeans(n, window, 2 * S + 1);
  const gradients = recentMeans(n, window, S + 1);
  const objectives = recentMeans(1, window, S + 1);
  const scaled = new Float64Array(n);
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    slots,
    push(objective, gradient, iterate) {
      const t = steps++;
      for (let j = 0; j < n; j++) scaled[j] = gradientScale * gradient[j]!;
      iterates.push(iterate);
      gradients.push(scaled);
      objectives.push([objective]);
      const r = t % S;
      const row = t % depth;
      const before = Math.max(t - S, r);
      const [g, gBefore] = [gradients.at(t), gradients.at(before)];
      for (let j = 0; j < n; j++)
        slots.gradient[row * n + j] = g[j]! / (Math.abs(gBefore[j]!) + GRADIENT_OFFSET);
      if (t < S) return;
      slots.objective[row] = relativeChange(objectives.at(t)[0]!, objectives.at(t - S)[0]!);
      const [x, x1] = [iterates.at(t), iterates.at(t - S)];
      const [late, early] = [iterates.at(Math.max(t - S, r + S)), iterates.at(Math.max(t - 2 * S, r))];
      for (let j = 0; j < n; j++)
        slots.ratio[row * n + j] =
          Math.abs(late[j]! - early[j]!) / (Math.abs(x[j]! - x1[j]!) + RATIO_OFFSET);
    },
    states(x, first, count, states) {
      assembleStates(shape, steps - 1, slots, x, first, count, states);
    },
  };
}

/** Recent means of vectors [n], the last `depth` of them. */
function recentMeans(
  n: number,
  window: number,
  depth: number,
): { push(values: ArrayLike<number>): void; at(t: number): Float64Array } {
  const raw = Array.from({ length: window }, () => new Float64Array(n));
  const means = Array.from({ length: depth }, () => new Float64Array(n));
  let count = 0;
  return {
    push(values) {
      const t = count++;
      const newest = raw[t % window]!;
      for (let j = 0; j < n; j++) newest[j] = values[j]!;
      const width = Math.min(t + 1, window);
      const mean = means[t % depth]!.fill(0);
      // Summed anew from the oldest on, as in the definition: a running sum would drift.
      for (let l = t - width + 1; l <= t; l++) {
        const part = raw[l % window]!;
        for (let j = 0; j < n; j++) mean[j]! += part[j]!;
      }
      for (let j = 0; j < n; j++) mean[j]! /= width;
    },
    at: (t) => means[t % depth]!,
  };
}
