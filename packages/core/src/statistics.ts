import { checkArgument } from './check-argument.js';

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
