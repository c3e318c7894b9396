import {
  parameterLayout,
  parseOptions,
  type Key,
  type Minibatch,
  type Optimizee,
  type OptimizeeFamily,
} from '@metadescent/core';
import * as z from 'zod/mini';

/** The options of `quadratics`. */
export const quadraticsOptionsSchema = z.strictObject({
  /** n: the length of θ and y; W is [n, n]. Andrychowicz et al. 2016, §3.1: 10. */
  dimension: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 10),
  /**
   * Standard deviation of every entry of θ₀ around 0. The paper does not say where its optimizees start; the
   * code that its authors released uses 0.01.
   */
  initialStandardDeviation: z._default(z.number().check(z.nonnegative()), 0.01),
});
export type QuadraticsOptions = z.input<typeof quadraticsOptionsSchema>;

/**
 * Random quadratics (Andrychowicz et al. 2016, §3.1):
 *
 *     f(θ) = ‖Wθ − y‖²,   ∇f(θ) = 2Wᵀ(Wθ − y),   W_ij, y_i ~ N(0, 1),   θ₀ ~ N(0, σ²)
 *
 * with W [n, n], y [n] and θ [n], one coordinate group. Every `sample(key)` draws a new W and y. There is no
 * noise: all mini-batches are f itself. The sums run in double precision.
 *
 * The text of the paper draws W and y from a Gaussian and so do we; the code its authors released draws them
 * from U[0, 1), and its plots have a normalisation that is nowhere stated. Compare ratios of objectives, not
 * absolute values.
 *
 * @throws UserError if an option is out of range.
 * @example
 * quadratics({ dimension: 3 }).sample(createKey(1)).layout.size // => 3
 */
export function quadratics(options: QuadraticsOptions = {}): OptimizeeFamily {
  const { dimension: n, initialStandardDeviation } = parseOptions(
    'quadratics',
    quadraticsOptionsSchema,
    options,
  );
  const name = `quadratic-${n}`;
  const layout = parameterLayout([{ name: 'theta', role: 'vector', layer: 0, shape: [n] }]);

  const sample = (key: Key): Optimizee => {
    const evaluate = residualNorm(key.fold('W').normal(n * n), key.fold('y').normal(n));
    const minibatch: Minibatch = { evaluate };
    return {
      name,
      layout,
      initialParameters: (from) => Float32Array.from(from.normal(n), (x) => initialStandardDeviation * x),
      minibatch: () => minibatch,
      trueObjective: evaluate,
    };
  };
  return { name, layout, sample };
}

/** θ ↦ ‖Wθ − y‖² with its gradient, for W [n, n] row-major and y [n]. */
function residualNorm(W: Float64Array, y: Float64Array): Minibatch['evaluate'] {
  const n = y.length;
  const sums = new Float64Array(n);
  return (theta, gradient) => {
    sums.fill(0);
    let objective = 0;
    for (let i = 0; i < n; i++) {
      let residual = -(y[i] as number);
      for (let j = 0; j < n; j++) residual += (W[i * n + j] as number) * (theta[j] as number);
      objective += residual * residual;
      if (gradient) {
        for (let j = 0; j < n; j++) sums[j] = (sums[j] as number) + 2 * (W[i * n + j] as number) * residual;
      }
    }
    gradient?.set(sums);
    return objective;
  };
}
