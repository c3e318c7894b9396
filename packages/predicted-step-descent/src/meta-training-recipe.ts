import { parseOptions } from '@metadescent/core';
import { guidedPolicySearchOptions } from '@metadescent/guided-policy-search';
import * as z from 'zod/mini';
import { featureShapeSchema } from './feature-shape.js';
import { gradientNormalisations } from './gradient-normalisation.js';

/** How Predicted Step Descent is meta-trained: everything but the objective and the seed. */
export const psdRecipeSchema = z.strictObject({
  /** T. Li & Malik 2017, §4: 400. */
  horizon: z._default(z.int().check(z.minimum(1)), 400),
  shape: z.prefault(featureShapeSchema, {}),
  /** c: features see c·∇f̂ (see `psdRuleSchema`). */
  gradientScale: z._default(z.number().check(z.positive()), 1),
  /** See `psdRuleSchema`. With `adagrad`, the teacher's gain is AdaGrad's learning rate. */
  normalisation: z._default(z.enum(gradientNormalisations), 'none'),
  /** LSTM cells per coordinate group. Li & Malik 2017, §4: 128. */
  hidden: z._default(z.int().check(z.minimum(1)), 128),
  /**
   * ψ_0: momentum, and its noise relative to its own steps. A weak start lets the search raise early gains
   * before late ones; a strong one is a poor local optimum.
   */
  teacher: z.prefault(
    z.strictObject({
      gain: z._default(z.number().check(z.positive()), 0.5),
      momentum: z._default(z.number().check(z.minimum(0), z.maximum(1)), 0.5),
      exploration: z._default(z.number().check(z.positive()), 0.3),
    }),
    {},
  ),
  /** Outer iterations. */
  iterations: z._default(z.int().check(z.minimum(0)), 12),
  /** Coordinates of each group that models are fitted to, redrawn every iteration. */
  coordinatesPerGroup: z._default(z.int().check(z.minimum(1)), 128),
  /** A rollout is dropped where f̂ passes this multiple of max(1, |f̂(x_0)|), as in `rollout`. */
  divergenceFactor: z._default(z.number().check(z.positive()), 10),
  /** Multiplies measured curvatures. */
  curvatureFactor: z._default(z.number().check(z.positive()), 8),
  /**
   * `afterwards`: ν = 0, and π is trained once the controller has converged. `every-iteration`: the full loop
   * of Li & Malik 2017, §3.4, with π in it, before the final training. The first was found to be as good and
   * much cheaper.
   */
  policyTraining: z._default(z.enum(['afterwards', 'every-iteration']), 'afterwards'),
  /** Regression of π on ψ. */
  policy: z.prefault(
    z.strictObject({
      rate: z._default(z.number().check(z.positive()), 5e-3),
      batch: z._default(z.int().check(z.positive()), 128),
      /** Adam's steps of the first imitation, and of each later one. */
      cloneSteps: z._default(z.int().check(z.positive()), 500),
      steps: z._default(z.int().check(z.positive()), 150),
    }),
    {},
  ),
  /** Final training of π: rounds of fresh trajectories of ψ, `policy.cloneSteps` regression steps on each. */
  distillationRounds: z._default(z.int().check(z.minimum(1)), 3),
  /** Fresh starts on which the policies of all rounds are compared. */
  validationTrajectories: z._default(z.int().check(z.minimum(1)), 10),
  /** Options of the search. */
  search: z.prefault(guidedPolicySearchOptions, {}),
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
  paper: {
    horizon: 400,
    hidden: 128,
    iterations: 25,
    policy: { cloneSteps: 700, rate: 3e-3 },
    search: { ...search, trajectories: 20, step: { ...search.step, trajectories: 10 } },
  },
} as const satisfies Record<string, PsdRecipeInput>;

/**
 * The same on normalised gradients (`normalisation: 'adagrad'`), ours: the teacher is AdaGrad, by its
 * learning rate and a little momentum.
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
  return parseOptions('parsePsdRecipe', psdRecipeSchema, input);
}
