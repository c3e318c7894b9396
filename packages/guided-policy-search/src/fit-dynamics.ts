import { UserError } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { choleskyWithJitter } from './cholesky.js';
import type { LinearDynamics } from './dynamics.js';
import { poolMoments, type GroupMoments, type Moments } from './moments.js';
import { symmetrise } from './symmetric.js';

/**
 * What is known about the dynamics beforehand, in the units of the environment. Everything is optional, and
 * plain data.
 */
export interface DynamicsStructure {
  /** Rows of the next state that are known exactly, e.g. x' = x + a. Their noise is `variance` (default 0). */
  readonly knownRows?: readonly {
    readonly row: number;
    /** A's non-zero entries in this row */
    readonly A: readonly { readonly column: number; readonly value: number }[];
    /** [U]; zeros if absent */
    readonly B?: readonly number[];
    readonly c?: number;
    readonly variance?: number;
  }[];
  /**
   * Rows (known ones included) that an action can influence at once; all of them if absent. In the other rows
   * B is exactly zero.
   */
  readonly actionRows?: readonly number[];
  /** State dimensions left out of the regressions: their columns of A are zero outside known rows. */
  readonly excludedColumns?: readonly number[];
  /** Rows of B that are imposed; A is then fitted to s' − Ba. [T, U] each */
  readonly imposedB?: readonly { readonly row: number; readonly B: Float64Array }[];
  /** Prior mean W₀ of [A B] [T, D, D + U]; zero if absent. */
  readonly priorMean?: Float64Array;
  /**
   * Multiplies the ridge of a state column, e.g. by the group size where a column takes one value per
   * trajectory [D].
   */
  readonly ridgeFactors?: readonly number[];
  /**
   * Prior precision of B's entries per row, in units of Σ a² per sample, in place of `actionRidge · Var(a)`
   * [T, D]. (σ_y / (τ|B₀|))² / M makes the prior's standard deviation τ|B₀|.
   */
  readonly actionPrecision?: Float64Array;
}

export interface DynamicsFitOptions {
  /** ρ: prior precision of A's entries per sample, in standardised units. */
  readonly ridge: number;
  /** The same for B's entries, relative to the pooled action variance. */
  readonly actionRidge: number;
  /** Temporal pooling: odd number of steps with triangular weights; 1 for none. */
  readonly window: number;
  /** Added to F's diagonal, in standardised units. */
  readonly noiseFloor: number;
  /** Smallest variance of an initial state dimension, in standardised units. */
  readonly initialVarianceFloor: number;
  readonly structure?: DynamicsStructure;
}

/**
 * Fits dynamics to pooled moments: per time step the posterior mean of a matrix-normal-inverse-Wishart model
 * with prior mean W₀ and column precision M·K₀ (M samples, so the prior scales with the data and K₀ = ρσ² is
 * a ridge in standardised units),
 *
 *     W = [A B] = (S_yz + W₀K₀)(S_zz + K₀)⁻¹,   c = ȳ − W z̄,   F = residual second moment + floor
 *
 * with z = [s; a], y = s'. Known rows, the zero pattern of B, excluded columns and imposed rows of B hold
 * exactly. Rows that share a Gram matrix share one factorisation. With no data (M = 0) the fit is the prior
 * mean.
 *
 * @param scales σ of the states [D], which give the ridge its units (see `stateScales`)
 * @param actionScales standard deviations of the actions [U] (see `actionScales`)
 * @throws UserError for contradictory structure
 */
export function fitDynamics(
  engine: GpsEngine,
  moments: GroupMoments,
  scales: Float64Array,
  actionScales: Float64Array,
  options: DynamicsFitOptions,
): LinearDynamics {
  const { stateSize: D, actionSize: U } = moments;
  const T = moments.steps.length;
  const structure = options.structure ?? {};
  checkStructure(structure, T, D, U);
  const dynamics = {
    stateSize: D,
    actionSize: U,
    horizon: T,
    A: new Float64Array(T * D * D),
    B: new Float64Array(T * D * U),
    c: new Float64Array(T * D),
    F: new Float64Array(T * D * D),
    ...(structure.actionRows && { actionRows: [...structure.actionRows].sort((a, b) => a - b) }),
    ...initialState(moments, scales, options.initialVarianceFloor),
  };
  const plan = planRows(structure, D);
  poolMoments(moments.steps, options.window).forEach((step, t) => {
    const A = dynamics.A.subarray(t * D * D, (t + 1) * D * D);
    const B = dynamics.B.subarray(t * D * U, (t + 1) * D * U);
    for (const rows of plan)
      fitRows(engine, step, t, D, U, rows, structure, scales, actionScales, options, A, B);
    for (const { row, A: entries, B: values } of structure.knownRows ?? []) {
      A.fill(0, row * D, (row + 1) * D);
      for (const { column, value } of entries) A[row * D + column] = value;
      for (let u = 0; u < U; u++) B[row * U + u] = values?.[u] ?? 0;
    }
    const c = dynamics.c.subarray(t * D, (t + 1) * D);
    for (let i = 0; i < D; i++) {
      let value = step.mean[D + U + i]!;
      for (let j = 0; j < D; j++) value -= A[i * D + j]! * step.mean[j]!;
      for (let u = 0; u < U; u++) value -= B[i * U + u]! * step.mean[D + u]!;
      c[i] = value;
    }
    const F = dynamics.F.subarray(t * D * D, (t + 1) * D * D);
    residualCovariance(engine, step, D, U, A, B, F);
    for (let i = 0; i < D; i++) F[i * D + i]! += options.noiseFloor * scales[i]! ** 2;
    for (const { row, c: offset = 0, variance = 0 } of structure.knownRows ?? []) {
      c[row] = offset;
      for (let i = 0; i < D; i++) F[row * D + i] = F[i * D + row] = 0;
      F[row * D + row] = variance;
    }
  });
  return dynamics;
}

/**
 * Standard deviations of the actions, pooled over time about each step's mean; 1 for an action that never
 * varies [U].
 */
export function actionScales({ stateSize: D, actionSize: U, steps }: GroupMoments): Float64Array {
  const scales = new Float64Array(U);
  for (let u = 0; u < U; u++) {
    let variance = 0;
    for (const { size, covariance } of steps) variance += covariance[(D + u) * (size + 1)]! / steps.length;
    scales[u] = variance > 0 ? Math.sqrt(variance) : 1;
  }
  return scales;
}

/** Rows that share their regressors, and so a Gram matrix. */
interface RowPlan {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly withAction: boolean;
}

function planRows(structure: DynamicsStructure, D: number): readonly RowPlan[] {
  const known = new Set((structure.knownRows ?? []).map(({ row }) => row));
  const imposed = new Set((structure.imposedB ?? []).map(({ row }) => row));
  const reachable = new Set(structure.actionRows ?? Array.from({ length: D }, (_, i) => i));
  const excluded = new Set(structure.excludedColumns ?? []);
  const columns = Array.from({ length: D }, (_, i) => i).filter((i) => !excluded.has(i));
  const free = Array.from({ length: D }, (_, i) => i).filter((i) => !known.has(i));
  const isDriven = (i: number) => reachable.has(i) && !imposed.has(i);
  const plans: RowPlan[] = [{ rows: free.filter((i) => !isDriven(i)), columns, withAction: false }];
  const driven = free.filter(isDriven);
  // Own action precisions make own Gram matrices.
  if (structure.actionPrecision)
    plans.push(...driven.map((row) => ({ rows: [row], columns, withAction: true })));
  else plans.push({ rows: driven, columns, withAction: true });
  return plans.filter(({ rows }) => rows.length > 0);
}

function fitRows(
  engine: GpsEngine,
  { size, covariance }: Moments,
  t: number,
  D: number,
  U: number,
  { rows, columns, withAction }: RowPlan,
  structure: DynamicsStructure,
  scales: Float64Array,
  actions: Float64Array,
  options: DynamicsFitOptions,
  A: Float64Array,
  B: Float64Array,
): void {
  const regressors = withAction ? [...columns, ...Array.from(actions, (_, u) => D + u)] : columns;
  const n = regressors.length;
  const precision = regressors.map((i) => {
    if (i < D) return options.ridge * scales[i]! ** 2 * (structure.ridgeFactors?.[i] ?? 1);
    return structure.actionPrecision?.[t * D + rows[0]!] ?? options.actionRidge * actions[i - D]! ** 2;
  });
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) gram[i * n + j] = covariance[regressors[i]! * size + regressors[j]!]!;
    gram[i * n + i]! += precision[i]!;
  }
  const imposed = new Map((structure.imposedB ?? []).map(({ row, B }) => [row, B]));
  const right = new Float64Array(n * rows.length);
  rows.forEach((row, q) => {
    const fixed = imposed.get(row);
    for (let i = 0; i < n; i++) {
      const at = regressors[i]! * size;
      let value = covariance[at + D + U + row]!;
      for (let u = 0; fixed && u < U; u++) value -= covariance[at + D + u]! * fixed[t * U + u]!;
      if (structure.priorMean)
        value += precision[i]! * structure.priorMean[(t * D + row) * (D + U) + regressors[i]!]!;
      right[i * rows.length + q] = value;
    }
    for (let u = 0; fixed && u < U; u++) B[row * U + u] = fixed[t * U + u]!;
  });
  const { factor } = choleskyWithJitter(engine, n, gram);
  engine.choleskySolve(n, factor, rows.length, right);
  rows.forEach((row, q) => {
    for (let i = 0; i < n; i++) {
      const column = regressors[i]!;
      if (column < D) A[row * D + column] = right[i * rows.length + q]!;
      else B[row * U + column - D] = right[i * rows.length + q]!;
    }
  });
}

/** F = E S Eᵀ for E = [−A, −B, I] and the covariance S of (s, a, s'). */
function residualCovariance(
  engine: GpsEngine,
  { size, covariance }: Moments,
  D: number,
  U: number,
  A: Float64Array,
  B: Float64Array,
  F: Float64Array,
): void {
  const width = 2 * D + U;
  const E = new Float64Array(D * width);
  const S = new Float64Array(width * width);
  for (let i = 0; i < D; i++) {
    for (let j = 0; j < D; j++) E[i * width + j] = -A[i * D + j]!;
    for (let u = 0; u < U; u++) E[i * width + D + u] = -B[i * U + u]!;
    E[i * width + D + U + i] = 1;
  }
  for (let i = 0; i < width; i++) S.set(covariance.subarray(i * size, i * size + width), i * width);
  const ES = new Float64Array(D * width);
  engine.gemm({ m: D, n: width, k: width, a: E, b: S, c: ES });
  engine.gemm({ m: D, n: D, k: width, a: ES, b: E, c: F, transposeB: true });
  symmetrise(D, F);
  // Rounding can leave a perfectly predicted row slightly negative.
  for (let i = 0; i < D; i++) if (F[i * D + i]! < 0) F[i * D + i] = 0;
}

function initialState({ stateSize: D, steps }: GroupMoments, scales: Float64Array, floor: number) {
  const { size, mean, covariance } = steps[0]!;
  const initialCovariance = new Float64Array(D * D);
  for (let i = 0; i < D; i++) {
    for (let j = 0; j < D; j++) initialCovariance[i * D + j] = covariance[i * size + j]!;
    const least = floor * scales[i]! ** 2;
    if (initialCovariance[i * D + i]! < least) initialCovariance[i * D + i] = least;
  }
  return { initialMean: mean.slice(0, D), initialCovariance };
}

function checkStructure(structure: DynamicsStructure, T: number, D: number, U: number): void {
  const inRange = (what: string, index: number) => {
    if (!Number.isInteger(index) || index < 0 || index >= D) {
      throw new UserError(
        `fitDynamics: ${what} must be an integer in [0, ${D}), but is ${index}; rows and columns count state dimensions from 0`,
      );
    }
  };
  const length = (what: string, array: ArrayLike<number> | undefined, wanted: number) => {
    if (array && array.length !== wanted)
      throw new UserError(`fitDynamics: ${what} must have ${wanted} entries, but has ${array.length}`);
  };
  structure.actionRows?.forEach((row) => inRange('an entry of actionRows', row));
  structure.excludedColumns?.forEach((column) => inRange('an entry of excludedColumns', column));
  length('ridgeFactors', structure.ridgeFactors, D);
  length('priorMean', structure.priorMean, T * D * (D + U));
  length('actionPrecision', structure.actionPrecision, T * D);
  for (const { row, B } of structure.imposedB ?? []) {
    inRange('the row of imposedB', row);
    length(`imposedB of row ${row}`, B, T * U);
  }
  for (const { row, A, B } of structure.knownRows ?? []) {
    inRange('the row of knownRows', row);
    A.forEach(({ column }) => inRange(`a column of known row ${row}`, column));
    length(`B of known row ${row}`, B, U);
  }
  if (!structure.actionRows) return;
  const reachable = new Set(structure.actionRows);
  const driven = [
    ...(structure.imposedB ?? []).map(({ row }) => row),
    ...(structure.knownRows ?? []).filter(({ B }) => B?.some((b) => b !== 0)).map(({ row }) => row),
  ];
  for (const row of driven) {
    if (!reachable.has(row))
      throw new UserError(
        `fitDynamics: row ${row} has a known non-zero B, but is not in actionRows [${structure.actionRows.join(', ')}]; add it there`,
      );
  }
}
