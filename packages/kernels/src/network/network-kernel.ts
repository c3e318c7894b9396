import type { ParameterLayout } from '@metadescent/core';

export type Activation = 'sigmoid' | 'tanh' | 'relu';
export type NetworkLoss = 'softmax-cross-entropy' | 'squared-error';

/** a W + b with W [in, outputs] and b [outputs]. */
export interface DenseLayer {
  readonly kind: 'dense';
  readonly outputs: number;
}

/** φ of every number; behind a dense layer. */
export interface ActivationLayer {
  readonly kind: 'activation';
  readonly activation: Activation;
}

/** One layer; more kinds may come. */
export type NetworkLayer = DenseLayer | ActivationLayer;

/** A network with its loss, as plain data. */
export interface NetworkSpecification {
  /** Numbers of one example. */
  readonly inputs: number;
  /** From the input to the output: at least one layer, the first of them dense. */
  readonly layers: readonly NetworkLayer[];
  readonly loss: NetworkLoss;
}

/**
 * A network, and the mean loss over a batch: softmax cross-entropy −ln p_label, or squared error
 * Σ_k (a_k − y_k)². Flat parameters: W and b of the first dense layer, then of the second, …
 *
 * The kernel owns its batch: set once, evaluate often (line searches, fixed subsets).
 */
export interface NetworkKernel {
  readonly specification: NetworkSpecification;
  /** The blocks of the parameters: `layer-0/weight` [in, out], `layer-0/bias` [out], `layer-1/weight`, … */
  readonly layout: ParameterLayout;
  readonly parameterCount: number;
  /** Numbers of one example, at the input and at the output. */
  readonly inputs: number;
  readonly outputs: number;
  /** Numbers that one example takes while it goes through the network, its inputs included. */
  readonly floatsPerExample: number;
  /**
   * Takes `rows` examples [rows, inputs] with class labels [rows] (softmax-cross-entropy) or targets [rows,
   * outputs] (squared-error). Labels are copied; the other arrays may be kept: do not change or transfer them
   * before the next `setBatch`.
   */
  setBatch(inputs: Float32Array, targets: Uint8Array | Float32Array): void;
  /**
   * Mean loss on the batch, and its gradients where wanted.
   *
   * @param parameters [parameterCount]
   * @param gradient overwritten with ∂L/∂parameters [parameterCount]
   * @param inputGradient overwritten with ∂L/∂inputs [rows, inputs]
   * @throws Error if no batch was set.
   * @throws RangeError if the arrays of the batch were transferred since.
   */
  evaluate(parameters: Float32Array, gradient?: Float32Array, inputGradient?: Float32Array): number;
}
