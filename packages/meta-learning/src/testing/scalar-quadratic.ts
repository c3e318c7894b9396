import { parameterLayout, type Optimizee, type OptimizeeFamily } from '@metadescent/core';
import type { LearnedOptimizer } from '../learned-optimizer.js';

/** f(θ) = ½θ² from θ₀ = 1, without noise: with the rule Δθ = −φ g everything has a closed form, θ_t = (1 − φ)ᵗ. */
export function scalarQuadratic(): OptimizeeFamily {
  const layout = parameterLayout([{ name: 'theta', role: 'vector', layer: 0, shape: [1] }]);
  const evaluate = (parameters: Float32Array, gradient?: Float32Array): number => {
    const theta = parameters[0] as number;
    if (gradient) gradient[0] = theta;
    return 0.5 * theta * theta;
  };
  const optimizee: Optimizee = {
    name: 'scalar-quadratic',
    layout,
    initialParameters: () => Float32Array.of(1),
    minibatch: () => ({ evaluate }),
    trueObjective: evaluate,
  };
  return { name: 'scalar-quadratics', layout, sample: () => optimizee };
}

/** φ = [learning rate]. */
export const learnedRate: LearnedOptimizer = {
  name: 'learned-rate',
  init: () => Float32Array.of(0.1),
  flat: (phi) => phi.slice(),
  withFlat: (_, values) => values.slice(),
  optimizer: (phi) => ({
    name: 'learned-rate',
    init: () => ({}),
    update: ({ gradient }, _, step) => gradient.forEach((g, i) => (step[i] = -(phi[0] as number) * g)),
  }),
};

/** d/dφ of mean_t f(θ_t) over t = 1 … T. */
export function meanGradient(phi: number, T: number): number {
  let sum = 0;
  for (let t = 1; t <= T; t++) sum -= t * (1 - phi) ** (2 * t - 1);
  return sum / T;
}

/** The same where what a change of φ does is seen within its own segment of K steps alone. */
export function truncatedGradient(phi: number, T: number, K: number): number {
  let sum = 0;
  for (let s = 0; s < T; s += K) {
    for (let j = 1; j <= K; j++) sum -= j * (1 - phi) ** (2 * s + 2 * j - 1);
  }
  return sum / T;
}
