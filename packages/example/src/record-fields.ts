import * as z from 'zod/mini';

/** A number that may be NaN or infinite. */
export const anyNumber = z.custom<number>(
  (value) => typeof value === 'number',
  'expected a number, "NaN", "Infinity" or "-Infinity"',
);

/** How many there are of something. */
export const count = z.int().check(z.nonnegative());

export const text = z.string();

/** A name that tables and legends show. */
export const name = z.string().check(z.minLength(1, 'expected a name, but it is empty'));

export const optimizerKind = z.enum(['learned', 'hand-made']);

/**
 * A mean over repetitions, its standard error, and how many repetitions were finite, per step: see
 * `summariseCurves`.
 */
export const curveFields = {
  mean: z.array(anyNumber),
  standardError: z.array(anyNumber),
  count: z.array(count),
};

/** What ran, when the engine is said elsewhere. */
export const runFields = {
  seed: z.int(),
  wallTimeSeconds: z.number().check(z.nonnegative()),
  /** The command line that does it again. */
  command: text,
};

/** A rule between fields, as an issue at `path`; give it to `.check` of the object that holds them. */
export function rule<T>(
  broken: (record: T) => Iterable<{ readonly path: PropertyKey[]; readonly message: string }>,
): z.core.CheckFn<T> {
  return ({ value, issues }) => {
    for (const { path, message } of broken(value))
      issues.push({ code: 'custom', path, message, input: value });
  };
}

/** The issue of a list that has not as many entries as it must, for `rule`. */
export function* wrongLength(path: PropertyKey[], list: readonly unknown[], wanted: number, why: string) {
  if (list.length !== wanted)
    yield { path, message: `has ${list.length} entries, but ${wanted} are needed: ${why}` };
}
