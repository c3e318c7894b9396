import { parseOptions, type SearchAxis } from '@metadescent/core';
import * as z from 'zod/mini';

/** What a `SearchAxis` must be, with its defaults. */
export const searchAxisSchema = z
  .strictObject({
    /** The option's name, e.g. `learningRate`. */
    name: z.string().check(z.minLength(1)),
    /** `log`: the value is spaced geometrically. `complement`: 1 − value is, for momenta and decays just below 1. */
    scale: z._default(z.enum(['log', 'complement']), 'log'),
    /** The smallest value of the first grid. */
    from: z.number(),
    /** The largest value of the first grid. */
    to: z.number(),
    /** Factor between neighbours of the first grid. √10: two points per decade, before refinement; no source. */
    ratio: z._default(z.number().check(z.minimum(1.05), z.maximum(1000)), Math.sqrt(10)),
    /** Where extensions of the grid stop. */
    minimum: z.number(),
    maximum: z.number(),
  })
  .check(
    z.refine(({ from, to, minimum, maximum }) => minimum <= from && from <= to && to <= maximum, {
      message: 'the order must be minimum ≤ from ≤ to ≤ maximum',
    }),
    z.refine(({ scale, minimum }) => scale !== 'log' || minimum > 0, {
      message: 'a log scale needs minimum > 0',
      path: ['minimum'],
    }),
    z.refine(({ scale, maximum }) => scale !== 'complement' || maximum < 1, {
      message: 'a complement scale needs maximum < 1',
      path: ['maximum'],
    }),
  );

/** A search axis with its defaults filled in. */
export type ParsedAxis = z.output<typeof searchAxisSchema>;

/** @throws UserError naming the caller if there is no axis, an axis is malformed or two have one name. */
export function parseAxes(caller: string, axes: readonly SearchAxis[]): ParsedAxis[] {
  const unique = z.array(searchAxisSchema).check(
    z.minLength(1),
    z.refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      'axes must have different names',
    ),
  );
  return parseOptions(caller, unique, axes);
}

/**
 * The value at `position` steps of `ratio` above `from`; fractions lie between grid points.
 *
 * Rounded to six significant digits (of 1 − value on the complement scale): it prints well, and does not
 * depend on how a platform rounds powers.
 *
 * @example
 * axisValue({ name: 'learningRate', scale: 'log', from: 0.001, to: 1, ratio: 10, minimum: 1e-8, maximum: 1e4 }, 0.5) // => 0.00316228
 */
export function axisValue(axis: ParsedAxis, position: number): number {
  const rounded = (u: number): number => Number(u.toPrecision(6));
  const value =
    axis.scale === 'log'
      ? rounded(axis.from * axis.ratio ** position)
      : // The subtraction has rounding errors of its own, which twelve decimals remove.
        Number((1 - rounded((1 - axis.from) * axis.ratio ** -position)).toFixed(12));
  return Math.min(Math.max(value, axis.minimum), axis.maximum);
}

/** How many steps of `ratio` above `from` this value is; the inverse of `axisValue` but for rounding. */
export function axisPosition(axis: ParsedAxis, value: number): number {
  const steps = axis.scale === 'log' ? Math.log(value / axis.from) : Math.log((1 - axis.from) / (1 - value));
  return steps / Math.log(axis.ratio);
}

/** Whether `position` lies within [minimum, maximum], which are themselves inside but for rounding. */
export function axisAllows(axis: ParsedAxis, position: number): boolean {
  const slack = 1e-6;
  return (
    position >= axisPosition(axis, axis.minimum) - slack &&
    position <= axisPosition(axis, axis.maximum) + slack
  );
}
