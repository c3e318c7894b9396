import { parameterLayout, type OptimizeeFamily } from '@metadescent/core';

const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [3] }]);

/** f = ½|θ − c|² with a drawn centre c, and on every mini-batch a slope of its own. */
export const bowls: OptimizeeFamily = {
  name: 'bowls',
  layout,
  sample(key) {
    const centre = key.normal(3);
    const objective =
      (slope: ArrayLike<number>) =>
      (parameters: Float32Array, gradient?: Float32Array): number => {
        let sum = 0;
        for (let i = 0; i < 3; i++) {
          const distance = parameters[i]! - centre[i]!;
          sum += 0.5 * distance ** 2 + 0.1 * slope[i]! * parameters[i]!;
          if (gradient) gradient[i] = distance + 0.1 * slope[i]!;
        }
        return sum;
      };
    return {
      name: 'bowl',
      layout,
      initialParameters: (from) => Float32Array.from(from.normal(3), (x) => 3 * x),
      minibatch: (from, step) => ({ evaluate: objective(from.fold(step).normal(3)) }),
      trueObjective: objective([0, 0, 0]),
    };
  },
};
