import { checkedEngine } from '../checked-engine.js';
import type { KernelEngine } from '../engine.js';
import { gemm } from './gemm.js';
import { lstm } from './lstm.js';
import { mlp } from './mlp.js';
import { preprocessGradient } from './preprocess-gradient.js';
import { psdFeatures } from './psd-features.js';

/**
 * The kernels in plain TypeScript with double-precision arithmetic on single-precision arrays: the oracle
 * that the compiled engines are tested against, and the last resort where WebAssembly SIMD is missing. Some
 * hundred times slower than the compiled ones.
 *
 * @example
 * typescriptEngine().lstm({ inputs: 2, hidden: 20, layers: 2 }).weightCount // => 5141
 */
export function typescriptEngine(): KernelEngine {
  return checkedEngine({
    name: 'typescript',
    detail: 'typescript, double precision inside',
    lstm,
    mlp,
    preprocessGradient,
    gemm,
    psdFeatures,
  });
}
