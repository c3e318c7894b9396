import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `rmsprop`. */
export const rmspropOptionsSchema = z.strictObject({
  /** η. 0.001 is Hinton's suggestion (lecture 6e); torch.optim.RMSprop starts from 0.01. Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 0.001),
  /** ρ. 0.99 is the default of Torch7's and PyTorch's optim; Hinton's slides say 0.9. */
  decay: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.99),
  /** ε. 1e-8 is the default of Torch7's and PyTorch's optim. */
  epsilon: z._default(z.number().check(z.positive()), 1e-8),
});
export type RmspropOptions = z.input<typeof rmspropOptionsSchema>;

export type RmspropState = {
  /** s_t, the decaying mean of squared gradients [n] */
  squares: Float32Array;
};

/**
 * RMSprop (Tieleman & Hinton 2012, lecture 6e of "Neural networks for machine learning").
 *
 *     s_t = ρ s_{t−1} + (1 − ρ) g_t²,   s_{−1} = 0
 *     Δθ_t = −η g_t / (√s_t + ε)
 *
 * elementwise, with g_t the gradient on the step's mini-batch [n], s the decaying mean of its squares [n], η
 * the learning rate, ρ the decay and ε the guard against division by zero.
 *
 * This is the variant of torch.optim.RMSprop: neither centred nor with momentum, and without bias correction,
 * so that the first step is 1 / √(1 − ρ) times η (ten times for ρ = 0.99). optax puts ε inside the root by
 * default.
 *
 * @throws UserError if the learning rate or epsilon is not positive, or the decay is outside [0, 1).
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer<RmspropState> {
  const hyper = parseOptions('rmsprop', rmspropOptionsSchema, options);
  return {
    name: 'rmsprop',
    coordinatewise: true,
    init: ({ size }) => ({ squares: new Float32Array(size) }),
    update({ gradient }, { squares }, step) {
      const { learningRate, decay, epsilon } = hyper;
      const n = gradient.length;
      const fresh = 1 - decay;
      for (let i = 0; i < n; i++) {
        const g = gradient[i] as number;
        const s = decay * (squares[i] as number) + fresh * g * g;
        squares[i] = s;
        step[i] = (-learningRate * g) / (Math.sqrt(s) + epsilon);
      }
    },
  };
}
