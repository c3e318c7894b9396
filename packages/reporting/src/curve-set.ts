import { z } from 'zod';
import { recordedNumber } from './recorded-number.js';

/** Whether the update rule was trained or written by hand; learned ones are drawn thick and solid. */
export const optimizerKind = z.enum(['learned', 'hand-made']);
export type OptimizerKind = z.infer<typeof optimizerKind>;

const curveSeries = z
  .object({
    /** The name that the optimizer has everywhere; it decides the colour. */
    optimizer: z.string().min(1),
    kind: optimizerKind,
    /** Mean over the repetitions, per step; a non-finite entry is drawn as a gap [T + 1]. */
    mean: z.array(recordedNumber).min(1, 'a series needs at least one value').readonly(),
    /** Standard error of the mean; where it is missing or not finite there is no band [T + 1]. */
    standardError: z.array(recordedNumber).readonly().optional(),
    /** Repetitions behind the mean, or how many of them were finite at each step [T + 1]. */
    count: z.union([z.number().int().min(0), z.array(z.number().int().min(0)).readonly()]).optional(),
    /** Where the values belong on the x-axis, increasing. Default 0 … T [T + 1]. */
    steps: z.array(z.number()).readonly().optional(),
  })
  .superRefine((series, context) => {
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
  });

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
  title: z.string().min(1),
  subtitle: z.string().optional(),
  xLabel: z.string().default('step'),
  yLabel: z.string().default('true objective'),
  yScale: z.enum(['log', 'linear']).default('log'),
  series: z
    .array(curveSeries)
    .min(1, 'a set of curves needs at least one series')
    .superRefine((series, context) => {
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
    })
    .readonly(),
  referenceLines: z.array(referenceLine).readonly().default([]),
  /** Sentences for the caption. */
  notes: z.array(z.string()).readonly().default([]),
  /** The published figure that this one answers, e.g. `Andrychowicz et al. 2016, figure 4`. */
  reference: z.string().optional(),
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

/** Best final value first; series without one come last, those that lasted longer before the others. Ties keep their order. */
export function byFinalValue(series: readonly CurveSeries[]): CurveSeries[] {
  const rank = (s: CurveSeries): number => (Number.isNaN(finalMean(s)) ? Infinity : finalMean(s));
  return [...series].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? lastFiniteIndex(b.mean) - lastFiniteIndex(a.mean) : x - y;
  });
}
