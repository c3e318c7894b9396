import { parameterLayout, type Optimizee, type OptimizeeFamily } from '@metadescent/core';

/**
 * f(θ) = 10 + s·θ with s_j = 0.1 sin(1 + j), and f̂_t(θ) = 10 + (s + 0.2 ε_t)·θ with ε_t ~ N(0, I), on two
 * layers of weights and biases: gradients do not depend on θ. A meta-gradient that takes the gradients which
 * the rule reads as constants is exact on it, and can be held against central differences of whole rollouts
 * (see `gradientConformance`). The offset keeps f positive for losses that divide by it or take its logarithm.
 */
export function slopes(): OptimizeeFamily {
  const layout = parameterLayout([
    { name: 'layer-0/weight', role: 'weight', layer: 0, shape: [3, 2] },
    { name: 'layer-0/bias', role: 'bias', layer: 0, shape: [2] },
    { name: 'layer-1/weight', role: 'weight', layer: 1, shape: [2, 2] },
    { name: 'layer-1/bias', role: 'bias', layer: 1, shape: [2] },
  ]);
  const truth = Float32Array.from({ length: layout.size }, (_, j) => 0.1 * Math.sin(1 + j));
  const along = (slope: Float32Array) => (parameters: Float32Array, gradient?: Float32Array) => {
    gradient?.set(slope);
    return parameters.reduce((sum, x, j) => sum + x * (slope[j] as number), 10);
  };
  const optimizee: Optimizee = {
    name: 'slopes',
    layout,
    initialParameters: (key) => Float32Array.from(key.normal(layout.size), (x) => 0.1 * x),
    minibatch: (key, step) => ({
      evaluate: along(
        Float32Array.from(key.fold(step).normal(layout.size), (x, j) => (truth[j] as number) + 0.2 * x),
      ),
    }),
    trueObjective: along(truth),
  };
  return { name: 'slopes', layout, sample: () => optimizee };
}
