import {
  createKey,
  parameterLayout,
  type Minibatch,
  type Observation,
  type Optimizee,
  type OptimizeeFamily,
  type ParameterLayout,
} from '@metadescent/core';

/** f(θ), writing ∇f(θ) where it is given. */
export type Objective = Minibatch['evaluate'];

export function vectorLayout(n: number): ParameterLayout {
  return parameterLayout([{ name: 'theta', role: 'vector', layer: 0, shape: [n] }]);
}

/** An optimizee whose mini-batches all are the objective itself. */
export function noiseless(name: string, start: readonly number[], evaluate: Objective): Optimizee {
  return {
    name,
    layout: vectorLayout(start.length),
    initialParameters: () => Float32Array.from(start),
    minibatch: () => ({ evaluate }),
    trueObjective: evaluate,
  };
}

/** ½ θᵀAθ − bᵀθ with A symmetric, row-major [n, n]. */
export function quadratic(a: readonly number[], b: readonly number[]): Objective {
  const n = b.length;
  return (parameters, gradient) => {
    let value = 0;
    for (let i = 0; i < n; i++) {
      let row = 0;
      for (let j = 0; j < n; j++) row += (a[i * n + j] as number) * (parameters[j] as number);
      value += (parameters[i] as number) * (0.5 * row - (b[i] as number));
      if (gradient) gradient[i] = row - (b[i] as number);
    }
    return value;
  };
}

/** A random symmetric positive definite matrix, BᵀB / n + ½I [n, n]. */
export function positiveDefinite(n: number, seed: number): number[] {
  const b = createKey(seed).normal(n * n);
  return Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 0.5 : 0;
    for (let k = 0; k < n; k++) sum += ((b[k * n + i] as number) * (b[k * n + j] as number)) / n;
    return sum;
  });
}

/** (1 − x)² + 100 (y − x²)². */
export const rosenbrock: Objective = (parameters, gradient) => {
  const [x, y] = parameters as unknown as [number, number];
  const away = y - x * x;
  if (gradient) {
    gradient[0] = -2 * (1 - x) - 400 * x * away;
    gradient[1] = 200 * away;
  }
  return (1 - x) ** 2 + 100 * away * away;
};

/** Logistic regression on random points, mini-batches of 16 of 200: convex, noisy, not quadratic. */
export function logisticRegressions(n = 6): OptimizeeFamily {
  const [points, batch] = [200, 16];
  const layout = vectorLayout(n);
  return {
    name: 'logistic-regressions',
    layout,
    sample(key) {
      const x = key.fold('points').normal(points * n);
      const truth = key.fold('truth').normal(n);
      const noise = key.fold('noise').normal(points);
      const label = noise.map((e, r) => {
        let score = e;
        for (let i = 0; i < n; i++) score += (x[r * n + i] as number) * (truth[i] as number);
        return score > 0 ? 1 : -1;
      });
      const over = (rows: ArrayLike<number>): Objective => {
        return (parameters, gradient) => {
          let value = 0;
          const sums = new Float64Array(n);
          for (let k = 0; k < rows.length; k++) {
            const r = rows[k] as number;
            let margin = 0;
            for (let i = 0; i < n; i++) margin += (x[r * n + i] as number) * (parameters[i] as number);
            margin *= label[r] as number;
            value += Math.log1p(Math.exp(-margin)) / rows.length;
            const weight = -(label[r] as number) / (1 + Math.exp(margin)) / rows.length;
            for (let i = 0; i < n; i++) sums[i] = (sums[i] as number) + weight * (x[r * n + i] as number);
          }
          gradient?.set(sums);
          return value;
        };
      };
      return {
        name: 'logistic-regression',
        layout,
        initialParameters: (from) => Float32Array.from(from.normal(n)),
        minibatch: (from, step) => ({ evaluate: over(from.fold(step).integers(batch, points)) }),
        trueObjective: over(Uint32Array.from({ length: points }, (_, r) => r)),
      };
    },
  };
}

/** What an optimizer sees at θ on this objective. */
export function observe(evaluate: Objective, parameters: Float32Array, iteration = 0): Observation {
  const gradient = new Float32Array(parameters.length);
  const objective = evaluate(parameters, gradient);
  return {
    layout: vectorLayout(parameters.length),
    iteration,
    parameters,
    gradient,
    objective,
    minibatch: { evaluate },
  };
}
