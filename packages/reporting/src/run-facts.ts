import * as z from 'zod/mini';

/** Schema of {@link RunFacts}. */
export const runFactsSchema = z.object({
  /** Which kernels ran, e.g. `native avx512` (`KernelEngine.detail`). */
  engine: z.string(),
  /** Package or program to version. */
  versions: z._default(z.record(z.string(), z.string()), {}),
  seed: z.int(),
  wallTimeSeconds: z.number().check(z.minimum(0)),
  /** The command line that repeats the run. */
  command: z.string(),
  machine: z.optional(z.string()),
  /** Given by the caller: this package has no clock. */
  date: z.optional(z.string()),
  /** Anything else worth knowing, e.g. `workers`. */
  more: z._default(z.record(z.string(), z.string()), {}),
});

/** What ran, on what, and how to run it again. */
export type RunFacts = z.output<typeof runFactsSchema>;
export type RunFactsInput = z.input<typeof runFactsSchema>;

const outcomeCount = z.int().check(z.minimum(0));

/** Schema of {@link OutcomeCounts}. */
export const outcomeCountsSchema = z.object({
  title: z._default(z.string(), 'How the runs ended'),
  rows: z.readonly(
    z
      .array(
        z.object({
          optimizer: z.string(),
          finished: outcomeCount,
          nonFinite: outcomeCount,
          diverged: outcomeCount,
        }),
      )
      .check(z.minLength(1, 'outcomes need at least one optimizer')),
  ),
});

/**
 * How many runs of each optimizer finished, met a non-finite value, or diverged (the outcomes of core's
 * `rollout`).
 */
export type OutcomeCounts = z.output<typeof outcomeCountsSchema>;
export type OutcomeCountsInput = z.input<typeof outcomeCountsSchema>;
