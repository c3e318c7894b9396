/**
 * A network that independent coordinates share, step by step: the core of coordinatewise update rules. It has I
 * inputs and O outputs per coordinate and step, and may keep a state per coordinate between steps.
 *
 * `Trace` is what forward steps can leave for `backward`, where the network has such a thing.
 */
export interface CoordinateNetwork<Trace = never> {
  readonly inputs: number;
  readonly outputs: number;
  /** Number of weights. */
  readonly weightCount: number;
  /** Length of the state array of n coordinates; 0 where nothing is kept. */
  stateSize(n: number): number;
  /** T steps of n coordinates. */
  forward(run: CoordinateForward<Trace>): void;
  /**
   * The vector-Jacobian product of `forward`: for L with the cotangents ∂L/∂outputs, and ∂L/∂(state after the
   * last step) where it is given, adds ∂L/∂weights, and writes ∂L/∂inputs and ∂L/∂(state before the first
   * step) where they are wanted.
   *
   * The sum over coordinates runs in a fixed order: equal arguments give equal bits.
   */
  backward(run: CoordinateBackward<Trace>): void;
}

export interface CoordinateForward<Trace = never> {
  /** n */
  readonly coordinates: number;
  /** [weightCount] */
  readonly weights: Float32Array;
  /** x [T, I, n] */
  readonly inputs: Float32Array;
  /** Updated in place [stateSize(n)] */
  readonly state: Float32Array;
  /** y, overwritten [T, O, n] */
  readonly outputs: Float32Array;
  /** Receives the steps. */
  readonly trace?: Trace;
}

export interface CoordinateBackward<Trace = never> {
  /** n */
  readonly coordinates: number;
  /** [weightCount] */
  readonly weights: Float32Array;
  /** Before the first step, not changed [stateSize(n)] */
  readonly initialState: Float32Array;
  /** x [T, I, n] */
  readonly inputs: Float32Array;
  /** ∂L/∂y [T, O, n] */
  readonly outputCotangent: Float32Array;
  /** ∂L/∂(state after the last step); absent is 0 [stateSize(n)] */
  readonly stateCotangent?: Float32Array;
  /** Accumulated into [weightCount] */
  readonly weightGradient: Float32Array;
  /** Overwritten [T, I, n] */
  readonly inputGradient?: Float32Array;
  /** Overwritten [stateSize(n)] */
  readonly stateGradient?: Float32Array;
  /** Of exactly these T steps, from these weights, inputs and initial state. */
  readonly trace?: Trace;
}
