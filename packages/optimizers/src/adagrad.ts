import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `adagrad`. */
export const adagradOptionsSchema = z.strictObject({
  /** η. 0.01 is torch.optim.Adagrad's default; the first step has this length in every coordinate. Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 0.01),
  /** ε. 1e-10 is torch.optim.Adagrad's default. */
  epsilon: z._default(z.number().check(z.positive()), 1e-10),
});
export type AdagradOptions = z.input<typeof adagradOptionsSchema>;

export type AdagradState = {
  /** s_t, the sum of squared gradients [n] */
  squares: Float32Array;
};

/**
 * AdaGrad (Duchi, Hazan & Singer 2011, diagonal version).
 *
 *     s_t = s_{t−1} + g_t²,   s_{−1} = 0
 *     Δθ_t = −η g_t / (√s_t + ε)
 *
 * elementwise, with g_t the gradient on the step's mini-batch [n], s the sum of its squares [n], η the
 * learning rate and ε the guard against division by zero.
 *
 * This is the variant of torch.optim.Adagrad. TensorFlow and optax start s at 0.1, which shortens the first
 * steps, and optax puts ε inside the root.
 *
 * @throws UserError if the learning rate or epsilon is not positive.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer<AdagradState> {
  const hyper = parseOptions('adagrad', adagradOptionsSchema, options);
  return {
    name: 'adagrad',
    coordinatewise: true,
    init: ({ size }) => ({ squares: new Float32Array(size) }),
    update({ gradient }, { squares }, step) {
      const { learningRate, epsilon } = hyper;
      const n = gradient.length;
      for (let i = 0; i < n; i++) {
        const g = gradient[i] as number;
        const s = (squares[i] as number) + g * g;
        squares[i] = s;
        step[i] = (-learningRate * g) / (Math.sqrt(s) + epsilon);
      }
    },
  };
}
