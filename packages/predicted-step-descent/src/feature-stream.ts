import type { Accumulators } from '@metadescent/kernels';
import type { FeatureShape } from './feature-shape.js';
import { GRADIENT_OFFSET, RATIO_OFFSET, relativeChange } from './state-features.js';

/**
 * The first slot of each family at every step, from which all others follow: slot i at step t is slot 0 at
 * step t − S·i, in all three families and at all t, clamps included (the clamps of the paper's formulas are
 * those of the first S steps of a rollout). Step τ lies in row τ mod `depth`.
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
 * @param iterates x_t of these [count]
 * @param states overwritten [count, D]
 */
export function assembleStates(
  kernels: Accumulators,
  { history: H, stride: S }: FeatureShape,
  t: number,
  slots: SlotHistory,
  iterates: Float64Array,
  first: number,
  states: Float64Array,
): void {
  const { coordinates: n, depth, gradient, ratio } = slots;
  const times = Array.from({ length: H + 1 }, (_, i) => t - S * i);
  const starts = Int32Array.from(times, (time) => (time < 0 ? -1 : (time % depth) * n + first));
  const shared = Int32Array.from(times.slice(0, H), (time) => (time < 0 ? -1 : time % depth));
  kernels.interleave({
    count: iterates.length,
    groups: [
      { values: iterates, starts: Int32Array.of(0) },
      { values: slots.objective, starts: shared, shared: true },
      { values: gradient, starts },
      { values: ratio, starts: starts.subarray(0, H) },
    ],
    rows: states,
  });
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
  states(first: number, count: number, states: Float64Array): void;
}

/**
 * A stream of state features for n coordinates.
 *
 * @param gradientScale c: the features see c·g
 */
export function createFeatureStream(
  kernels: Accumulators,
  shape: FeatureShape,
  n: number,
  gradientScale = 1,
): FeatureStream {
  const { history: H, stride: S, window } = shape;
  const depth = S * H + 1;
  const slots: SlotHistory = {
    coordinates: n,
    depth,
    objective: new Float64Array(depth),
    gradient: new Float64Array(depth * n),
    ratio: new Float64Array(depth * n),
  };
  const iterates = recentMeans(kernels, n, window, 2 * S + 1);
  const gradients = recentMeans(kernels, n, window, S + 1, gradientScale);
  const objectives = recentMeans(kernels, 1, window, S + 1);
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    slots,
    push(objective, gradient, iterate) {
      const t = steps++;
      iterates.push(iterate);
      gradients.push(gradient);
      objectives.push([objective]);
      const r = t % S;
      const row = t % depth;
      kernels.ratios({
        now: gradients.at(t),
        before: gradients.at(Math.max(t - S, r)),
        offset: GRADIENT_OFFSET,
        ratio: slots.gradient.subarray(row * n, (row + 1) * n),
      });
      if (t < S) return;
      slots.objective[row] = relativeChange(objectives.at(t)[0]!, objectives.at(t - S)[0]!);
      const [late, early] = [iterates.at(Math.max(t - S, r + S)), iterates.at(Math.max(t - 2 * S, r))];
      kernels.changeRatios({
        late,
        early,
        now: iterates.at(t),
        before: iterates.at(t - S),
        offset: RATIO_OFFSET,
        ratio: slots.ratio.subarray(row * n, (row + 1) * n),
      });
    },
    states(first, count, states) {
      assembleStates(
        kernels,
        shape,
        steps - 1,
        slots,
        iterates.newest().subarray(first, first + count),
        first,
        states,
      );
    },
  };
}

/** Recent means of vectors [n] times `scale`, the last `depth` of them. */
function recentMeans(
  kernels: Accumulators,
  n: number,
  window: number,
  depth: number,
  scale = 1,
): { push(values: ArrayLike<number>): void; at(t: number): Float64Array; newest(): Float64Array } {
  const raw = new Float64Array(window * n);
  const means = Array.from({ length: depth }, () => new Float64Array(n));
  let count = 0;
  return {
    push(values) {
      const t = count++;
      raw.set(values, (t % window) * n);
      const width = Math.min(t + 1, window);
      // Summed anew from the oldest on, as in the definition: a running sum would drift.
      kernels.ringMean({
        values: raw,
        oldest: (t - width + 1) % window,
        width,
        scale,
        mean: means[t % depth]!,
      });
    },
    at: (t) => means[t % depth]!,
    newest: () => raw.subarray(((count - 1) % window) * n, (((count - 1) % window) + 1) * n),
  };
}
