import { logRatio, resolvedEnds, type Scale } from './axis-range.js';
import { formatNumber, powerOfTen, type Notation } from './number-format.js';

export interface Tick {
  /** Inside the axis, ends included. */
  readonly value: number;
  /** Says `value` to all the digits that tell it from its neighbours. Empty for a minor tick. */
  readonly label: string;
}

/** One axis with everything decided: what both the SVG and the terminal draw from. */
export interface Axis {
  readonly scale: Scale;
  /** Finite, and above 0 on a log axis. */
  readonly low: number;
  /** Finite, and above `low`. */
  readonly high: number;
  readonly ticks: readonly Tick[];
}

/**
 * Where `value` lies: 0 at the low end, 1 at the high end, outside [0, 1] beyond them; −∞ for what a log axis
 * cannot show.
 */
export function axisFraction({ scale, low, high }: Axis, value: number): number {
  if (scale === 'log') return value <= 0 ? -Infinity : logRatio(value, low) / logRatio(high, low);
  // The extent of an axis over most of the doubles is none itself; half of it is.
  const unit = Number.isFinite(high - low) ? 1 : 0.5;
  return (value * unit - low * unit) / (high * unit - low * unit);
}

/**
 * {@link axisFraction} within a hundred lengths of the axis, so that the slope of a line to far away can
 * still be drawn; NaN stays NaN.
 */
export function drawnFraction(axis: Axis, value: number): number {
  return Math.max(-100, Math.min(100, axisFraction(axis, value)));
}

/**
 * A round number as it is written: coefficient · 10^exponent, so that a tick's value and its label are one
 * number, rounded nowhere.
 */
interface Decimal {
  /** An integer. */
  readonly coefficient: number;
  readonly exponent: number;
}

function valueOf({ coefficient, exponent }: Decimal): number {
  return Number(`${coefficient}e${exponent}`);
}

/**
 * A linear axis over [low, high] with about `count` labelled ticks at multiples of 1, 2 or 5 times a power of
 * ten.
 */
export function linearAxis(
  low: number,
  high: number,
  count: number,
  notation: Notation = 'superscript',
): Axis {
  const [from, to] = resolvedEnds(low, high, 'linear');
  return { scale: 'linear', low: from, high: to, ticks: linearTicks(from, to, count, notation) };
}

/**
 * A log axis over [low, high], 0 < low: labels at powers of ten or, over less than two decades, at 1, 2 and 5
 * times them.
 */
export function logAxis(low: number, high: number, count: number, notation: Notation = 'superscript'): Axis {
  const [from, to] = resolvedEnds(low, high, 'log');
  return { scale: 'log', low: from, high: to, ticks: logTicks(from, to, count, notation) };
}

const MANTISSAS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function logTicks(from: number, to: number, count: number, notation: Notation): Tick[] {
  const decades = Math.log10(to) - Math.log10(from);
  const label = labelOfLog(from, to, notation);
  const ticksAt = (mantissas: readonly number[], labelled: (decimal: Decimal) => boolean): Tick[] =>
    decimalsWithin(from, to, mantissas).map((decimal) => ({
      value: valueOf(decimal),
      label: labelled(decimal) ? label(decimal) : '',
    }));
  if (decades >= 2) {
    // The smallest one that gives at most `count` intervals.
    const stride = 1 + Math.floor(decades / (Math.max(2, count) + 1));
    // Minor ticks only while there is room for nine in a decade.
    const mantissas = stride === 1 && decades <= 5 ? MANTISSAS : [1];
    const ticks = ticksAt(
      mantissas,
      ({ coefficient, exponent }) => coefficient === 1 && exponent % stride === 0,
    );
    return stride > 1 ? ticks.filter((tick) => tick.label !== '') : ticks;
  }
  const labelled = [[1, 2, 5], [1, 2, 3, 5, 7], MANTISSAS].find(
    (mantissas) => decimalsWithin(from, to, mantissas).length >= Math.min(4, count),
  );
  if (labelled === undefined) return linearTicks(from, to, count, notation);
  return ticksAt(MANTISSAS, ({ coefficient }) => labelled.includes(coefficient));
}

/**
 * All mantissa · 10ⁿ in [low, high], increasing. Of the decimals that are one and the same subnormal double
 * it keeps the nearest.
 */
function decimalsWithin(low: number, high: number, mantissas: readonly number[]): Decimal[] {
  const first = Math.floor(Math.log10(low)) - 1;
  const decades = Math.ceil(Math.log10(high)) + 1 - first;
  return Array.from({ length: decades + 1 }, (_, i) => first + i).flatMap((exponent) =>
    mantissas
      .map((coefficient) => ({ coefficient, exponent }))
      .filter((decimal) => {
        const value = valueOf(decimal);
        const [nearest, power] = value.toExponential(0).split('e').map(Number);
        return value >= low && value <= high && nearest === decimal.coefficient && power === exponent;
      }),
  );
}

/** Plain decimals if they stay short over the whole axis, else powers throughout: one axis, one notation. */
function labelOfLog(low: number, high: number, notation: Notation): (decimal: Decimal) => string {
  if (low >= 0.9e-3 && high < 2e4) return (decimal) => String(valueOf(decimal));
  return ({ coefficient, exponent }) => {
    if (notation === 'exponent') return `${coefficient}e${exponent}`;
    return coefficient === 1 ? powerOfTen(exponent) : `${coefficient}×${powerOfTen(exponent)}`;
  };
}

function linearTicks(from: number, to: number, count: number, notation: Notation): Tick[] {
  const spacing = tickSpacing(from, to, count);
  const largest = Math.max(Math.abs(from), Math.abs(to));
  return multiplesWithin(from, to, spacing).map((decimal) => ({
    value: valueOf(decimal),
    label: linearLabel(decimal, largest, notation),
  }));
}

function linearLabel(decimal: Decimal, largest: number, notation: Notation): string {
  const value = valueOf(decimal);
  if (value === 0) return '0';
  if (largest >= 1e5 || largest < 1e-3) {
    // Down to the place in which neighbours differ.
    const digits = String(Math.abs(decimal.coefficient)).length;
    return formatNumber(value, Math.max(2, digits), notation);
  }
  const text = value.toFixed(Math.max(0, -decimal.exponent));
  return notation === 'superscript' ? text.replace('-', '−') : text;
}

/**
 * 1, 2 or 5 times a power of ten, the widest that gives at most `count` intervals; finer where fewer than two
 * ticks would fall inside.
 */
function tickSpacing(from: number, to: number, count: number): Decimal {
  const rough = Math.max(Number.MIN_VALUE, to / Math.max(1, count) - from / Math.max(1, count));
  const exponent = Math.floor(Math.log10(rough));
  const steps = [exponent - 1, exponent, exponent + 1]
    .flatMap((e) => [1, 2, 5].map((coefficient): Decimal => ({ coefficient, exponent: e })))
    // Below the smallest double there is no step, and above the largest one none is needed.
    .filter((step) => valueOf(step) > 0 && Number.isFinite(valueOf(step)));
  const enough = steps.findIndex((step) => valueOf(step) >= rough * (1 - 1e-9));
  const wideEnough = enough < 0 ? steps : steps.slice(0, enough + 1);
  return wideEnough.findLast((step) => multiplesWithin(from, to, step).length > 1) ?? (steps[0] as Decimal);
}

/**
 * The multiples of a spacing in [from, to], increasing. Their number is that of the axis's extents in the
 * spacing.
 */
function multiplesWithin(from: number, to: number, spacing: Decimal): Decimal[] {
  const step = valueOf(spacing);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i): Decimal => ({
    ...spacing,
    coefficient: (first + i) * spacing.coefficient,
  })).filter((decimal) => valueOf(decimal) >= from && valueOf(decimal) <= to);
}
