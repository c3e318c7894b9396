import type { GpsEngine } from '@metadescent/kernels/gps';
import type { GroupSamples } from './environment.js';

/** Mean and covariance (divided by the count, not by count − 1) of pooled rows. */
export interface Moments {
  /** Number of rows; may be fractional after weighting. */
  readonly count: number;
  /** n */
  readonly size: number;
  /** [n] */
  readonly mean: Float64Array;
  /** [n, n] */
  readonly covariance: Float64Array;
}

/** Pooled moments of one group: of (s_t, a_t, s_{t+1}, signals_t) for t < T, of (s_T, signals_T) at the end. */
export interface GroupMoments {
  readonly stateSize: number;
  readonly actionSize: number;
  readonly signalCount: number;
  /** n = 2D + U + signals [T] */
  readonly steps: readonly Moments[];
  /** n = D + signals */
  readonly terminal: Moments;
}

/** Moments of no rows. */
export function emptyMoments(size: number): Moments {
  return { count: 0, size, mean: new Float64Array(size), covariance: new Float64Array(size * size) };
}

/**
 * Moments of rows [count, n]. Deviations are taken from the mean of these rows, so large offsets cost no digits.
 */
export function momentsOf(engine: GpsEngine, size: number, rows: Float64Array): Moments {
  const count = rows.length / size;
  if (!Number.isInteger(count))
    throw new RangeError(`momentsOf: ${rows.length} values are no whole number of rows of ${size}`);
  if (count === 0) return emptyMoments(size);
  const mean = new Float64Array(size);
  engine.columnMeans(count, size, rows, mean);
  const covariance = new Float64Array(size * size);
  engine.syrk({ rows: count, n: size, a: rows, c: covariance, offset: mean, alpha: 1 / count });
  return { count, size, mean, covariance };
}

/**
 * Moments of the union of two sets of rows (Chan, Golub & LeVeque 1979). Merging blocks in a fixed order
 * gives the same bits whoever computed the blocks.
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const n = a.size;
  const wb = b.count / count;
  const wa = a.count / count;
  const mean = a.mean.map((x, i) => x + wb * (b.mean[i]! - x));
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const between = wa * wb * (b.mean[i]! - a.mean[i]!) * (b.mean[j]! - a.mean[j]!);
      const value = wa * a.covariance[i * n + j]! + wb * b.covariance[i * n + j]! + between;
      covariance[i * n + j] = value;
      covariance[j * n + i] = value;
    }
  }
  return { count, size: n, mean, covariance };
}

/**
 * Rows per block of the stream: fixed, so that results depend neither on the caller's batches nor on the
 * number of workers.
 */
const BLOCK_ROWS = 4096;

/**
 * Streams a group's samples into moments, one time step and block of rows at a time.
 *
 * @throws RangeError naming the step where a state, action or signal is not finite.
 */
export function groupMoments(
  engine: GpsEngine,
  samples: GroupSamples,
  {
    stateSize: D,
    actionSize: U,
    horizon: T,
  }: { readonly stateSize: number; readonly actionSize: number; readonly horizon: number },
): GroupMoments {
  const signalCount = samples.signals ? (samples.signalCount ?? 0) : 0;
  const { rows } = samples;
  const size = 2 * D + U + signalCount;
  const steps: Moments[] = [];
  let states = samples.states(0).slice();
  let terminal = emptyMoments(D + signalCount);
  for (let t = 0; t <= T; t++) {
    const signals = signalCount > 0 ? samples.signals!(t) : undefined;
    if (t === T) {
      terminal = streamed(engine, D + signalCount, rows, t, [
        { values: states, width: D },
        { values: signals, width: signalCount },
      ]);
      break;
    }
    const actions = samples.actions(t).slice();
    const next = samples.states(t + 1).slice();
    steps.push(
      streamed(engine, size, rows, t, [
        { values: states, width: D },
        { values: actions, width: U },
        { values: next, width: D },
        { values: signals, width: signalCount },
      ]),
    );
    states = next;
  }
  return { stateSize: D, actionSize: U, signalCount, steps, terminal };
}

function streamed(
  engine: GpsEngine,
  size: number,
  rows: number,
  t: number,
  parts: readonly { readonly values: Float64Array | undefined; readonly width: number }[],
): Moments {
  let total = emptyMoments(size);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - start);
    const block = new Float64Array(count * size);
    let column = 0;
    for (const { values, width } of parts) {
      for (let r = 0; values && r < count; r++) {
        for (let i = 0; i < width; i++) block[r * size + column + i] = values[(start + r) * width + i]!;
      }
      column += width;
    }
    total = mergeMoments(total, momentsOf(engine, size, block));
  }
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(total.mean[i]! + total.covariance[i * size + i]!)) {
      throw new RangeError(
        `groupMoments: a sample at t = ${t} is not finite (column ${i} of state, action, next state, signals); leave such trajectories out of the samples`,
      );
    }
  }
  return total;
}

/**
 * Temporal pooling: every step's covariance becomes the weighted mean of its neighbours', each about its own
 * mean; counts add up with their weights. Means stay those of the step itself, so fitted models still pass
 * through the mean trajectory.
 *
 * @param window odd number of steps; weights are triangular, e.g. 1, 2, 3, 2, 1
 */
export function poolMoments(steps: readonly Moments[], window: number): readonly Moments[] {
  if (!Number.isInteger(window) || window < 1 || window % 2 === 0)
    throw new RangeError(`poolMoments: the window must be an odd number of steps, but is ${window}`);
  const half = (window - 1) / 2;
  if (half === 0) return steps;
  return steps.map((step, t) => {
    const covariance = new Float64Array(step.covariance.length);
    let total = 0;
    let count = 0;
    for (let offset = -half; offset <= half; offset++) {
      const other = steps[t + offset];
      if (!other) continue;
      const share = (half + 1 - Math.abs(offset)) / (half + 1);
      count += share * other.count;
      total += share * other.count;
      for (let i = 0; i < covariance.length; i++)
        covariance[i]! += share * other.count * other.covariance[i]!;
    }
    if (total > 0) for (let i = 0; i < covariance.length; i++) covariance[i]! /= total;
    return { ...step, count, covariance };
  });
}
