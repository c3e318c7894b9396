export type Scale = 'log' | 'linear';

/** ln(a / b) of positive numbers, exact where the quotient overflows and where it is nearly 1. */
export function logRatio(a: number, b: number): number {
  const ratio = a / b;
  if (ratio > 0.5 && ratio < 2) return Math.log1p((a - b) / b);
  return ratio > 0 && Number.isFinite(ratio) ? Math.log(ratio) : Math.log(a) - Math.log(b);
}

/** The nearest finite double. */
export function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/**
 * Ends that agree to this share are one value: the labels that tell them apart would be longer than the
 * figure has room for.
 */
const RESOLUTION = 1e-6;

/**
 * An axis needs an extent even where all values are equal: a tenth of them to either side or, on a log axis,
 * a factor of two.
 */
export function resolvedEnds(low: number, high: number, scale: Scale): [number, number] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > RESOLUTION * largest) return [low, high];
  if (scale === 'log') return [Math.max(Number.MIN_VALUE, low / 2), finite(high * 2)];
  const half = largest === 0 ? 1 : Math.max(Number.MIN_VALUE, largest / 10);
  return [finite(low - half), finite(high + half)];
}

/** [low, high] with air at both ends: 4 % of the extent or, on a log axis, 3 % of the decades. */
export function paddedRange(low: number, high: number, scale: Scale): [number, number] {
  if (scale === 'log') {
    const factor = Math.exp(0.03 * logRatio(high, low));
    return [Math.max(Number.MIN_VALUE, low / factor), finite(high * factor)];
  }
  const margin = 0.04 * high - 0.04 * low;
  return [finite(low - margin), finite(high + margin)];
}
