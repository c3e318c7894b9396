import { linearAxis, logAxis, type Axis } from './axis.js';
import { stepsOf, type CurveSeries, type CurveSet } from './curve-set.js';
import type { Notation } from './number-format.js';

/**
 * A curve that passes this multiple of the largest starting value leaves the figure at the top. The caption says so; the values stay in
 * the data.
 */
export const CLIP_FACTOR = { log: 3, linear: 1.5 } as const;

/** A log axis reaches at most this far below the largest starting value: one method that hits rounding error must not flatten the others. */
export const LOG_DEPTH = 1e-8;

/** The y-range of a figure and which curves leave it. */
export interface CurveRange {
  readonly low: number;
  readonly high: number;
  /** Optimizers that pass the top, with the first step at which they do. */
  readonly above: ReadonlyMap<string, number>;
  /** Optimizers that pass the bottom of a log axis, with the first step at which they do. */
  readonly below: ReadonlyMap<string, number>;
}

/**
 * Chooses the y-range: all means and bands, but at most {@link CLIP_FACTOR} times the largest starting value (unless more than half of the
 * curves pass it: then growth is what the figure is about) and, on a log axis, at least {@link LOG_DEPTH} times it.
 */
export function curveRange(curves: Pick<CurveSet, 'series' | 'yScale' | 'referenceLines'>): CurveRange {
  const log = curves.yScale === 'log';
  const shown = (value: number): boolean => Number.isFinite(value) && (!log || value > 0);
  const means = curves.series.map(({ mean }) => mean.filter(shown));
  const all = means.flat();
  if (all.length === 0) return { low: log ? 0.1 : 0, high: 1, above: new Map(), below: new Map() };
  const lowest = all.reduce((a, b) => Math.min(a, b));
  const highest = all.reduce((a, b) => Math.max(a, b));
  const start = means.reduce((a, values) => Math.max(a, values[0] ?? -Infinity), -Infinity);

  let ceiling = log ? CLIP_FACTOR.log * start : lowest + CLIP_FACTOR.linear * (start - lowest);
  const passing = means.filter((values) => values.some((value) => value > ceiling)).length;
  if (2 * passing > means.length || ceiling <= lowest) ceiling = Infinity;
  const floor = log ? LOG_DEPTH * start : -Infinity;

  const bands = curves.series.flatMap(({ mean, standardError }) =>
    mean.flatMap((m, i) => {
      const e = standardError?.[i] ?? NaN;
      return [m - e, m + e].filter(shown);
    }),
  );
  const references = curves.referenceLines
    .filter(({ axis, value }) => axis === 'y' && shown(value))
    .map(({ value }) => value);
  let low = Math.max(
    floor,
    [...bands, ...references].reduce((a, b) => Math.min(a, b), lowest),
  );
  // A band that nearly reaches zero would add decades of nothing to a log axis.
  if (log) low = Math.max(low, Math.max(floor, Math.min(lowest, ...references)) / 2);
  let high = Math.min(
    ceiling,
    [...bands, ...references].reduce((a, b) => Math.max(a, b), highest),
  );
  if (log) {
    const margin = (high / low) ** 0.03;
    [low, high] = [low / margin, high * margin];
  } else {
    const margin = 0.04 * (high - low);
    [low, high] = [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
    // Zero is near enough to be worth its place.
    if (low > 0 && low < 0.3 * high) low = 0;
  }
  const leaves = (beyond: (value: number) => boolean): Map<string, number> =>
    new Map(curves.series.flatMap((series) => firstStep(series, beyond)));
  return {
    low,
    high,
    above: leaves((value) => value > high),
    below: log ? leaves((value) => value > 0 && value < low) : new Map(),
  };
}

function firstStep(series: CurveSeries, beyond: (value: number) => boolean): [string, number][] {
  const index = series.mean.findIndex((value) => Number.isFinite(value) && beyond(value));
  return index < 0 ? [] : [[series.optimizer, stepsOf(series)[index] as number]];
}

/** Both axes of a set of curves, with about so many labels. */
export function curveAxes(
  curves: CurveSet,
  range: CurveRange,
  counts: { readonly x: number; readonly y: number },
  notation: Notation = 'superscript',
): { x: Axis; y: Axis } {
  const first = curves.series.map((series) => stepsOf(series)[0] as number);
  const last = curves.series.map((series) => stepsOf(series).at(-1) as number);
  const axis = curves.yScale === 'log' ? logAxis : linearAxis;
  return {
    x: linearAxis(Math.min(...first), Math.max(...last), counts.x, notation),
    y: axis(range.low, range.high, counts.y, notation),
  };
}
