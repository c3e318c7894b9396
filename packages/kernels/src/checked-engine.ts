import {
  requireAnyLength,
  requireArray,
  requireBoolean,
  requireCount,
  requireDisjoint,
  requireNumber,
  requireSingle,
} from './array-checks.js';
import type { BareEngine } from './bare-engine.js';
import { checkedLstm } from './checked-lstm.js';
import { checkedMlp } from './checked-mlp.js';
import { checkedPsdFeatures } from './checked-psd-features.js';
import type { GemmOptions, KernelEngine } from './engine.js';

/**
 * The engine that callers see: `bare`, with every argument of every call checked first. The one place of
 * checks for all engines.
 */
export function checkedEngine(bare: BareEngine): KernelEngine {
  return {
    name: bare.name,
    detail: bare.detail,
    ...(bare.note !== undefined && { note: bare.note }),
    lstm: (shape) => checkedLstm(bare, shape),
    mlp: (shape) => checkedMlp(bare, shape),
    preprocessGradient(gradient, p, features) {
      bare.preprocessGradient(checkPreprocess(gradient, p, features), gradient, p, features);
    },
    gemm(options) {
      bare.gemm(checkGemm(options));
    },
    psdFeatures: checkedPsdFeatures(bare.psdFeatures),
  };
}

/** Checks the arguments of `preprocessGradient`; returns n. */
function checkPreprocess(gradient: Float32Array, p: number, features: Float32Array): number {
  const caller = 'preprocessGradient';
  requireNumber(caller, 'p', p);
  if (!(p >= 1e-30 && p <= 80)) {
    throw new RangeError(
      `${caller}: \`p\` must lie in [1e-30, 80], where e^p and 1/p fit single precision, but is ${p}`,
    );
  }
  const n = requireAnyLength(caller, 'gradient', gradient, 'Float32Array');
  requireArray(caller, 'features', features, 'Float32Array', 2 * n, '[2, n]');
  requireDisjoint(caller, { features }, { gradient });
  return n;
}

/** Checks the extents and arrays of `gemm`; returns them with the defaults filled in. */
function checkGemm(options: GemmOptions): Required<GemmOptions> {
  const caller = 'gemm';
  const { m, n, k, a, b, c, transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  requireCount(caller, 'm', m);
  requireCount(caller, 'n', n);
  requireCount(caller, 'k', k);
  requireArray(caller, 'a', a, 'Float32Array', m * k, `[m = ${m}, k = ${k}], in either order,`);
  requireArray(caller, 'b', b, 'Float32Array', k * n, `[k = ${k}, n = ${n}], in either order,`);
  requireArray(caller, 'c', c, 'Float32Array', m * n, `[m = ${m}, n = ${n}]`);
  requireBoolean(caller, 'transposeA', transposeA);
  requireBoolean(caller, 'transposeB', transposeB);
  requireSingle(caller, 'alpha', alpha);
  requireSingle(caller, 'beta', beta);
  requireDisjoint(caller, { c }, { a, b });
  return { m, n, k, a, b, c, transposeA, transposeB, alpha, beta };
}
