import { checkedEngine } from './checked-engine.js';
import type { KernelEngine } from './kernel-engine.js';
import { gemm } from '../gemm/gemm-typescript.js';
import { lstm } from '../lstm/lstm-typescript.js';
import { network } from '../network/network-typescript.js';
import { preprocessGradient } from '../preprocess/preprocess-typescript.js';
import { accumulators } from '../accumulators/accumulators-typescript.js';

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
    network,
    preprocessGradient,
    gemm,
    accumulators,
  });
}
