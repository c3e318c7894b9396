import { metaLosses, parseOptions, schedule, type MetaLossName } from '@metadescent/core';
import * as z from 'zod/mini';

const lossNames = Object.keys(metaLosses) as [MetaLossName, ...MetaLossName[]];

/**
 * How the LSTM optimizer is meta-trained: truncated backpropagation through time, Adam on φ, validation after
 * every epoch, early stopping.
 */
export const metaTrainingSchema = z.strictObject({
  /** Steps of an unroll; 100 in the paper's quadratics and MNIST experiments (figure 4). */
  horizon: z._default(z.int().check(z.minimum(1)), 100),
  /** Truncation: steps between two meta-updates; 20 (§2.1 truncates; the length is from the released code). */
  segment: z._default(z.int().check(z.minimum(1)), 20),
  /** Weights w_t of Σ w_t f(θ_t); 1 in the paper (§2). */
  loss: z._default(z.enum(lossNames), 'area-under-curve'),
  /**
   * Unrolls whose meta-gradients are averaged for one update. The released code uses 1; more lowers the noise
   * and keeps workers busy.
   */
  batch: z._default(z.int().check(z.minimum(1)), 2),
  /** Meta-batches per epoch ("some fixed number of learning steps", §3). */
  batchesPerEpoch: z._default(z.int().check(z.minimum(1)), 10),
  epochs: z._default(z.int().check(z.minimum(1)), 100),
  /** Adam's learning rate; the paper finds it by random search (§3). */
  learningRate: z._default(z.number().check(z.positive()), 0.003),
  /** The rate falls geometrically to this fraction over all epochs; 1 keeps it constant. */
  finalLearningRateFraction: z._default(z.number().check(z.positive(), z.maximum(1)), 0.1),
  /** Each unroll's segment gradient is scaled to at most this norm before averaging. */
  gradientClip: z._default(z.number().check(z.positive()), 1),
  /**
   * At most this many coordinates of each group enter the meta-gradient (see `sampleCoordinates`); the
   * estimate stays unbiased.
   */
  coordinatesPerGroup: z._default(z.int().check(z.minimum(1)), 4096),
  /** Held-out optimizees rolled out after every epoch. */
  validationUnrolls: z._default(z.int().check(z.minimum(1)), 10),
  /**
   * What validation compares: the true objective at the horizon ("final validation loss", §3), or its mean
   * over all steps.
   */
  validationScore: z._default(z.enum(['final', 'mean']), 'final'),
  /** Epochs without a better validation score before training stops. */
  patience: z._default(z.int().check(z.minimum(1)), 30),
  /**
   * Curriculum (Chen et al. 2020, "Training stronger baselines for learning to optimize"): from epoch
   * `fromEpoch` on, unrolls have this horizon and truncation. `horizon` and `segment` hold before; validation
   * always uses `horizon`. Short segments learn fast but favour early steps; long ones see what a step does
   * later, and need a rule that already works.
   */
  curriculum: z._default(
    z.array(
      z.strictObject({
        fromEpoch: z.int().check(z.minimum(0)),
        horizon: z.int().check(z.minimum(1)),
        segment: z.int().check(z.minimum(1)),
      }),
    ),
    [],
  ),
  /** Half-width of ln |c| in random input scaling (see `randomlyScaled`); 0 is off. */
  randomScaling: z._default(z.number().check(z.minimum(0)), 0),
  /**
   * New random signs of the coordinates for every unroll; goes with rules of random orientation (see
   * `randomOrientation`), which otherwise always see the same signs in training.
   */
  randomSigns: z._default(z.boolean(), false),
});

/** A validated recipe. */
export type MetaTrainingRecipe = z.infer<typeof metaTrainingSchema>;

/**
 * A recipe from what its user writes: what is left out has its default.
 *
 * @throws UserError naming every field that breaks a rule.
 */
export function parseMetaTraining(input: z.input<typeof metaTrainingSchema> = {}): MetaTrainingRecipe {
  return parseOptions('parseMetaTraining', metaTrainingSchema, input);
}

/** Horizon and truncation of the unrolls of this epoch. */
export function unrollAt(
  { curriculum, horizon, segment }: MetaTrainingRecipe,
  epoch: number,
): { readonly horizon: number; readonly segment: number } {
  return curriculum.filter((stage) => stage.fromEpoch <= epoch).at(-1) ?? { horizon, segment };
}

/** Learning rate of this epoch. */
export function learningRateAt(
  { learningRate, finalLearningRateFraction: to, epochs: steps }: MetaTrainingRecipe,
  epoch: number,
): number {
  return learningRate * schedule({ kind: 'geometric', steps, to })(epoch);
}
