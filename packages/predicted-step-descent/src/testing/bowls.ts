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

/** 1 + ½ Σ c_j (θ_j − 1)² on two layers of weights and biases, with curvatures between 0.5 and 2 and noisy gradients. */
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
