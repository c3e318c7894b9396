import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `sgd`. */
export const sgdOptionsSchema = z.strictObject({
  /** η. No source gives a default that suits every problem; 0.01 is Keras's. Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 0.01),
});
export type SgdOptions = z.input<typeof sgdOptionsSchema>;

/** Gradient descent remembers nothing. */
export type SgdState = Record<never, never>;

/**
 * Stochastic gradient descent (Robbins & Monro 1951).
 *
 *     Δθ_t = −η g_t
 *
 * with g_t the gradient on the step's mini-batch [n] and η the learning rate, constant over the steps.
 *
 * @throws UserError if the learning rate is not a positive finite number.
 * @example
 * const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [1] }]);
 * const evaluate = (x, gradient) => (gradient?.fill(6 * x[0]), 3 * x[0] ** 2);
 * const start = { initialParameters: () => Float32Array.of(8) };
 * const parabola = { name: 'parabola', layout, ...start, minibatch: () => ({ evaluate }), trueObjective: evaluate };
 * rollout(parabola, sgd({ learningRate: 0.125 }), { horizon: 3, key: createKey(1) }).objectives // => [192, 12, 0.75, 0.046875]
 */
export function sgd(options: SgdOptions = {}): Optimizer<SgdState> {
  const hyper = parseOptions('sgd', sgdOptionsSchema, options);
  return {
    name: 'sgd',
    coordinatewise: true,
    init: () => ({}),
    update({ gradient }, _state, step) {
      const { learningRate } = hyper;
      const n = gradient.length;
      for (let i = 0; i < n; i++) step[i] = -learningRate * (gradient[i] as number);
    },
  };
}
