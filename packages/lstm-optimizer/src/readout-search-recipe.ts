import { parseOptions } from '@metadescent/core';
import * as z from 'zod/mini';

/**
 * How the readout of a trained rule, and the constants of its nominal step, are searched for (see
 * `searchReadout`).
 */
export const readoutSearchSchema = z.strictObject({
  /** Steps of a rollout. */
  horizon: z._default(z.int().check(z.minimum(1)), 100),
  generations: z._default(z.int().check(z.minimum(1)), 100),
  /** Candidates per generation; Hansen's default is 4 + ⌊3 ln d⌋, 13 for 23 dimensions. */
  population: z._default(z.int().check(z.minimum(4)), 12),
  /** Rollouts per candidate: the same optimizees, starts and mini-batches for all candidates of a generation. */
  rollouts: z._default(z.int().check(z.minimum(1)), 10),
  /**
   * What is minimised: f(θ_T) + meanWeight · mean_t f̂(θ_t). The second part has less noise and keeps the
   * start fast.
   */
  meanWeight: z._default(z.number().check(z.minimum(0)), 0.05),
  /** The readout of the start times this is where the search begins: less than 1 makes room for a nominal step. */
  readoutScale: z._default(z.number().check(z.positive()), 1),
  /** Standard deviation of the first candidates: of the readout weights, in units of their root mean square… */
  readoutDeviation: z._default(z.number().check(z.positive()), 0.02),
  /** … and of ln η and ln(1 − μ) of a nominal step. */
  nominalDeviation: z._default(z.number().check(z.positive()), 0.15),
  /** Generations between two validations of the distribution's mean. */
  validationEvery: z._default(z.int().check(z.minimum(1)), 5),
  /** Held-out rollouts of a validation. */
  validationRollouts: z._default(z.int().check(z.minimum(1)), 32),
});

/** A validated recipe. */
export type ReadoutSearchRecipe = z.infer<typeof readoutSearchSchema>;

/**
 * A recipe from what its user writes: what is left out has its default.
 *
 * @throws UserError naming every field that breaks a rule.
 */
export function parseReadoutSearch(input: z.input<typeof readoutSearchSchema> = {}): ReadoutSearchRecipe {
  return parseOptions('parseReadoutSearch', readoutSearchSchema, input);
}
