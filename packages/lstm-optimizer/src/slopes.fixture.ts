import { parameterLayout, type OptimizeeFamily, type ParameterBlock } from '@metadescent/core';

const blocks: ParameterBlock[] = [
  { name: 'layer-0/weight', role: 'weight', layer: 0, shape: [3, 2] },
  { name: 'layer-0/bias', role: 'bias', layer: 0, shape: [2] },
  { name: 'layer-1/weight', role: 'weight', layer: 1, shape: [5] },
];

/**
 * f̂_t(θ) = a_t·θ with slopes a_t drawn per step: gradients do not depend on θ, so "gradients are constants"
 * holds exactly and the truncated meta-gradient can be checked against finite differences of the whole
 * unroll.
 */
export function slopes(): OptimizeeFamily {
  const layout = parameterLayout(blocks);
  return {
    name: 'slopes',
    layout,
    sample: (key) => ({
      name: 'slopes',
      layout,
      initialParameters: (from) => Float32Array.from(from.normal(layout.size)),
      minibatch: (from, step) => {
        const slope = key
          .fold('bias')
          .normal(layout.size)
          .map((x, j) => 0.3 * x + 0.7 * from.fold(step).normal(layout.size)[j]!);
        return {
          evaluate(parameters, gradient) {
            gradient?.set(slope);
            return parameters.reduce((sum, x, j) => sum + x * Math.fround(slope[j]!), 0);
          },
        };
      },
      trueObjective: (parameters) => parameters.reduce((sum, x) => sum + x, 0),
    }),
  };
}

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
