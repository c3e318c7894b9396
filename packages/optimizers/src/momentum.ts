import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `momentum` and of `nesterov`. */
export const momentumOptionsSchema = z.strictObject({
  /** η. 0.01 is Keras's default. Tune it, together with `momentum`: the stationary step is η / (1 − μ). */
  learningRate: z._default(z.number().check(z.positive()), 0.01),
  /** μ. 0.9 is the common choice of the deep-learning literature (e.g. Krizhevsky et al. 2012, §5). */
  momentum: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.9),
});
export type MomentumOptions = z.input<typeof momentumOptionsSchema>;

export type MomentumState = {
  /** v_t [n] */
  velocity: Float32Array;
};

/**
 * Gradient descent with classical (heavy-ball) momentum (Polyak 1964).
 *
 *     v_t = μ v_{t−1} + g_t,   v_{−1} = 0
 *     Δθ_t = −η v_t
 *
 * with g_t the gradient on the step's mini-batch [n], v the velocity [n], η the learning rate and μ the momentum.
 *
 * This is the variant of torch.optim.SGD without dampening. Sutskever et al. (2013) multiply η into the
 * velocity, v_t = μ v_{t−1} − η g_t: the same steps for a constant learning rate. Variants with dampening,
 * v_t = μ v_{t−1} + (1 − μ) g_t, need a learning rate that is 1 / (1 − μ) times larger.
 *
 * @throws UserError if the learning rate is not positive or the momentum is outside [0, 1).
 */
export function momentum(options: MomentumOptions = {}): Optimizer<MomentumState> {
  const hyper = parseOptions('momentum', momentumOptionsSchema, options);
  return {
    name: 'momentum',
    coordinatewise: true,
    init: ({ size }) => ({ velocity: new Float32Array(size) }),
    update({ gradient }, { velocity }, step) {
      const { learningRate, momentum: mu } = hyper;
      const n = gradient.length;
      for (let i = 0; i < n; i++) {
        const v = mu * (velocity[i] as number) + (gradient[i] as number);
        velocity[i] = v;
        step[i] = -learningRate * v;
      }
    },
  };
}
