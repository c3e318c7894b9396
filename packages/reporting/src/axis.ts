import { formatNumber, powerOfTen, type Notation } from './number-format.js';

export interface Tick {
  readonly value: number;
  /** Empty for a minor tick. */
  readonly label: string;
}

/** One axis with everything decided: what both the SVG and the terminal draw from. */
export interface Axis {
  readonly scale: 'log' | 'linear';
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
}

/** Where `value` lies: 0 at the low end, 1 at the high end, outside [0, 1] beyond them; −∞ for what a log axis cannot show. */
export function axisFraction(axis: Axis, value: number): number {
  if (axis.scale === 'linear') return (value - axis.low) / (axis.high - axis.low);
  if (value <= 0) return -Infinity;
  return Math.log(value / axis.low) / Math.log(axis.high / axis.low);
}

/** A linear axis over [low, high] with about `count` labelled ticks at multiples of 1, 2 or 5 times a power of ten. */
export function linearAxis(
  low: number,
  high: number,
  count: number,
  notation: Notation = 'superscript',
): Axis {
  const [from, to] = low < high ? [low, high] : widened(low);
  const spacing = tickSpacing(from, to, count);
  const decimals = Math.max(0, -Math.floor(Math.log10(spacing) + 1e-9));
  const [first, last] = multiplesWithin(from, to, spacing);
  const ticks: Tick[] = [];
  for (let i = first; i <= last; i++) {
    const value = Number((i * spacing).toPrecision(12));
    ticks.push({
      value,
      label: linearLabel(value, decimals, Math.max(Math.abs(from), Math.abs(to)), notation),
    });
  }
  return { scale: 'linear', low: from, high: to, ticks };
}

/** A log axis over [low, high], 0 < low: labels at powers of ten or, over less than two decades, at 1, 2 and 5 times them. */
export function logAxis(low: number, high: number, count: number, notation: Notation = 'superscript'): Axis {
  const [from, to] = low < high ? [low, high] : [low / 2, low * 2];
  const decades = Math.log10(to / from);
  const label = labelOfLog(from, to, notation);
  let ticks: Tick[];
  if (decades >= 2) {
    // The smallest one that gives at most `count` intervals.
    const stride = 1 + Math.floor(decades / (Math.max(2, count) + 1));
    // Minor ticks only while there is room for nine in a decade.
    const minors = stride === 1 && decades <= 5 ? [2, 3, 4, 5, 6, 7, 8, 9] : [];
    ticks = logTicks(from, to, [1, ...minors], (m, e) =>
      m === 1 && e % stride === 0 ? label(m * 10 ** e) : '',
    );
    if (stride > 1) ticks = ticks.filter((tick) => tick.label !== '');
  } else {
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const labelled = [[1, 2, 5], [1, 2, 3, 5, 7], all].find(
      (mantissas) => logTicks(from, to, mantissas, () => '').length >= Math.min(4, count),
    );
    if (labelled === undefined)
      return { ...linearAxis(from, to, count, notation), scale: 'log', low: from, high: to };
    ticks = logTicks(from, to, all, (m, e) => (labelled.includes(m) ? label(m * 10 ** e) : ''));
  }
  return { scale: 'log', low: from, high: to, ticks };
}

function logTicks(
  low: number,
  high: number,
  mantissas: readonly number[],
  label: (mantissa: number, exponent: number) => string,
): Tick[] {
  const ticks: Tick[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of mantissas) {
      const value = Number(`${m}e${e}`);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push({ value, label: label(m, e) });
    }
  }
  return ticks;
}

/** Plain decimals if they stay short over the whole axis, else powers throughout: one axis, one notation. */
function labelOfLog(low: number, high: number, notation: Notation): (value: number) => string {
  if (low >= 0.9e-3 && high < 2e4) return (value) => String(Number(value.toPrecision(3)));
  return (value) => {
    const exponent = Math.floor(Math.log10(value) + 1e-9);
    const mantissa = Math.round(value / 10 ** exponent);
    if (notation === 'exponent') return `${mantissa}e${exponent}`;
    return mantissa === 1 ? powerOfTen(exponent) : `${mantissa}×${powerOfTen(exponent)}`;
  };
}

function linearLabel(value: number, decimals: number, largest: number, notation: Notation): string {
  if (value === 0) return '0';
  if (largest >= 1e5 || largest < 1e-3) return formatNumber(value, 2, notation);
  const text = value.toFixed(decimals);
  return notation === 'superscript' ? text.replace('-', '−') : text;
}

/** 1, 2 or 5 times a power of ten, the widest that gives at most `count` intervals; finer where fewer than two ticks would fall inside. */
function tickSpacing(from: number, to: number, count: number): number {
  const rough = (to - from) / Math.max(1, count);
  const exponent = Math.floor(Math.log10(rough));
  const steps = [exponent - 1, exponent]
    .flatMap((e) => [1, 2, 5].map((m) => Number(`${m}e${e}`)))
    .concat(Number(`1e${exponent + 1}`));
  const enough = steps.findIndex((step) => step >= rough * (1 - 1e-9));
  const fits = (step: number): boolean => {
    const [first, last] = multiplesWithin(from, to, step);
    return last > first;
  };
  return steps.slice(0, enough + 1).findLast(fits) ?? (steps[0] as number);
}

/** The first and the last multiple of `spacing` in [from, to], as factors. */
function multiplesWithin(from: number, to: number, spacing: number): [number, number] {
  return [Math.ceil(from / spacing - 1e-9), Math.floor(to / spacing + 1e-9)];
}

/** An axis needs an extent even where all values are equal. */
function widened(value: number): [number, number] {
  const half = value === 0 ? 1 : Math.abs(value) / 10;
  return [value - half, value + half];
}
