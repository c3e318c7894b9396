import { parseOptions, type Optimizer } from '@metadescent/core';
import { momentumOptionsSchema, type MomentumOptions, type MomentumState } from './momentum.js';

/**
 * Nesterov's accelerated gradient (NAG; Nesterov 1983) in the form for momentum methods.
 *
 *     v_t = μ v_{t−1} + g_t,   v_{−1} = 0
 *     Δθ_t = −η (g_t + μ v_t)
 *
 * with g_t the gradient on the step's mini-batch [n], v the velocity [n], η the learning rate and μ the momentum.
 *
 * Nesterov evaluates the gradient at a look-ahead point. Here, as in torch.optim.SGD with `nesterov=True`,
 * the iterate *is* the look-ahead point of Sutskever et al. (2013, equations 3–4; Bengio et al. 2012 give
 * this change of variables): the gradient is taken where the optimizer stands. The velocity starts at zero
 * and μ is constant; Nesterov's own schedule lets μ grow with t.
 *
 * @throws UserError if the learning rate is not positive or the momentum is outside [0, 1).
 */
export function nesterov(options: MomentumOptions = {}): Optimizer<MomentumState> {
  const hyper = parseOptions('nesterov', momentumOptionsSchema, options);
  return {
    name: 'nesterov',
    coordinatewise: true,
    init: ({ size }) => ({ velocity: new Float32Array(size) }),
    update({ gradient }, { velocity }, step) {
      const { learningRate, momentum: mu } = hyper;
      const n = gradient.length;
      for (let i = 0; i < n; i++) {
        const g = gradient[i] as number;
        const v = mu * (velocity[i] as number) + g;
        velocity[i] = v;
        step[i] = -learningRate * (g + mu * v);
      }
    },
  };
}
