import type { CoordinateNetwork } from '../coordinate-network/coordinate-network.js';

/**
 * `layers` stacked LSTMs of `hidden` units over `inputs` features, and a linear output of `outputs` numbers
 * (one where it is not said), for independent coordinates that share the weights.
 */
export interface LstmShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly outputs?: number;
}

/**
 * Coordinatewise LSTM. With gates (i, f, g, o) in this order, per layer and coordinate:
 *
 *     z = W_input x + W_hidden h + b,   i, f, o = σ(z_i, z_f, z_o),   g = tanh(z_g)
 *     c' = f∘c + i∘g,   h' = o∘tanh(c');   the next layer's x is h';   output = w_out·h'_last + b_out
 *
 * Flat weights, in this order: for each layer W_input [4H, I_layer], W_hidden [4H, H], b [4H]; then w_out
 * [O, H], b_out [O]. I_layer is `inputs` for the first layer and H for the others.
 *
 * State: one opaque array of `stateSize(n)` floats for n coordinates (zeros at the start), in the order that
 * is best for the lanes; `stateIndex` says where one number is.
 */
export interface LstmKernel extends CoordinateNetwork<LstmTrace> {
  readonly shape: Required<LstmShape>;
  /**
   * Place of unit `unit` of `h` or `c` of layer `layer` of coordinate `coordinate` in the state array of n
   * coordinates.
   */
  stateIndex(n: number, coordinate: number, layer: number, part: 'h' | 'c', unit: number): number;
  /**
   * A trace for segments of up to `capacity` steps of n coordinates: with it, `backpropagate` is a quarter to
   * a third faster, because it need not compute again what the forward steps computed. Coordinates that do
   * not fit into `maxBytes` (default 96 MiB) are computed again as without one. It belongs to this kernel and
   * may live in the kernel's memory: make one, use it for segment after segment, and `dispose` of it when
   * there will be no more.
   */
  createTrace(n: number, capacity: number, maxBytes?: number): LstmTrace;
  /**
   * One step of n coordinates.
   *
   * @param weights [weightCount]
   * @param inputs feature planes [I, n]
   * @param state updated in place [stateSize(n)]
   * @param outputs [O, n]
   * @param trace receives the step, where the segment will be backpropagated
   */
  step(
    weights: Float32Array,
    inputs: Float32Array,
    state: Float32Array,
    outputs: Float32Array,
    trace?: LstmTrace,
  ): void;
  /**
   * Backpropagation through a segment of T steps with recomputation: the part of `backward` that truncated
   * training needs. Inputs are constants. For L = Σ cotangent·output over steps, outputs and coordinates adds
   * ∂L/∂weights to `weightGradient`. A block of coordinates at a time is run forward and backward inside the
   * cache, so memory is O(n·T·I) for the caller's inputs and O(T·layers·H) per block. The states at the start
   * are constants too (truncation).
   *
   * The sum runs over blocks in a fixed order: equal inputs give equal bits, with a trace or without.
   *
   * @param initialState state before the first step, not changed [stateSize(n)]
   * @param inputs [T, I, n]
   * @param cotangent ∂L/∂output [T, O, n]
   * @param weightGradient accumulated into [weightCount]
   * @param trace of exactly these T steps, from these weights, inputs and initial state. That they are the
   *   same is the caller's to see to; only the counts
   *   are checked
   */
  backpropagate(
    weights: Float32Array,
    initialState: Float32Array,
    inputs: Float32Array,
    cotangent: Float32Array,
    weightGradient: Float32Array,
    trace?: LstmTrace,
  ): void;
  /**
   * `T` steps in one call: as `step` for each t, for sequences known beforehand (imitation, regression); `forward`
   * with the arguments in a row.
   *
   * @param inputs [T, I, n]
   * @param state updated in place [stateSize(n)]
   * @param outputs [T, O, n]
   * @param trace receives the T steps
   */
  sequence(
    weights: Float32Array,
    inputs: Float32Array,
    state: Float32Array,
    outputs: Float32Array,
    trace?: LstmTrace,
  ): void;
}

/**
 * What the forward steps of a segment leave for its backpropagation: the gates of as many coordinates as fit.
 * Steps are appended by `step` and `sequence`.
 *
 * @example
 * trace.clear();
 * for (let t = 0; t < T; t++) kernel.step(weights, inputsAt(t), state, outputs, trace);
 * kernel.backpropagate(weights, initialState, inputs, cotangent, gradient, trace);
 */
export interface LstmTrace {
  readonly coordinates: number;
  /** Steps that it can hold. */
  readonly capacity: number;
  /** Steps that it holds. */
  readonly steps: number;
  /**
   * Memory that it takes, in bytes: 0 once it is disposed of, and on the TypeScript engine, which always
   * computes again.
   */
  readonly bytes: number;
  /** Empties it, for the next segment. */
  clear(): void;
  /**
   * Gives its memory back to the kernel, for other traces or the system. It cannot be used afterwards; a
   * second call does nothing.
   */
  dispose(): void;
}
