import {
  presentLength,
  requireArray,
  requireBoolean,
  requireCount,
  requireDisjoint,
  requireNumber,
  requireWorkspace,
} from '../engine/array-checks.js';
import type {
  ActionPenalty,
  GpsGemm,
  GpsSyrk,
  LqgController,
  LqgMoments,
  LqgProblem,
  LqgShape,
  LqgValues,
} from './gps-engine.js';

/**
 * The checks of `GpsEngine`, for checked-gps-engine.ts. They return the arguments, read once, with defaults
 * filled in.
 */

function requireDoubles(
  caller: string,
  name: string,
  array: Float64Array,
  wanted: number,
  meaning: string,
): void {
  requireArray(caller, name, array, 'Float64Array', wanted, meaning);
}

export function checkGpsGemm(options: GpsGemm): Required<GpsGemm> {
  const caller = 'gemm';
  const { m, n, k, a, b, c, transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  requireCount(caller, 'm', m, 0);
  requireCount(caller, 'n', n, 0);
  requireCount(caller, 'k', k, 0);
  requireDoubles(caller, 'a', a, m * k, `[m = ${m}, k = ${k}], in either order,`);
  requireDoubles(caller, 'b', b, k * n, `[k = ${k}, n = ${n}], in either order,`);
  requireDoubles(caller, 'c', c, m * n, `[m = ${m}, n = ${n}]`);
  requireBoolean(caller, 'transposeA', transposeA);
  requireBoolean(caller, 'transposeB', transposeB);
  requireNumber(caller, 'alpha', alpha);
  requireNumber(caller, 'beta', beta);
  requireDisjoint(caller, { c }, { a, b });
  // At least gps_gemm_scratch in c/gps-linear-algebra.c: 128 rows of B, and a strip of A.
  requireWorkspace(caller, 128 * (n + 32) + 2 ** 17, `\`n\` = ${n}`);
  return { m, n, k, a, b, c, transposeA, transposeB, alpha, beta };
}

export function checkGpsSyrk(options: GpsSyrk): Required<Omit<GpsSyrk, 'offset'>> & Pick<GpsSyrk, 'offset'> {
  const caller = 'syrk';
  const { rows, n, a, c, offset, alpha = 1, beta = 0 } = options;
  requireCount(caller, 'rows', rows, 0);
  requireCount(caller, 'n', n, 0);
  requireDoubles(caller, 'a', a, rows * n, `[rows = ${rows}, n = ${n}]`);
  requireDoubles(caller, 'c', c, n * n, `[n = ${n}, n]`);
  if (offset !== undefined) requireDoubles(caller, 'offset', offset, n, `[n = ${n}]`);
  requireNumber(caller, 'alpha', alpha);
  requireNumber(caller, 'beta', beta);
  requireDisjoint(caller, { c }, { a, offset });
  return { rows, n, a, c, ...(offset && { offset }), alpha, beta };
}

export function checkColumnMeans(rows: number, n: number, a: Float64Array, means: Float64Array): void {
  const caller = 'columnMeans';
  requireCount(caller, 'rows', rows);
  requireCount(caller, 'n', n, 0);
  requireDoubles(caller, 'a', a, rows * n, `[rows = ${rows}, n = ${n}]`);
  requireDoubles(caller, 'means', means, n, `[n = ${n}]`);
  requireDisjoint(caller, { means }, { a });
}

export function checkCholesky(n: number, a: Float64Array, factor: Float64Array): void {
  const caller = 'cholesky';
  requireCount(caller, 'n', n, 0);
  requireDoubles(caller, 'a', a, n * n, `[n = ${n}, n]`);
  requireDoubles(caller, 'factor', factor, n * n, `[n = ${n}, n]`);
  const inPlace = a.buffer === factor.buffer && a.byteOffset === factor.byteOffset;
  if (!inPlace) requireDisjoint(caller, { factor }, { a });
}

export function checkCholeskySolve(n: number, factor: Float64Array, columns: number, b: Float64Array): void {
  const caller = 'choleskySolve';
  requireCount(caller, 'n', n, 0);
  requireCount(caller, 'columns', columns, 0);
  requireDoubles(caller, 'factor', factor, n * n, `[n = ${n}, n]`);
  requireDoubles(caller, 'b', b, n * columns, `[n = ${n}, columns = ${columns}]`);
  requireDisjoint(caller, { b }, { factor });
}

export function checkLqgShape(given: LqgShape): LqgShape {
  const caller = 'lqg';
  const { stateSize, actionSize, horizon, costRank } = given;
  for (const [name, value] of Object.entries({ stateSize, actionSize, horizon }))
    requireCount(caller, name, value);
  if (costRank !== 'dense' && (!Number.isInteger(costRank) || costRank < 0)) {
    throw new RangeError(
      `lqg: \`costRank\` must be 'dense' or a non-negative integer, but is ${String(costRank)}`,
    );
  }
  // At least gps_lqg_scratch in c/gps-lqg.c, for panels of up to 32 columns.
  const width = stateSize + 32;
  const tall = width + (costRank === 'dense' ? 0 : costRank) + 5 * actionSize;
  const scratch =
    width * (width + 2 * tall) + (4 + 2 * actionSize) * width + 2 * actionSize * (actionSize + 1) + 8;
  requireWorkspace(
    caller,
    scratch,
    `\`stateSize\` ${stateSize}, \`actionSize\` ${actionSize} and \`costRank\` ${costRank}`,
  );
  return { stateSize, actionSize, horizon, costRank };
}

/** A problem as it was loaded: read once, so that later changes of the caller's record are not seen. */
export interface CheckedLqgProblem {
  readonly problem: LqgProblem;
  readonly actionRows: readonly number[];
  /** All of its arrays, and the lengths that they had, by name. */
  readonly arrays: Readonly<Record<string, Float64Array>>;
  readonly lengths: Readonly<Record<string, number>>;
}

export function checkLqgProblem(shape: LqgShape, given: LqgProblem): CheckedLqgProblem {
  const { stateSize: D, actionSize: U, horizon: T, costRank } = shape;
  const caller = 'lqg.load';
  const arrays: Record<string, Float64Array> = {};
  const lengths: Record<string, number> = {};
  const take = (name: string, array: Float64Array, wanted: number, meaning: string): Float64Array => {
    requireDoubles(caller, name, array, wanted, meaning);
    lengths[name] = wanted;
    return (arrays[name] = array);
  };
  const takePenalty = (name: 'previous' | 'policy', { K, k, precision }: ActionPenalty): ActionPenalty => ({
    K: take(`${name}.K`, K, T * U * D, '[T, U, D]'),
    k: take(`${name}.k`, k, T * U, '[T, U]'),
    precision: take(`${name}.precision`, precision, T * U * U, '[T, U, U]'),
  });
  const takeCost = (cost: LqgProblem['cost']): LqgProblem['cost'] => {
    if (costRank === 'dense') {
      if (!('C' in cost))
        throw new RangeError(
          `${caller}: the shape says a dense cost, but the problem has factors; give cost.C`,
        );
      return { C: take('cost.C', cost.C, (T + 1) * D * D, '[T + 1, D, D]') };
    }
    if (!('factor' in cost)) {
      throw new RangeError(
        `${caller}: the shape says a cost of rank ${costRank}, but the problem has a dense one; give cost.factor and cost.weight`,
      );
    }
    return {
      factor: take('cost.factor', cost.factor, (T + 1) * costRank * D, '[T + 1, q, D]'),
      weight: take('cost.weight', cost.weight, (T + 1) * costRank, '[T + 1, q]'),
    };
  };
  const { action, policy } = given;
  const problem: LqgProblem = {
    A: take('A', given.A, T * D * D, '[T, D, D]'),
    B: take('B', given.B, T * D * U, '[T, D, U]'),
    c: take('c', given.c, T * D, '[T, D]'),
    F: take('F', given.F, T * D * D, '[T, D, D]'),
    initialMean: take('initialMean', given.initialMean, D, '[D]'),
    initialCovariance: take('initialCovariance', given.initialCovariance, D * D, '[D, D]'),
    d: take('d', given.d, (T + 1) * D, '[T + 1, D]'),
    h: take('h', given.h, T + 1, '[T + 1]'),
    cost: takeCost(given.cost),
    ...(action && {
      action: {
        R: take('action.R', action.R, T * U * U, '[T, U, U]'),
        N: take('action.N', action.N, T * U * D, '[T, U, D]'),
        r: take('action.r', action.r, T * U, '[T, U]'),
      },
    }),
    previous: takePenalty('previous', given.previous),
    ...(policy && { policy: takePenalty('policy', policy) }),
    entropyWeight: take('entropyWeight', given.entropyWeight, T, '[T]'),
  };
  return { problem, actionRows: actionRowsOf(D, given.actionRows), arrays, lengths };
}

/** A copy of the rows of B that an action may reach, in ascending order; all where the problem names none. */
function actionRowsOf(D: number, given: readonly number[] | undefined): number[] {
  if (given === undefined) return Array.from({ length: D }, (_, i) => i);
  const rows = Array.from(given);
  rows.forEach((row, i) => {
    const before = i === 0 ? -1 : rows[i - 1]!;
    if (!Number.isInteger(row) || row <= before || row >= D) {
      throw new RangeError(
        `lqg.load: \`actionRows\` must be ascending integers in [0, ${D}), but holds ${row} after ${before}`,
      );
    }
  });
  return rows;
}

/** Controllers and values are written by the backward pass, which reads the problem. */
export function checkLqgBackward(
  shape: LqgShape,
  loaded: CheckedLqgProblem,
  eta: number,
  controller: LqgController,
  values: LqgValues | undefined,
): { controller: LqgController; values: LqgValues | undefined } {
  const { stateSize: D, horizon: T } = shape;
  const caller = 'lqg.backward';
  requireNumber(caller, 'eta', eta);
  requireWhole(caller, loaded);
  const own = takeController(caller, shape, controller);
  if (!values) {
    requireDisjoint(caller, { ...own }, loaded.arrays);
    return { controller: own, values };
  }
  const { V, v } = values;
  requireDoubles(caller, 'V', V, (T + 1) * D * D, '[T + 1, D, D]');
  requireDoubles(caller, 'v', v, (T + 1) * D, '[T + 1, D]');
  requireDisjoint(caller, { ...own, V, v }, loaded.arrays);
  return { controller: own, values: { V, v } };
}

/** Moments are written by the forward pass, which reads the problem and the controller. */
export function checkLqgForward(
  shape: LqgShape,
  loaded: CheckedLqgProblem,
  controller: LqgController,
  moments: LqgMoments,
): { controller: LqgController; moments: LqgMoments } {
  const { stateSize: D, horizon: T } = shape;
  const caller = 'lqg.forward';
  requireWhole(caller, loaded);
  const own = takeController(caller, shape, controller);
  const { cost, previous, policy, mean, finalCovariance } = moments;
  requireDoubles(caller, 'cost', cost, T + 1, '[T + 1]');
  requireDoubles(caller, 'previous', previous, T, '[T]');
  requireDoubles(caller, 'policy', policy, T, '[T]');
  requireDoubles(caller, 'mean', mean, (T + 1) * D, '[T + 1, D]');
  requireDoubles(caller, 'finalCovariance', finalCovariance, D * D, '[D, D]');
  const written = { cost, previous, policy, mean, finalCovariance };
  requireDisjoint(caller, written, { ...own, ...loaded.arrays });
  return { controller: own, moments: written };
}

function takeController(
  caller: string,
  { stateSize: D, actionSize: U, horizon: T }: LqgShape,
  { K, k, G }: LqgController,
): LqgController {
  requireDoubles(caller, 'K', K, T * U * D, '[T, U, D]');
  requireDoubles(caller, 'k', k, T * U, '[T, U]');
  requireDoubles(caller, 'G', G, T * U * U, '[T, U, U]');
  return { K, k, G };
}

/** What was loaded may have been transferred since, and a kernel that kept the arrays would read freed memory. */
function requireWhole(caller: string, { arrays, lengths }: CheckedLqgProblem): void {
  for (const [name, array] of Object.entries(arrays)) {
    if (presentLength(array) === lengths[name]) continue;
    throw new RangeError(
      `${caller}: \`${name}\` of the problem was transferred or shrunk since load(problem); load it again, or transfer copies`,
    );
  }
}

export function notLoaded(caller: string): Error {
  return new Error(`${caller}: no problem is loaded; call load(problem) first`);
}
