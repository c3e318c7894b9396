import type {
  GpsGemm,
  GpsSyrk,
  LqgController,
  LqgMoments,
  LqgProblem,
  LqgShape,
  LqgValues,
} from './gps-engine.js';

/** Argument checks that every implementation of `GpsEngine` shares. */

function checkLength(where: string, name: string, array: Float64Array, wanted: number): void {
  if (array.length !== wanted)
    throw new RangeError(`${where}: ${name} must have ${wanted} entries, but has ${array.length}`);
}

export function checkGpsGemm({ m, n, k, a, b, c }: GpsGemm): void {
  checkLength('gemm', 'a', a, m * k);
  checkLength('gemm', 'b', b, k * n);
  checkLength('gemm', 'c', c, m * n);
}

export function checkGpsSyrk({ rows, n, a, c, offset }: GpsSyrk): void {
  checkLength('syrk', 'a', a, rows * n);
  checkLength('syrk', 'c', c, n * n);
  if (offset) checkLength('syrk', 'offset', offset, n);
}

export function checkColumnMeans(rows: number, n: number, a: Float64Array, means: Float64Array): void {
  if (!(rows >= 1)) throw new RangeError(`columnMeans: rows must be at least 1, but is ${rows}`);
  checkLength('columnMeans', 'a', a, rows * n);
  checkLength('columnMeans', 'means', means, n);
}

export function checkCholesky(
  where: string,
  n: number,
  columns: number,
  arrays: { factor: Float64Array; a?: Float64Array; b?: Float64Array },
): void {
  checkLength(where, 'factor', arrays.factor, n * n);
  if (arrays.a) checkLength(where, 'a', arrays.a, n * n);
  if (arrays.b) checkLength(where, 'b', arrays.b, n * columns);
}

export function checkLqgShape(shape: LqgShape): void {
  for (const [name, least] of [
    ['stateSize', 1],
    ['actionSize', 1],
    ['horizon', 1],
  ] as const) {
    const value = shape[name];
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`lqg: ${name} must be an integer of at least ${least}, but is ${value}`);
  }
  const rank = shape.costRank;
  if (rank !== 'dense' && (!Number.isInteger(rank) || rank < 0)) {
    throw new RangeError(`lqg: costRank must be 'dense' or a non-negative integer, but is ${rank}`);
  }
}

export function checkLqgProblem(
  { stateSize: D, actionSize: U, horizon: T, costRank }: LqgShape,
  problem: LqgProblem,
): void {
  const check = (name: string, array: Float64Array, wanted: number) =>
    checkLength('lqg.load', name, array, wanted);
  check('A', problem.A, T * D * D);
  check('B', problem.B, T * D * U);
  check('c', problem.c, T * D);
  check('F', problem.F, T * D * D);
  check('initialMean', problem.initialMean, D);
  check('initialCovariance', problem.initialCovariance, D * D);
  check('d', problem.d, (T + 1) * D);
  check('h', problem.h, T + 1);
  if (costRank === 'dense') {
    if (!('C' in problem.cost))
      throw new RangeError('lqg.load: the shape says a dense cost, but the problem has factors; give cost.C');
    check('cost.C', problem.cost.C, (T + 1) * D * D);
  } else {
    if (!('factor' in problem.cost))
      throw new RangeError(
        `lqg.load: the shape says a cost of rank ${costRank}, but the problem has a dense one; give cost.factor and cost.weight`,
      );
    check('cost.factor', problem.cost.factor, (T + 1) * costRank * D);
    check('cost.weight', problem.cost.weight, (T + 1) * costRank);
  }
  if (problem.action) {
    check('action.R', problem.action.R, T * U * U);
    check('action.N', problem.action.N, T * U * D);
    check('action.r', problem.action.r, T * U);
  }
  for (const name of ['previous', 'policy'] as const) {
    const penalty = problem[name];
    if (!penalty) continue;
    check(`${name}.K`, penalty.K, T * U * D);
    check(`${name}.k`, penalty.k, T * U);
    check(`${name}.precision`, penalty.precision, T * U * U);
  }
  check('entropyWeight', problem.entropyWeight, T);
  let before = -1;
  for (const row of problem.actionRows ?? []) {
    if (!Number.isInteger(row) || row <= before || row >= D) {
      throw new RangeError(
        `lqg.load: actionRows must be ascending integers in [0, ${D}), but holds ${row} after ${before}`,
      );
    }
    before = row;
  }
}

export function checkLqgController(
  where: string,
  { stateSize: D, actionSize: U, horizon: T }: LqgShape,
  { K, k, G }: LqgController,
): void {
  checkLength(where, 'K', K, T * U * D);
  checkLength(where, 'k', k, T * U);
  checkLength(where, 'G', G, T * U * U);
}

export function checkLqgValues({ stateSize: D, horizon: T }: LqgShape, { V, v }: LqgValues): void {
  checkLength('lqg.backward', 'V', V, (T + 1) * D * D);
  checkLength('lqg.backward', 'v', v, (T + 1) * D);
}

export function checkLqgMoments({ stateSize: D, horizon: T }: LqgShape, moments: LqgMoments): void {
  checkLength('lqg.forward', 'cost', moments.cost, T + 1);
  checkLength('lqg.forward', 'previous', moments.previous, T);
  checkLength('lqg.forward', 'policy', moments.policy, T);
  checkLength('lqg.forward', 'mean', moments.mean, (T + 1) * D);
  checkLength('lqg.forward', 'finalCovariance', moments.finalCovariance, D * D);
}

export function notLoaded(where: string): Error {
  return new Error(`${where}: no problem is loaded; call load(problem) first`);
}
