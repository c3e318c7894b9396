import { z } from 'zod';

/** Schema of {@link RunFacts}. */
export const runFactsSchema = z.object({
  /** Which kernels ran, e.g. `native avx512` (`KernelEngine.detail`). */
  engine: z.string(),
  /** Package or program to version. */
  versions: z.record(z.string(), z.string()).default({}),
  seed: z.number().int(),
  wallTimeSeconds: z.number().min(0),
  /** The command line that repeats the run. */
  command: z.string(),
  machine: z.string().optional(),
  /** Given by the caller: this package has no clock. */
  date: z.string().optional(),
  /** Anything else worth knowing, e.g. `workers`. */
  more: z.record(z.string(), z.string()).default({}),
});

/** What ran, on what, and how to run it again. */
export type RunFacts = z.output<typeof runFactsSchema>;
export type RunFactsInput = z.input<typeof runFactsSchema>;

const outcomeCount = z.number().int().min(0);

/** Schema of {@link OutcomeCounts}. */
export const outcomeCountsSchema = z.object({
  title: z.string().default('How the runs ended'),
  rows: z
    .array(
      z.object({
        optimizer: z.string(),
        finished: outcomeCount,
        nonFinite: outcomeCount,
        diverged: outcomeCount,
      }),
    )
    .min(1, 'outcomes need at least one optimizer')
    .readonly(),
});

/** How many runs of each optimizer finished, met a non-finite value, or diverged (the outcomes of core's `rollout`). */
export type OutcomeCounts = z.output<typeof outcomeCountsSchema>;
export type OutcomeCountsInput = z.input<typeof outcomeCountsSchema>;
