import { z } from 'zod';

/** How the readout of a trained rule, and the constants of its nominal step, are searched for (see `searchReadout`). */
export const readoutSearchSchema = z.strictObject({
  /** Steps of a rollout. */
  horizon: z.int().min(1).default(100),
  generations: z.int().min(1).default(100),
  /** Candidates per generation; Hansen's default is 4 + ⌊3 ln d⌋, 13 for 23 dimensions. */
  population: z.int().min(4).default(12),
  /** Rollouts per candidate: the same optimizees, starts and mini-batches for all candidates of a generation. */
  rollouts: z.int().min(1).default(10),
  /** What is minimised: f(θ_T) + meanWeight · mean_t f̂(θ_t). The second part has less noise and keeps the start fast. */
  meanWeight: z.number().min(0).default(0.05),
  /** The readout of the start times this is where the search begins: less than 1 makes room for a nominal step. */
  readoutScale: z.number().positive().default(1),
  /** Standard deviation of the first candidates: of the readout weights, in units of their root mean square… */
  readoutDeviation: z.number().positive().default(0.02),
  /** … and of ln η and ln(1 − μ) of a nominal step. */
  nominalDeviation: z.number().positive().default(0.15),
  /** Generations between two validations of the distribution's mean. */
  validationEvery: z.int().min(1).default(5),
  /** Held-out rollouts of a validation. */
  validationRollouts: z.int().min(1).default(32),
});

/** A validated recipe. */
export type ReadoutSearchRecipe = z.infer<typeof readoutSearchSchema>;
