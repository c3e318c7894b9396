import type { BareGpsEngine } from './bare-gps-engine.js';
import type { GpsEngine, LqgKernel, LqgShape } from './gps-engine.js';
import {
  type CheckedLqgProblem,
  checkCholesky,
  checkCholeskySolve,
  checkColumnMeans,
  checkGpsGemm,
  checkGpsSyrk,
  checkLqgBackward,
  checkLqgForward,
  checkLqgProblem,
  checkLqgShape,
  notLoaded,
} from './gps-checks.js';

/**
 * The engine that callers see: `bare`, with every argument of every call checked first. The one place of
 * checks for all engines.
 */
export function checkedGpsEngine(bare: BareGpsEngine): GpsEngine {
  return {
    name: bare.name,
    detail: bare.detail,
    ...(bare.note !== undefined && { note: bare.note }),
    gemm: (options) => bare.gemm(checkGpsGemm(options)),
    syrk: (options) => bare.syrk(checkGpsSyrk(options)),
    columnMeans(rows, n, a, means) {
      checkColumnMeans(rows, n, a, means);
      bare.columnMeans(rows, n, a, means);
    },
    cholesky(n, a, factor) {
      checkCholesky(n, a, factor);
      return bare.cholesky(n, a, factor);
    },
    choleskySolve(n, factor, columns, b) {
      checkCholeskySolve(n, factor, columns, b);
      bare.choleskySolve(n, factor, columns, b);
    },
    lqg: (shape) => checkedLqg(bare, shape),
  };
}

function checkedLqg(bare: BareGpsEngine, given: LqgShape): LqgKernel {
  const shape = checkLqgShape(given);
  const kernel = bare.lqg(shape);
  let loaded: CheckedLqgProblem | undefined;
  return {
    shape,
    load(problem) {
      const next = checkLqgProblem(shape, problem);
      // A kernel that fails to take the problem holds none.
      loaded = undefined;
      kernel.load(next.problem, next.actionRows);
      loaded = next;
    },
    backward(eta, controller, values) {
      if (!loaded) throw notLoaded('lqg.backward');
      const own = checkLqgBackward(shape, loaded, eta, controller, values);
      return kernel.backward(eta, own.controller, own.values);
    },
    forward(controller, moments) {
      if (!loaded) throw notLoaded('lqg.forward');
      const own = checkLqgForward(shape, loaded, controller, moments);
      kernel.forward(own.controller, own.moments);
    },
  };
}
