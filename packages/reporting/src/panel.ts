import { finite } from './axis-range.js';
import { drawnFraction, type Axis } from './axis.js';
import { rangeOf, stepAxis, valueAxis, type CurveRange } from './curve-axes.js';
import { lastFiniteIndex, stepsOf, type CurveSet, type ReferenceLine } from './curve-set.js';
import type { LineStyle } from './line-style.js';

/** Pixels. The frame is fixed, so that nothing depends on how wide a machine's fonts are. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** One line of a panel: NaN is a gap. All arrays have the same length [n]. */
export interface PanelLine {
  readonly name: string;
  readonly style: LineStyle;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Edges of the band; NaN where there is none. */
  readonly bandLow?: readonly number[];
  readonly bandHigh?: readonly number[];
}

/** One pair of axes and what is drawn in it, whatever it is about. */
export interface Panel {
  readonly xLabel: string;
  readonly yLabel: string;
  readonly x: Axis;
  readonly y: Axis;
  /** In drawing order: the last one lies on top. */
  readonly lines: readonly PanelLine[];
  readonly referenceLines: readonly ReferenceLine[];
}

/** The place of a mark in a panel. */
export interface PanelPoint {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

/**
 * Extra marks: where a line leaves at the top, where it ends before its series does, and finite values
 * between two gaps.
 */
export interface PanelMarks {
  readonly exits: readonly PanelPoint[];
  readonly ends: readonly PanelPoint[];
  readonly lone: readonly PanelPoint[];
}

/**
 * The panel of a set of curves: hand-made optimizers below, learned ones on top, bands of mean ± standard
 * error whose lower edge stops at the axis's own low end where it would pass zero on a log axis.
 */
export function curvePanel(
  curves: CurveSet,
  styles: ReadonlyMap<string, LineStyle>,
  ticks: { readonly x: number; readonly y: number },
  range: CurveRange = rangeOf(curves),
): Panel {
  const [x, y] = [stepAxis(curves, ticks.x), valueAxis(curves, range, ticks.y)];
  const order = [...curves.series].sort(
    (a, b) => Number(a.kind === 'learned') - Number(b.kind === 'learned'),
  );
  const lines = order.map((series): PanelLine => {
    const { mean, standardError } = series;
    const line = {
      name: series.optimizer,
      style: styles.get(series.optimizer) as LineStyle,
      x: stepsOf(series),
      y: mean.map((value) => onAxis(y, value)),
    };
    if (!standardError) return line;
    const edge = (sign: number): number[] =>
      mean.map((m, i) => bandEdge(y, m, sign * (standardError[i] as number)));
    return { ...line, bandLow: edge(-1), bandHigh: edge(1) };
  });
  return { xLabel: curves.xLabel, yLabel: curves.yLabel, x, y, lines, referenceLines: curves.referenceLines };
}

/** Values that the axis cannot show become gaps. */
function onAxis(axis: Axis, value: number): number {
  return !Number.isFinite(value) || (axis.scale === 'log' && value <= 0) ? NaN : value;
}

function bandEdge(axis: Axis, mean: number, error: number): number {
  if (Number.isNaN(onAxis(axis, mean)) || !Number.isFinite(error)) return NaN;
  const edge = finite(mean + error);
  if (axis.scale === 'linear') return edge;
  return Math.max(edge, Math.min(axis.low, mean) / 2, Number.MIN_VALUE);
}

/** See {@link PanelMarks}. */
export function panelMarks(panel: Panel): PanelMarks {
  const exits: PanelPoint[] = [];
  const ends: PanelPoint[] = [];
  const lone: PanelPoint[] = [];
  for (const { x, y, style } of panel.lines) {
    const at = (i: number): PanelPoint => ({ x: x[i] as number, y: y[i] as number, colour: style.colour });
    y.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      if (value > panel.y.high) {
        const before = y[i - 1] ?? NaN;
        if (before <= panel.y.high) exits.push({ ...at(i), x: crossing(panel.y, x, y, i), y: panel.y.high });
        else if (i === 0 || Number.isNaN(before)) exits.push({ ...at(i), y: panel.y.high });
      } else if (
        value >= panel.y.low &&
        !Number.isFinite(y[i - 1] ?? NaN) &&
        !Number.isFinite(y[i + 1] ?? NaN)
      ) {
        lone.push(at(i));
      }
    });
    const last = lastFiniteIndex(y);
    const shown = last >= 0 && (y[last] as number) <= panel.y.high && (y[last] as number) >= panel.y.low;
    if (shown && last < y.length - 1) ends.push(at(last));
  }
  return { exits, ends, lone };
}

/** Where the line from point i − 1 to point i passes the top of the axis. */
function crossing(axis: Axis, x: readonly number[], y: readonly number[], i: number): number {
  const [before, after] = [drawnFraction(axis, y[i - 1] as number), drawnFraction(axis, y[i] as number)];
  const share = after > before ? (1 - before) / (after - before) : 1;
  return (1 - share) * (x[i - 1] as number) + share * (x[i] as number);
}

/**
 * Thins a long line to about `limit` points: of every bucket of neighbours the lowest, the highest and, so
 * that gaps stay gaps, the first missing one are kept; both ends always are.
 *
 * @returns increasing indices into `y`
 */
export function thinned(y: readonly number[], limit: number): number[] {
  if (y.length <= limit) return y.map((_, i) => i);
  const kept = new Set<number>([0, y.length - 1]);
  const buckets = Math.max(1, Math.floor(limit / 2));
  for (let b = 0; b < buckets; b++) {
    let lowest = -1;
    let highest = -1;
    let missing = -1;
    const end = Math.floor(((b + 1) * y.length) / buckets);
    for (let i = Math.floor((b * y.length) / buckets); i < end; i++) {
      const value = y[i] as number;
      if (!Number.isFinite(value)) {
        if (missing < 0) missing = i;
      } else {
        if (lowest < 0 || value < (y[lowest] as number)) lowest = i;
        if (highest < 0 || value > (y[highest] as number)) highest = i;
      }
    }
    for (const i of [lowest, highest, missing]) if (i >= 0) kept.add(i);
  }
  return [...kept].sort((a, b) => a - b);
}
