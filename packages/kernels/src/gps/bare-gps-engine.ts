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

/** The control kernels without a check of their arguments; `checkedGpsEngine` makes of them what callers see. */
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
