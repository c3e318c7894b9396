import { parameterLayout, type ParameterBlock, type ParameterLayout } from '@metadescent/core';

/**
 * The coordinate groups of a multilayer perceptron, in the order of the kernels: `layer-0/weight` [in, out],
 * `layer-0/bias` [out], `layer-1/weight`, …
 *
 * @param sizes units per layer from the input to the output [at least 2]
 * @example
 * mlpParameterLayout([784, 20, 10]).size // => 15910
 */
export function mlpParameterLayout(sizes: readonly number[]): ParameterLayout {
  return parameterLayout(
    sizes.slice(1).flatMap((outputs, layer): ParameterBlock[] => [
      {
        name: `layer-${layer}/weight`,
        role: 'weight',
        layer,
        module: 'dense',
        shape: [sizes[layer] as number, outputs],
      },
      { name: `layer-${layer}/bias`, role: 'bias', layer, module: 'dense', shape: [outputs] },
    ]),
  );
}
