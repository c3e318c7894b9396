import { parameterLayout, type OptimizeeFamily } from '@metadescent/core';

/** ½ Σ c_j (θ_j − θ*_j)² with curvatures in [0.5, 2] and a random optimum: easy to learn to optimise. */
export function bowls(n = 6): OptimizeeFamily {
  const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [n] }]);
  return {
    name: 'bowls',
    layout,
    sample(key) {
      const curvature = key
        .fold('curvature')
        .uniform(n)
        .map((u) => 0.5 + 1.5 * u);
      const optimum = key.fold('optimum').normal(n);
      const evaluate = (parameters: Float32Array, gradient?: Float32Array): number => {
        let sum = 0;
        for (let j = 0; j < n; j++) {
          const distance = parameters[j]! - optimum[j]!;
          sum += 0.5 * curvature[j]! * distance * distance;
          if (gradient) gradient[j] = curvature[j]! * distance;
        }
        return sum;
      };
      return {
        name: 'bowl',
        layout,
        initialParameters: () => new Float32Array(n),
        minibatch: () => ({ evaluate }),
        trueObjective: evaluate,
      };
    },
  };
}
