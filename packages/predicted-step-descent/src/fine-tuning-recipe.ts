import { metaLosses, parseOptions, schedule, type MetaLossName } from '@metadescent/core';
import * as z from 'zod/mini';

const lossNames = Object.keys(metaLosses) as [MetaLossName, ...MetaLossName[]];

/**
 * How a policy is fine-tuned on the objective values themselves (PSD+): whole-rollout backpropagation, Adam,
 * validation, best kept.
 */
export const fineTuningSchema = z.strictObject({
  /** Meta-updates. */
  steps: z._default(z.int().check(z.minimum(1)), 400),
  /** Steps of an episode. Li & Malik 2017, §4: 400. */
  horizon: z._default(z.int().check(z.minimum(1)), 400),
  /**
   * From meta-update `fromStep` on, episodes have this horizon instead: short ones first learn fast.
   * Validation always uses `horizon`.
   */
  curriculum: z._default(
    z.array(z.strictObject({ fromStep: z.int().check(z.minimum(0)), horizon: z.int().check(z.minimum(1)) })),
    [],
  ),
  /** Episodes per meta-update; they go round the list of training objectives. */
  batch: z._default(z.int().check(z.minimum(1)), 8),
  loss: z._default(z.enum(lossNames), 'area-under-curve'),
  /**
   * `relative`: Σ w_t f(x_t)/f(x_0). `log`: Σ w_t ln f(x_t), in which a percent counts the same early and
   * late, on easy and on hard objectives.
   */
  scale: z._default(z.enum(['relative', 'log']), 'relative'),
  /** See `EpisodeOptions.discount`. */
  discount: z._default(z.number().check(z.minimum(0), z.maximum(1)), 1),
  learningRate: z._default(z.number().check(z.positive()), 2e-3),
  /** The rate falls geometrically to this fraction over all meta-updates. */
  finalLearningRateFraction: z._default(z.number().check(z.positive(), z.maximum(1)), 0.1),
  /**
   * Meta-updates over which the rate rises linearly to where it starts: Adam's first steps all have full
   * length, whatever the gradient. 0 has none.
   */
  warmUp: z._default(z.int().check(z.minimum(0)), 0),
  /** Each episode's gradient is scaled to at most this norm before averaging. */
  gradientClip: z._default(z.number().check(z.positive()), 0.1),
  coordinatesPerGroup: z._default(z.int().check(z.minimum(1)), 256),
  /** An episode is given up where f̂ passes this multiple of max(1, |f̂(x_0)|), as in `rollout`. */
  divergenceFactor: z._default(z.number().check(z.positive()), 10),
  /** Meta-updates between validations. */
  validationEvery: z._default(z.int().check(z.minimum(1)), 25),
  /** Held-out episodes per validation objective. */
  validationEpisodes: z._default(z.int().check(z.minimum(1)), 2),
});

/** A validated recipe. */
export type FineTuningRecipe = z.output<typeof fineTuningSchema>;

/** @throws UserError listing every option that is wrong. */
export function parseFineTuning(input: z.input<typeof fineTuningSchema> = {}): FineTuningRecipe {
  return parseOptions('parseFineTuning', fineTuningSchema, input);
}

/** Horizon of the episodes of this meta-update. */
export function horizonAt({ curriculum, horizon }: FineTuningRecipe, step: number): number {
  return curriculum.filter(({ fromStep }) => fromStep <= step).at(-1)?.horizon ?? horizon;
}

/** Learning rate of this meta-update. */
export function learningRateAt(
  { learningRate, finalLearningRateFraction: to, warmUp, steps }: FineTuningRecipe,
  step: number,
): number {
  return learningRate * schedule({ kind: 'geometric', steps, to, warmUp })(step);
}
