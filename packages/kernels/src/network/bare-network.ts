/** A network without a check of its arguments. */
export interface BareNetwork {
  /** Takes the batch. The kernel may keep the arrays: they are whole at every `evaluate`. */
  setBatch(rows: number, inputs: Float32Array, targets: Uint8Array | Float32Array): void;
  evaluate(
    parameters: Float32Array,
    gradient: Float32Array | undefined,
    inputGradient: Float32Array | undefined,
  ): number;
}
