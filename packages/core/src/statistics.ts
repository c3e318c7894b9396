import { checkArgument } from './check-argument.js';
import type { Key } from './key.js';

/** A mean curve with its uncertainty over repetitions (seeds, held-out optimizees). */
export interface CurveSummary {
  /** Mean over the finite repetitions, per step [T + 1]. */
  readonly mean: number[];
  /** Standard error of that mean: sample standard deviation / √(finite count) [T + 1]. */
  readonly standardError: number[];
  /** How many repetitions were finite, per step [T + 1]: the others are counted here, never replaced. */
  readonly count: number[];
}

/**
 * Arithmetic mean; NaN for an empty list.
 *
 * @throws UserError if `values` is no list.
 */
export function mean(values: ArrayLike<number>): number {
  checkList('mean', 'the values', values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/**
 * Sample standard deviation over √n: the standard error of the mean; NaN for fewer than two values.
 *
 * @throws UserError if `values` is no list.
 */
export function standardError(values: ArrayLike<number>): number {
  checkList('standardError', 'the values', values);
  const m = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - m) ** 2;
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** The middle value, the mean of the two middle ones of an even number; NaN for an empty list. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** An estimate with its standard error. */
export interface Estimate {
  readonly value: number;
  /** NaN for fewer than two repetitions. */
  readonly standardError: number;
}

/**
 * The mean of x_i − y_i over repetitions that x and y share, with its standard error: what is hard for both
 * drops out.
 *
 * @throws RangeError if the lists differ in length.
 * @example
 * pairedDifference([3, 5], [1, 2]) // => { value: 2.5, standardError: 0.5 }
 */
export function pairedDifference(x: ArrayLike<number>, y: ArrayLike<number>): Estimate {
  checkPairs('pairedDifference', x, y);
  const differences = Array.from(x, (value, i) => value - (y[i] as number));
  return { value: mean(differences), standardError: standardError(differences) };
}

/**
 * r = x̄/ȳ over repetitions that x and y share, with its standard error by the delta method,
 *
 *     sd(x − r y) / (|ȳ| √n)
 *
 * @throws RangeError if the lists differ in length.
 * @example
 * ratioOfMeans([1, 2, 3], [2, 4, 6]) // => { value: 0.5, standardError: 0 }
 */
export function ratioOfMeans(x: ArrayLike<number>, y: ArrayLike<number>): Estimate {
  checkPairs('ratioOfMeans', x, y);
  const denominator = mean(y);
  const value = mean(x) / denominator;
  const residuals = Array.from(x, (numerator, i) => numerator - value * (y[i] as number));
  return { value, standardError: standardError(residuals) / Math.abs(denominator) };
}

/** An estimate with the ends of its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The interquartile mean, the mean of the middle half of the values, with a 95 % interval by the percentile
 * bootstrap (Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice",
 * §4): less moved by single repetitions than the mean, and surer than the median.
 *
 * Where n is not divisible by 4 the outermost values that count, count in part. A value that is infinite and
 * in the middle half makes the mean infinite.
 *
 * @param key source of the resamples: the same key gives the same interval
 * @param resamples 2000: the ends then vary in the third digit
 * @throws RangeError if there are no values, or a value is NaN.
 */
export function interquartileMean(values: ArrayLike<number>, key: Key, resamples = 2000): Interval {
  const n = values.length;
  if (n === 0 || Array.from(values).some(Number.isNaN))
    throw new RangeError('interquartileMean: there must be values, and none of them NaN');
  const drawn = new Float64Array(resamples);
  const resample = new Float64Array(n);
  for (let b = 0; b < resamples; b++) {
    const places = key.fold(b).uniform(n);
    for (let i = 0; i < n; i++)
      resample[i] = values[Math.min(n - 1, Math.floor((places[i] as number) * n))] as number;
    drawn[b] = middleHalf(resample);
  }
  drawn.sort();
  const quantile = (p: number): number => drawn[Math.round(p * (resamples - 1))] as number;
  return { value: middleHalf(Float64Array.from(values)), low: quantile(0.025), high: quantile(0.975) };
}

/** The mean of what lies between the quartiles; sorts its argument. */
function middleHalf(values: Float64Array): number {
  values.sort();
  const [n, cut] = [values.length, values.length / 4];
  let sum = 0;
  for (let i = 0; i < n; i++) {
    // The share of [i, i + 1) that lies in [n/4, 3n/4].
    const weight = Math.min(i + 1, n - cut) - Math.max(i, cut);
    if (weight > 0) sum += weight * (values[i] as number);
  }
  return sum / (n - 2 * cut);
}

function checkPairs(caller: string, x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length)
    throw new RangeError(
      `${caller}: both lists must be of one length, but have ${x.length} and ${y.length} values; give one value of each per repetition`,
    );
}

/**
 * Mean and standard error per step over repetitions [repetitions][T + 1].
 *
 * @example
 * summariseCurves([[1, 2], [3, 4]]).mean // => [2, 3]
 */
export function summariseCurves(curves: readonly ArrayLike<number>[]): CurveSummary {
  checkList('summariseCurves', 'the curves', curves);
  const length = curves[0]?.length ?? 0;
  const summary: CurveSummary = { mean: [], standardError: [], count: [] };
  for (let t = 0; t < length; t++) {
    const values = curves.map((curve) => curve[t] as number).filter(Number.isFinite);
    summary.mean.push(mean(values));
    summary.standardError.push(standardError(values));
    summary.count.push(values.length);
  }
  return summary;
}

function checkList(caller: string, argument: string, list: unknown): void {
  checkArgument(caller, argument, list, ['length'], 'pass an array or a typed array');
}
