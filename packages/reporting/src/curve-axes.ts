import { paddedRange } from './axis-range.js';
import { linearAxis, logAxis, type Axis } from './axis.js';
import { curveSetSchema, stepsOf, type CurveSeries, type CurveSet, type CurveSetInput } from './curve-set.js';
import type { Notation } from './number-format.js';
import { parseRecord } from './validate.js';

/**
 * A curve that passes this multiple of the largest starting value leaves the figure at the top. The caption
 * says so; the values stay in the data.
 */
export const CLIP_FACTOR = { log: 3, linear: 1.5 } as const;

/**
 * A log axis reaches at most this far below the largest starting value: one method that hits rounding error
 * must not flatten the others.
 */
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
 * Chooses the y-range: all means and bands, within two limits. The upper limit is {@link CLIP_FACTOR} times the
 * largest starting value; there is none where more than half of the curves pass it, because such a figure is
 * about growth. The lower limit of a log axis is {@link LOG_DEPTH} times the largest starting value.
 *
 * @throws UserError if the curves break a rule of their schema.
 * @example
 * curveRange({ title: 'Race', series: [{ optimizer: 'adam', kind: 'hand-made', mean: [1, 1e-30] }] }).below // => new Map([['adam', 1]])
 */
export function curveRange(curveSet: CurveSetInput): CurveRange {
  return rangeOf(parseRecord('curveRange', 'set of curves', curveSetSchema, curveSet));
}

/** {@link curveRange} of curves that have been parsed. Both ends are finite and, on a log axis, above 0. */
export function rangeOf(curves: CurveSet): CurveRange {
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
  const extremes = [...bands, ...references];
  let low = Math.max(
    floor,
    extremes.reduce((a, b) => Math.min(a, b), lowest),
  );
  // A band that nearly reaches zero would add decades of nothing to a log axis.
  const lines = references.reduce((a, b) => Math.min(a, b), lowest);
  if (log) low = Math.max(low, Math.max(floor, lines) / 2);
  const high = Math.min(
    ceiling,
    extremes.reduce((a, b) => Math.max(a, b), highest),
  );
  const padded = paddedRange(low, high, curves.yScale);
  const range = { low: padded[0], high: padded[1] };
  if (!log && low >= 0) {
    range.low = Math.max(0, range.low);
    // Zero is near enough to be worth its place.
    if (range.low < 0.3 * range.high) range.low = 0;
  }
  const leaves = (beyond: (value: number) => boolean): Map<string, number> =>
    new Map(curves.series.flatMap((series) => firstStep(series, beyond)));
  return {
    ...range,
    above: leaves((value) => value > range.high),
    below: log ? leaves((value) => value > 0 && value < range.low) : new Map(),
  };
}

function firstStep(series: CurveSeries, beyond: (value: number) => boolean): [string, number][] {
  const index = series.mean.findIndex((value) => Number.isFinite(value) && beyond(value));
  return index < 0 ? [] : [[series.optimizer, stepsOf(series)[index] as number]];
}

/** The x-axis of a set of curves, from the first step of all to the last, with about so many labels. */
export function stepAxis(curves: CurveSet, count: number, notation: Notation = 'superscript'): Axis {
  const first = curves.series.map((series) => stepsOf(series)[0] as number);
  const last = curves.series.map((series) => stepsOf(series).at(-1) as number);
  return linearAxis(
    first.reduce((a, b) => Math.min(a, b)),
    last.reduce((a, b) => Math.max(a, b)),
    count,
    notation,
  );
}

/** The y-axis of a set of curves, with about so many labels. */
export function valueAxis(
  { yScale }: CurveSet,
  { low, high }: CurveRange,
  count: number,
  notation: Notation = 'superscript',
): Axis {
  return (yScale === 'log' ? logAxis : linearAxis)(low, high, count, notation);
}
