import {
  parameterLayout,
  type Optimizee,
  type OptimizeeFamily,
  type ParameterBlock,
} from '@metadescent/core';

const blocks: ParameterBlock[] = [
  { name: 'layer-0/weight', role: 'weight', layer: 0, shape: [3, 2] },
  { name: 'layer-0/bias', role: 'bias', layer: 0, shape: [2] },
  { name: 'layer-1/weight', role: 'weight', layer: 1, shape: [2, 2] },
  { name: 'layer-1/bias', role: 'bias', layer: 1, shape: [2] },
];

/**
 * f(θ) = 10 + s·θ, with slopes of noise added on mini-batches: gradients do not depend on θ, so "observations
 * are constants" holds exactly for a rule that reads gradients alone, and the meta-gradient can be held
 * against finite differences of whole rollouts.
 */
export function slopes(): Optimizee {
  const layout = parameterLayout(blocks);
  const truth = Float32Array.from({ length: layout.size }, (_, j) => 0.1 * Math.sin(1 + j));
  const value = (slope: Float32Array, parameters: Float32Array) =>
    parameters.reduce((sum, x, j) => sum + x * slope[j]!, 10);
  return {
    name: 'slopes',
    layout,
    initialParameters: (key) => Float32Array.from(key.normal(layout.size), (x) => 0.1 * x),
    minibatch: (key, step) => {
      const slope = Float32Array.from(key.fold(step).normal(layout.size), (x, j) => truth[j]! + 0.2 * x);
      return {
        evaluate(parameters, gradient) {
          gradient?.set(slope);
          return value(slope, parameters);
        },
      };
    },
    trueObjective(parameters, gradient) {
      gradient?.set(truth);
      return value(truth, parameters);
    },
  };
}

/** 1 + ½ Σ c_j (θ_j − 1)² on the same layout, with curvatures between 0.5 and 2 and noisy gradients. */
export function bowls(noise = 0.1): OptimizeeFamily {
  const layout = parameterLayout(blocks);
  const curvature = Float64Array.from({ length: layout.size }, (_, j) => 1.25 + 0.75 * Math.sin(3 * j));
  const exact = (parameters: Float32Array, gradient?: Float32Array) => {
    let sum = 1;
    for (let j = 0; j < layout.size; j++) {
      const distance = parameters[j]! - 1;
      sum += 0.5 * curvature[j]! * distance * distance;
      if (gradient) gradient[j] = curvature[j]! * distance;
    }
    return sum;
  };
  const optimizee: Optimizee = {
    name: 'bowls',
    layout,
    initialParameters: (key) => Float32Array.from(key.normal(layout.size), (x) => 0.3 * x),
    minibatch: (key, step) => ({
      evaluate(parameters, gradient) {
        const value = exact(parameters, gradient);
        if (gradient)
          key
            .fold(step)
            .normal(layout.size)
            .forEach((draw, j) => (gradient[j]! += noise * draw));
        return value;
      },
    }),
    trueObjective: exact,
  };
  return { name: 'bowls', layout, sample: () => optimizee };
}
