import { UserError } from '@metadescent/core';
import { guidedPolicySearchOptions } from '@metadescent/guided-policy-search';
import { z } from 'zod';
import { featureShapeSchema } from './feature-shape.js';
import { gradientNormalisations } from './gradient-normalisation.js';

/** How Predicted Step Descent is meta-trained: everything but the objective and the seed. */
export const psdRecipeSchema = z.strictObject({
  /** T. Li & Malik 2017, §4: 400. */
  horizon: z.int().min(1).default(400),
  shape: featureShapeSchema.prefault({}),
  /** c: features see c·∇f̂ (see `psdRuleSchema`). */
  gradientScale: z.number().positive().default(1),
  /** See `psdRuleSchema`. With `adagrad`, the teacher's gain is AdaGrad's learning rate. */
  normalisation: z.enum(gradientNormalisations).default('none'),
  /** LSTM cells per coordinate group. Li & Malik 2017, §4: 128. */
  hidden: z.int().min(1).default(128),
  /** ψ_0: momentum, and its noise relative to its own steps. A weak start lets the search raise early gains before late ones; a strong one is a poor local optimum. */
  teacher: z
    .strictObject({
      gain: z.number().positive().default(0.5),
      momentum: z.number().min(0).max(1).default(0.5),
      exploration: z.number().positive().default(0.3),
    })
    .prefault({}),
  /** Outer iterations. */
  iterations: z.int().min(0).default(12),
  /** Coordinates of each group that models are fitted to, redrawn every iteration. */
  coordinatesPerGroup: z.int().min(1).default(128),
  /** A rollout is dropped where f̂ passes this multiple of its first value. */
  divergenceFactor: z.number().positive().default(10),
  /** Multiplies measured curvatures. */
  curvatureFactor: z.number().positive().default(8),
  /**
   * `afterwards`: ν = 0, and π is trained once the controller has converged. `every-iteration`: the full loop of Li & Malik 2017, §3.4, with π in it, before the final training. The first was found
   * to be as good and much cheaper.
   */
  policyTraining: z.enum(['afterwards', 'every-iteration']).default('afterwards'),
  /** Regression of π on ψ. */
  policy: z
    .strictObject({
      rate: z.number().positive().default(5e-3),
      batch: z.int().positive().default(128),
      /** Adam's steps of the first imitation, and of each later one. */
      cloneSteps: z.int().positive().default(500),
      steps: z.int().positive().default(150),
    })
    .prefault({}),
  /** Final training of π: rounds of fresh trajectories of ψ, `policy.cloneSteps` regression steps on each. */
  distillationRounds: z.int().min(1).default(3),
  /** Fresh starts on which the policies of all rounds are compared. */
  validationTrajectories: z.int().min(1).default(10),
  /** Options of the search. */
  search: guidedPolicySearchOptions.prefault({}),
});

/** A validated recipe. */
export type PsdRecipe = z.output<typeof psdRecipeSchema>;
export type PsdRecipeInput = z.input<typeof psdRecipeSchema>;

/** What was found to work, beside the search's own defaults. */
const search = {
  trajectories: 10,
  freshSamples: true,
  gainNoise: 0.2,
  klStep: 0.1,
  covariance: { relativeFloor: 0.05, relativeCap: 1 },
  step: { min: 0.05, max: 5, shrink: 0.4 },
} as const;

/** Recipes by name. */
export const psdPresets = {
  /** Minutes: a short horizon, a small policy. Beats its teacher visibly. */
  quick: { horizon: 40, hidden: 32, iterations: 12, search },
  /** The scale of Li & Malik 2017, §4. */
  paper: { horizon: 400, hidden: 128, iterations: 25, policy: { cloneSteps: 700, rate: 3e-3 }, search: { ...search, trajectories: 20, step: { ...search.step, trajectories: 10 } } },
} as const satisfies Record<string, PsdRecipeInput>;

/**
 * The same on normalised gradients (`normalisation: 'adagrad'`), ours: the teacher is AdaGrad, by its learning rate and a little momentum.
 */
export const normalisedPresets = {
  quick: { ...psdPresets.quick, normalisation: 'adagrad', teacher: { gain: 0.05, momentum: 0.5 } },
  paper: {
    normalisation: 'adagrad',
    horizon: 400,
    hidden: 32,
    iterations: 12,
    coordinatesPerGroup: 96,
    teacher: { gain: 0.1, momentum: 0.5 },
    policy: { cloneSteps: 600, rate: 4e-3 },
    search: { ...search, trajectories: 8 },
  },
} as const satisfies Record<string, PsdRecipeInput>;

export type PsdPreset = keyof typeof psdPresets;

/** @throws UserError listing every option that is wrong. */
export function parsePsdRecipe(input: PsdRecipeInput = {}): PsdRecipe {
  const result = psdRecipeSchema.safeParse(input);
  if (!result.success) throw new UserError(`Predicted Step Descent: the recipe is not valid\n${z.prettifyError(result.error)}`);
  return result.data;
}
