import type {
  Activation,
  NetworkKernel,
  NetworkLayer,
  NetworkLoss,
  NetworkSpecification,
} from './network-kernel.js';

export interface MlpShape {
  /** Units per layer from the input to the output, e.g. [784, 20, 10]: at least two entries. */
  readonly sizes: readonly number[];
  /** Of the hidden layers; the output layer is linear. */
  readonly activation: Activation;
  readonly loss: NetworkLoss;
}

/** A network of dense layers a_{l+1} = φ(a_l W_l + b_l). */
export interface MlpKernel extends NetworkKernel {
  readonly shape: MlpShape;
}

/**
 * A multilayer perceptron as a network.
 *
 * @throws RangeError if there are fewer than two sizes, or if the activation is unknown.
 */
export function mlpSpecification({ sizes, activation, loss }: MlpShape): NetworkSpecification {
  if (!Array.isArray(sizes) || sizes.length < 2)
    throw new RangeError(
      `mlp: \`sizes\` needs at least an input and an output width, but is [${String(sizes)}]`,
    );
  // Also where there is no hidden layer that has it.
  if (!['sigmoid', 'tanh', 'relu'].includes(activation))
    throw new RangeError(`mlp: \`activation\` must be sigmoid, tanh or relu, but is ${activation}`);
  const layers = sizes
    .slice(1)
    .flatMap((outputs: number, l): NetworkLayer[] => [
      { kind: 'dense', outputs },
      ...(l + 2 < sizes.length ? [{ kind: 'activation', activation } as const] : []),
    ]);
  return { inputs: sizes[0] as number, layers, loss };
}
