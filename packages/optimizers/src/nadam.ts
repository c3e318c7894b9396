import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';
import { adamOptionsSchema } from './adam.js';

/** The options of `nadam`: those of `adam`, and the decay of the momentum's schedule. */
export const nadamOptionsSchema = z.extend(adamOptionsSchema, {
  /** ψ. 0.004 is torch.optim.NAdam's default (Dozat 2016, §3.2). */
  momentumDecay: z._default(z.number().check(z.minimum(0)), 0.004),
});
export type NadamOptions = z.input<typeof nadamOptionsSchema>;

export type NadamState = {
  /** m_t [n] */
  firstMoment: Float32Array;
  /** v_t [n] */
  secondMoment: Float32Array;
  /** t, the number of steps taken [1] */
  count: Uint32Array;
  /** μ_1 · … · μ_t [1] */
  momentumProduct: Float64Array;
};

/**
 * Nadam (Dozat 2016, "Incorporating Nesterov momentum into Adam", Algorithm 2): Adam whose first moment looks
 * one step ahead.
 *
 *     μ_t = β₁ (1 − ½ · 0.96^(tψ))
 *     m̂_t = μ_{t+1} m_t / (1 − Π_{i ≤ t+1} μ_i) + (1 − μ_t) g_t / (1 − Π_{i ≤ t} μ_i)
 *     Δθ_t = −η m̂_t / (√v̂_t + ε)
 *
 * with t counted from 1, and m_t, v_t, v̂_t, η and ε as in `adam`. As in torch.optim.NAdam, m decays by β₁
 * and only its look-ahead follows the schedule μ.
 *
 * @throws UserError if an option is out of range.
 */
export function nadam(options: NadamOptions = {}): Optimizer<NadamState> {
  const hyper = parseOptions('nadam', nadamOptionsSchema, options);
  const momentumAt = (t: number): number => hyper.beta1 * (1 - 0.5 * 0.96 ** (t * hyper.momentumDecay));
  return {
    name: 'nadam',
    coordinatewise: true,
    init: ({ size }) => ({
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size),
      count: new Uint32Array(1),
      momentumProduct: new Float64Array(1).fill(1),
    }),
    update({ gradient }, { firstMoment, secondMoment, count, momentumProduct }, step) {
      const { learningRate, beta1, beta2, epsilon } = hyper;
      const t = (count[0] as number) + 1;
      count[0] = t;
      const [momentum, next] = [momentumAt(t), momentumAt(t + 1)];
      const product = (momentumProduct[0] as number) * momentum;
      momentumProduct[0] = product;
      const ahead = next / (1 - product * next);
      const now = (1 - momentum) / (1 - product);
      const rootScale = 1 / Math.sqrt(1 - beta2 ** t);
      for (let i = 0; i < gradient.length; i++) {
        const g = gradient[i] as number;
        const m = beta1 * (firstMoment[i] as number) + (1 - beta1) * g;
        const v = beta2 * (secondMoment[i] as number) + (1 - beta2) * g * g;
        firstMoment[i] = m;
        secondMoment[i] = v;
        step[i] = (-learningRate * (ahead * m + now * g)) / (Math.sqrt(v) * rootScale + epsilon);
      }
    },
  };
}
