import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `lion`; the decays are those of the paper (Chen et al. 2023, Algorithm 2). */
export const lionOptionsSchema = z.strictObject({
  /** η, the length of every step in every coordinate. 1e-4: the paper's, three to ten times below Adam's. Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 1e-4),
  /** β₁, how much of the momentum is in a step. */
  beta1: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.9),
  /** β₂, the decay of the momentum. */
  beta2: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.99),
  /** λ, decoupled as in `adamw`. */
  weightDecay: z._default(z.number().check(z.minimum(0)), 0),
});
export type LionOptions = z.input<typeof lionOptionsSchema>;

export type LionState = {
  /** m_t [n] */
  momentum: Float32Array;
};

/**
 * Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms", Algorithm 2), an update rule found
 * by a program search:
 *
 *     Δθ_t = −η (sign(β₁ m_{t−1} + (1 − β₁) g_t) + λ θ_t)
 *     m_t = β₂ m_{t−1} + (1 − β₂) g_t,   m_{−1} = 0
 *
 * with g_t the gradient on the step's mini-batch [n], m the momentum [n], η the learning rate and λ the
 * weight decay. A coordinate whose gradient and momentum are zero does not move.
 *
 * @throws UserError if an option is out of range.
 */
export function lion(options: LionOptions = {}): Optimizer<LionState> {
  const hyper = parseOptions('lion', lionOptionsSchema, options);
  return {
    name: 'lion',
    coordinatewise: true,
    init: ({ size }) => ({ momentum: new Float32Array(size) }),
    update({ gradient, parameters }, { momentum }, step) {
      const { learningRate, beta1, beta2, weightDecay } = hyper;
      for (let i = 0; i < gradient.length; i++) {
        const [g, m] = [gradient[i] as number, momentum[i] as number];
        step[i] =
          -learningRate * (Math.sign(beta1 * m + (1 - beta1) * g) + weightDecay * (parameters[i] as number));
        momentum[i] = beta2 * m + (1 - beta2) * g;
      }
    },
  };
}
