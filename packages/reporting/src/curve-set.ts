import * as z from 'zod/mini';
import { ownStyleSchema } from './line-style.js';
import { recordedNumber } from './recorded-number.js';

/** Whether the update rule was trained or written by hand; learned ones are drawn thick. */
export const optimizerKind = z.enum(['learned', 'hand-made']);
export type OptimizerKind = z.infer<typeof optimizerKind>;

const curveSeries = z
  .object({
    /** The name that the optimizer has everywhere; it decides the colour. */
    optimizer: z.string().check(z.minLength(1)),
    kind: optimizerKind,
    /** Mean over the repetitions, per step; a non-finite entry is drawn as a gap [T + 1]. */
    mean: z.readonly(z.array(recordedNumber).check(z.minLength(1, 'a series needs at least one value'))),
    /** Standard error of the mean; where it is missing or not finite there is no band [T + 1]. */
    standardError: z.optional(z.readonly(z.array(recordedNumber))),
    /** Repetitions behind the mean, or how many of them were finite at each step [T + 1]. */
    count: z.optional(
      z.union([z.int().check(z.minimum(0)), z.readonly(z.array(z.int().check(z.minimum(0))))]),
    ),
    /** A look of its own; what is left out is chosen by the name. */
    style: z.optional(ownStyleSchema),
    /** Where the values belong on the x-axis, increasing. Default 0 … T [T + 1]. */
    steps: z.optional(z.readonly(z.array(z.number()))),
  })
  .check(
    z.superRefine((series, context) => {
      const length = series.mean.length;
      for (const field of ['standardError', 'count', 'steps'] as const) {
        const values = series[field];
        if (Array.isArray(values) && values.length !== length) {
          context.addIssue({
            code: 'custom',
            path: [field],
            message: `has ${values.length} entries, but the mean of "${series.optimizer}" has ${length}`,
          });
        }
      }
      if (series.steps?.some((step, i, steps) => i > 0 && step <= (steps[i - 1] as number))) {
        context.addIssue({ code: 'custom', path: ['steps'], message: 'must increase from entry to entry' });
      }
    }),
  );

/** One optimizer's mean curve with its uncertainty. `summariseCurves` of core gives the three arrays. */
export type CurveSeries = z.infer<typeof curveSeries>;

const referenceLine = z.object({
  axis: z.enum(['x', 'y']),
  value: z.number(),
  label: z.string(),
});

/** A line to compare with: a published value (y) or the horizon that meta-training saw (x). */
export type ReferenceLine = z.infer<typeof referenceLine>;

/** Schema of {@link CurveSet}. */
export const curveSetSchema = z.object({
  title: z.string().check(z.minLength(1)),
  subtitle: z.optional(z.string()),
  xLabel: z._default(z.string(), 'step'),
  yLabel: z._default(z.string(), 'true objective'),
  yScale: z._default(z.enum(['log', 'linear']), 'log'),
  series: z.readonly(
    z.array(curveSeries).check(
      z.minLength(1, 'a set of curves needs at least one series'),
      z.superRefine((series, context) => {
        const seen = new Set<string>();
        series.forEach(({ optimizer }, i) => {
          if (seen.has(optimizer)) {
            context.addIssue({
              code: 'custom',
              path: [i, 'optimizer'],
              message: `"${optimizer}" is there twice`,
            });
          }
          seen.add(optimizer);
        });
      }),
    ),
  ),
  referenceLines: z._default(z.readonly(z.array(referenceLine)), []),
  /** Sentences for the caption. */
  notes: z._default(z.readonly(z.array(z.string())), []),
  /** The published figure that this one answers, e.g. `Andrychowicz et al. 2016, figure 4`. */
  reference: z.optional(z.string()),
});

/** Curves of several optimizers on one experiment, after parsing. */
export type CurveSet = z.output<typeof curveSetSchema>;
/** A {@link CurveSet} as it may be written: defaults left out, non-finite values as in JSON. */
export type CurveSetInput = z.input<typeof curveSetSchema>;

/** Steps of a series: those given, or 0 … T [T + 1]. */
export function stepsOf(series: CurveSeries): readonly number[] {
  return series.steps ?? series.mean.map((_, i) => i);
}

/** The mean at the last step; NaN where the series has no finite value there. */
export function finalMean(series: CurveSeries): number {
  const value = series.mean[series.mean.length - 1] as number;
  return Number.isFinite(value) ? value : NaN;
}

/** Index of the last finite mean, or −1. */
export function lastFiniteIndex(values: readonly number[]): number {
  return values.findLastIndex(Number.isFinite);
}

/**
 * Best final value first; series without one come last, those that lasted longer before the others. Ties keep
 * their order.
 */
export function byFinalValue(series: readonly CurveSeries[]): CurveSeries[] {
  const rank = (s: CurveSeries): number => (Number.isNaN(finalMean(s)) ? Infinity : finalMean(s));
  return [...series].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? lastFiniteIndex(b.mean) - lastFiniteIndex(a.mean) : x - y;
  });
}
