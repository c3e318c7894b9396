import type { Key, Minibatch, Optimizee } from '@metadescent/core';

/** How the coordinates of a training optimizee are changed at random. */
export interface RandomScaling {
  /** Half-width of ln |c|; 0 keeps the scale. */
  readonly range: number;
  /** Whether c_j is negative with probability ½. */
  readonly signs: boolean;
}

/**
 * The same objective in coordinates of random scale (Lv, Jiang & Li 2017, "Learning gradient descent: better
 * generalization and longer horizons", §3.1) and random sign (ours, see `randomOrientation`):
 *
 *     f_c(θ) = f(c ∘ θ),   θ_0 = θ_0^f / c,   c_j = ± exp(u_j), u_j ~ U[−range, range]
 *
 * A rule that is meta-trained on scaled optimizees cannot rely on one scale of gradients, and holds up beyond
 * its horizon and on other problems; one that is trained with signs cannot rely on a direction.
 *
 * @returns `optimizee` itself where nothing is to be changed
 */
export function randomlyScaled(optimizee: Optimizee, { range, signs }: RandomScaling, key: Key): Optimizee {
  if (range === 0 && !signs) return optimizee;
  const n = optimizee.layout.size;
  const scale = Float32Array.from(key.uniform(n), (u) => Math.exp(range * (2 * u - 1)));
  if (signs)
    key
      .fold('signs')
      .uniform(n)
      .forEach((u, j) => (scale[j] = u < 0.5 ? -(scale[j] as number) : (scale[j] as number)));
  const inner = new Float32Array(n);
  const within =
    (evaluate: Minibatch['evaluate']): Minibatch['evaluate'] =>
    (parameters, gradient) => {
      for (let j = 0; j < n; j++) inner[j] = (scale[j] as number) * (parameters[j] as number);
      const value = evaluate(inner, gradient);
      if (gradient) for (let j = 0; j < n; j++) gradient[j] = (gradient[j] as number) * (scale[j] as number);
      return value;
    };
  return {
    name: `${optimizee.name}, randomly scaled`,
    layout: optimizee.layout,
    initialParameters: (from) => optimizee.initialParameters(from).map((x, j) => x / (scale[j] as number)),
    minibatch(from, step) {
      const minibatch = optimizee.minibatch(from, step);
      return { evaluate: within((p, g) => minibatch.evaluate(p, g)) };
    },
    trueObjective: within((p, g) => optimizee.trueObjective(p, g)),
  };
}
