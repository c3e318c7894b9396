import * as z from 'zod/mini';

/**
 * How a number may stand in a record: JSON has neither NaN nor infinities, so `null` is NaN and the
 * infinities are spelled out.
 */
export type RecordedNumber = number | null | 'Infinity' | '-Infinity';

/** A number that may be non-finite, as JavaScript or as JSON has it. */
export const recordedNumber = z.pipe(
  z.custom<RecordedNumber>(
    (value) => typeof value === 'number' || value === null || value === 'Infinity' || value === '-Infinity',
    { error: 'expected a number, null for a missing one, "Infinity" or "-Infinity"' },
  ),
  z.transform((value): number => (value === null ? NaN : Number(value))),
);

/**
 * JSON of any of this package's records: keys in the order given, NaN as `null`, infinities as strings; the
 * schemas read it back.
 *
 * @example
 * toJson({ mean: [1, NaN, Infinity] }, 0) // => '{"mean":[1,null,"Infinity"]}'
 */
export function toJson(record: unknown, indent = 2): string {
  return JSON.stringify(
    record,
    (_key, value: unknown) => (value === Infinity || value === -Infinity ? String(value) : value),
    indent,
  );
}
