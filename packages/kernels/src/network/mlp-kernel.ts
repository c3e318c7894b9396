export type Activation = 'sigmoid' | 'tanh' | 'relu';
export type MlpLoss = 'softmax-cross-entropy' | 'squared-error';

export interface MlpShape {
  /** Units per layer from the input to the output, e.g. [784, 20, 10]: at least two entries. */
  readonly sizes: readonly number[];
  /** Of the hidden layers; the output layer is linear. */
  readonly activation: Activation;
  readonly loss: MlpLoss;
}

/**
 * Dense layers a_{l+1} = φ(a_l W_l + b_l), W_l [in, out]; flat parameters: W_0, b_0, W_1, b_1, …
 *
 * Mean loss over the batch: softmax cross-entropy −ln p_label, or squared error Σ_k (a_k − y_k)².
 *
 * The kernel owns its batch: set once, evaluate often (line searches, fixed subsets).
 */
export interface MlpKernel {
  readonly shape: MlpShape;
  readonly parameterCount: number;
  /**
   * Takes `rows` examples [rows, sizes[0]] with class labels [rows] (softmax-cross-entropy) or targets [rows,
   * last size] (squared-error). Labels are copied; the other arrays may be kept: do not change or transfer
   * them before the next `setBatch`.
   */
  setBatch(inputs: Float32Array, targets: Uint8Array | Float32Array): void;
  /**
   * Mean loss on the batch, and its gradient where wanted.
   *
   * @param parameters [parameterCount]
   * @param gradient overwritten [parameterCount]
   * @throws Error if no batch was set.
   * @throws RangeError if the arrays of the batch were transferred since.
   */
  evaluate(parameters: Float32Array, gradient?: Float32Array): number;
}
