import { parseOptions, withWeightDecay, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';
import { adam, adamOptionsSchema, type AdamState } from './adam.js';

/** The options of `adamw`: those of `adam`, and the decay. */
export const adamwOptionsSchema = z.extend(adamOptionsSchema, {
  /** λ. 0.01 is torch.optim.AdamW's default. */
  weightDecay: z._default(z.number().check(z.minimum(0)), 0.01),
});
export type AdamwOptions = z.input<typeof adamwOptionsSchema>;

/**
 * AdamW (Loshchilov & Hutter 2019, Algorithm 2): Adam with decoupled weight decay,
 *
 *     Δθ_t = −η (m̂_t / (√v̂_t + ε) + λ θ_t)
 *
 * with the letters of `adam` and λ the weight decay. As in torch.optim.AdamW the decay is multiplied by the
 * learning rate η, and all coordinates decay. A schedule (see `scaled`) scales both parts.
 *
 * @throws UserError if an option of Adam is out of range or the decay is negative.
 */
export function adamw(options: AdamwOptions = {}): Optimizer<AdamState> {
  const { weightDecay, ...hyper } = parseOptions('adamw', adamwOptionsSchema, options);
  return {
    ...withWeightDecay(adam(hyper), { rate: Math.min(1, hyper.learningRate * weightDecay) }),
    name: 'adamw',
  };
}
