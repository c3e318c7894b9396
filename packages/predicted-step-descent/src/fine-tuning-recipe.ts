import { metaLosses, UserError, type MetaLossName } from '@metadescent/core';
import { z } from 'zod';

const lossNames = Object.keys(metaLosses) as [MetaLossName, ...MetaLossName[]];

/** How a policy is fine-tuned on the objective values themselves (PSD+): whole-rollout backpropagation, Adam, validation, best kept. */
export const fineTuningSchema = z.strictObject({
  /** Meta-updates. */
  steps: z.int().min(1).default(400),
  /** Steps of an episode. Li & Malik 2017, §4: 400. */
  horizon: z.int().min(1).default(400),
  /** From meta-update `fromStep` on, episodes have this horizon instead: short ones first learn fast. Validation always uses `horizon`. */
  curriculum: z.array(z.strictObject({ fromStep: z.int().min(0), horizon: z.int().min(1) })).default([]),
  /** Episodes per meta-update; they go round the list of training objectives. */
  batch: z.int().min(1).default(8),
  loss: z.enum(lossNames).default('area-under-curve'),
  /** `relative`: Σ w_t f(x_t)/f(x_0). `log`: Σ w_t ln f(x_t), in which a percent counts the same early and late, on easy and on hard objectives. */
  scale: z.enum(['relative', 'log']).default('relative'),
  /** See `EpisodeOptions.discount`. */
  discount: z.number().min(0).max(1).default(1),
  learningRate: z.number().positive().default(2e-3),
  /** The rate falls geometrically to this fraction over all meta-updates. */
  finalLearningRateFraction: z.number().positive().max(1).default(0.1),
  /** Meta-updates over which the rate rises linearly to where it starts: Adam's first steps all have full length, whatever the gradient. 0 has none. */
  warmUp: z.int().min(0).default(0),
  /** Each episode's gradient is scaled to at most this norm before averaging. */
  gradientClip: z.number().positive().default(0.1),
  coordinatesPerGroup: z.int().min(1).default(256),
  divergenceFactor: z.number().positive().default(10),
  /** Meta-updates between validations. */
  validationEvery: z.int().min(1).default(25),
  /** Held-out episodes per validation objective. */
  validationEpisodes: z.int().min(1).default(2),
});

/** A validated recipe. */
export type FineTuningRecipe = z.output<typeof fineTuningSchema>;

/** @throws UserError listing every option that is wrong. */
export function parseFineTuning(input: z.input<typeof fineTuningSchema> = {}): FineTuningRecipe {
  const result = fineTuningSchema.safeParse(input);
  if (!result.success) throw new UserError(`fine-tuning: the options are not valid\n${z.prettifyError(result.error)}`);
  return result.data;
}

/** Horizon of the episodes of this meta-update. */
export function horizonAt({ curriculum, horizon }: FineTuningRecipe, step: number): number {
  return curriculum.filter(({ fromStep }) => fromStep <= step).at(-1)?.horizon ?? horizon;
}

/** Learning rate of this meta-update. */
export function learningRateAt({ learningRate, finalLearningRateFraction, warmUp, steps }: FineTuningRecipe, step: number): number {
  return learningRate * finalLearningRateFraction ** (steps > 1 ? step / (steps - 1) : 0) * Math.min(1, (step + 1) / (warmUp + 1));
}
