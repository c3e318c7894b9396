/** A trace as an LSTM kernel sees it: its memory, and how much fits into it. */
export interface TracePlace<Storage> {
  readonly storage: Storage;
  /** Blocks of 16 coordinates whose gates are kept. */
  readonly blocks: number;
  /** Steps that there is room for. */
  readonly capacity: number;
  /** Steps that are there already. */
  readonly first: number;
}

/** What a complete backpropagation takes and gives beside the weights' gradient. */
export interface BesideWeights {
  readonly stateCotangent: Float32Array | undefined;
  readonly inputGradient: Float32Array | undefined;
  readonly stateGradient: Float32Array | undefined;
}

/** An LSTM without a check of its arguments. */
export interface BareLstm<Storage> {
  /** T steps of n coordinates, as `LstmKernel.sequence` states them. */
  forward(
    weights: Float32Array,
    inputs: Float32Array,
    state: Float32Array,
    outputs: Float32Array,
    n: number,
    steps: number,
    trace: TracePlace<Storage> | undefined,
  ): void;
  backpropagate(
    weights: Float32Array,
    initialState: Float32Array,
    inputs: Float32Array,
    cotangent: Float32Array,
    weightGradient: Float32Array,
    n: number,
    steps: number,
    trace: TracePlace<Storage> | undefined,
    beside?: BesideWeights,
  ): void;
  /** Memory for a trace of so many floats, and how many bytes that takes. */
  allocateTrace(floats: number): { readonly storage: Storage; readonly bytes: number };
  freeTrace(storage: Storage): void;
}
