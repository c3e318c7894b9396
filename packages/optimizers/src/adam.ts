import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `adam`; the defaults are those of the paper (Kingma & Ba 2015, Algorithm 1). */
export const adamOptionsSchema = z.strictObject({
  /** η, about the length of the first step in every coordinate. Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 0.001),
  /** β₁, the decay of the first moment. */
  beta1: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.9),
  /** β₂, the decay of the second moment. */
  beta2: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.999),
  /** ε, added outside the root. */
  epsilon: z._default(z.number().check(z.positive()), 1e-8),
});
export type AdamOptions = z.input<typeof adamOptionsSchema>;

export type AdamState = {
  /** m_t [n] */
  firstMoment: Float32Array;
  /** v_t [n] */
  secondMoment: Float32Array;
  /** t, the number of steps taken [1] */
  count: Uint32Array;
};

/**
 * Adam (Kingma & Ba 2015, Algorithm 1).
 *
 *     m_t = β₁ m_{t−1} + (1 − β₁) g_t,    m_0 = 0
 *     v_t = β₂ v_{t−1} + (1 − β₂) g_t²,   v_0 = 0
 *     m̂_t = m_t / (1 − β₁ᵗ),   v̂_t = v_t / (1 − β₂ᵗ)
 *     Δθ_t = −η m̂_t / (√v̂_t + ε)
 *
 * elementwise and with t counted from 1 as in the paper; g_t is the gradient on the step's mini-batch [n], m
 * and v its decaying first and second moments [n], m̂ and v̂ the same without the bias towards their zero
 * start, η the learning rate, β₁ and β₂ the decays and ε the guard against division by zero.
 *
 * t is counted in the state, not taken from the observation, so that the bias correction is right also when a
 * fresh state joins a rollout that is under way.
 *
 * Variants: this is Algorithm 1, as in torch.optim.Adam. The paper's §2 also gives a faster form with "ε̂",
 * which TensorFlow and Keras use: η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m_t / (√v_t + ε̂). It is another rule for the
 * same ε: there ε̂ weighs 1 / √(1 − β₂ᵗ) times more in the first steps. Neither weight decay nor AMSGrad is
 * included.
 *
 * @throws UserError if the learning rate or epsilon is not positive, or a decay is outside [0, 1).
 * @example
 * // The first step is η in every coordinate, whatever the size of the gradient.
 * const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [2] }]);
 * const [rule, parameters, step] = [adam({ learningRate: 0.5 }), new Float32Array(2), new Float32Array(2)];
 * const seen = { layout, iteration: 0, parameters, objective: 0, minibatch: { evaluate: () => 0 } };
 * rule.update({ ...seen, gradient: Float32Array.of(3, -1000) }, rule.init(layout), step);
 * Array.from(step, (s) => s.toFixed(4)) // => ['-0.5000', '0.5000']
 */
export function adam(options: AdamOptions = {}): Optimizer<AdamState> {
  const hyper = parseOptions('adam', adamOptionsSchema, options);
  return {
    name: 'adam',
    coordinatewise: true,
    init: ({ size }) => ({
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size),
      count: new Uint32Array(1),
    }),
    update({ gradient }, { firstMoment, secondMoment, count }, step) {
      const { learningRate, beta1, beta2, epsilon } = hyper;
      const n = gradient.length;
      const t = (count[0] as number) + 1;
      count[0] = t;
      const fresh1 = 1 - beta1;
      const fresh2 = 1 - beta2;
      const scale = -learningRate / (1 - beta1 ** t);
      const rootScale = 1 / Math.sqrt(1 - beta2 ** t);
      for (let i = 0; i < n; i++) {
        const g = gradient[i] as number;
        const m = beta1 * (firstMoment[i] as number) + fresh1 * g;
        const v = beta2 * (secondMoment[i] as number) + fresh2 * g * g;
        firstMoment[i] = m;
        secondMoment[i] = v;
        step[i] = (scale * m) / (Math.sqrt(v) * rootScale + epsilon);
      }
    },
  };
}
