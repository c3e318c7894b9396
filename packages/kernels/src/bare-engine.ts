import type { GemmOptions, KernelEngine, LstmShape, MlpShape } from './engine.js';
import type {
  GpsEngine,
  GpsGemm,
  GpsSyrk,
  LqgController,
  LqgMoments,
  LqgProblem,
  LqgShape,
  LqgValues,
} from './gps-engine.js';
import type { LstmLayout } from './lstm-layout.js';
import type { MlpLayout } from './mlp-layout.js';
import type {
  CheckedObservation,
  CheckedRecentMean,
  CheckedStandardisation,
  CheckedStates,
} from './psd-feature-checks.js';

/**
 * What an engine implements: the kernels without a check of their arguments. `checkedEngine` and
 * `checkedGpsEngine` make of them the engines that callers see; every argument that arrives here has the
 * type, length and range that the contract in engine.ts or gps-engine.ts states.
 */
export interface BareEngine {
  readonly name: KernelEngine['name'];
  readonly detail: string;
  readonly note?: string | undefined;
  lstm(shape: LstmShape, layout: LstmLayout): BareLstm<unknown>;
  mlp(shape: MlpShape, layout: MlpLayout): BareMlp;
  preprocessGradient(n: number, gradient: Float32Array, p: number, features: Float32Array): void;
  gemm(options: Required<GemmOptions>): void;
  readonly psdFeatures: BarePsdFeatures;
}

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
  ): void;
  /** Memory for a trace of so many floats, and how many bytes that takes. */
  allocateTrace(floats: number): { readonly storage: Storage; readonly bytes: number };
  freeTrace(storage: Storage): void;
}

export interface BareMlp {
  /** Takes the batch. The kernel may keep the arrays: they are whole at every `evaluate`. */
  setBatch(rows: number, inputs: Float32Array, targets: Uint8Array | Float32Array): void;
  evaluate(parameters: Float32Array, gradient: Float32Array | undefined): number;
}

export interface BarePsdFeatures {
  observe(step: CheckedObservation): void;
  standardise(run: CheckedStandardisation): void;
  recentMean(mean: CheckedRecentMean): void;
  gradientSlot(n: number, now: Float64Array, before: Float64Array, slot: Float64Array): void;
  ratioSlot(
    n: number,
    late: Float64Array,
    early: Float64Array,
    now: Float64Array,
    before: Float64Array,
    slot: Float64Array,
  ): void;
  states(states: CheckedStates): void;
}

export interface BareGpsEngine {
  readonly name: GpsEngine['name'];
  readonly detail: string;
  readonly note?: string | undefined;
  gemm(options: Required<GpsGemm>): void;
  syrk(options: Required<Omit<GpsSyrk, 'offset'>> & Pick<GpsSyrk, 'offset'>): void;
  columnMeans(rows: number, n: number, a: Float64Array, means: Float64Array): void;
  cholesky(n: number, a: Float64Array, factor: Float64Array): number;
  choleskySolve(n: number, factor: Float64Array, columns: number, b: Float64Array): void;
  lqg(shape: LqgShape): BareLqg;
}

export interface BareLqg {
  /**
   * Takes the problem, with the rows of B that may be non-zero. The kernel may keep the arrays: they are
   * whole at every pass.
   */
  load(problem: LqgProblem, actionRows: readonly number[]): void;
  backward(eta: number, controller: LqgController, values: LqgValues | undefined): number;
  forward(controller: LqgController, moments: LqgMoments): void;
}
