import { accumulators } from '../accumulators/accumulators-wasm.js';
import { gemm } from '../gemm/gemm-wasm.js';
import { lstm } from '../lstm/lstm-wasm.js';
import { network } from '../network/network-wasm.js';
import { preprocessGradient } from '../preprocess/preprocess-wasm.js';
import { createKernelMemory } from '../wasm/kernels-module.js';
import { checkedEngine } from './checked-engine.js';
import type { KernelEngine } from './kernel-engine.js';

/**
 * The kernels in WebAssembly SIMD: pure and synchronous, the same bits on every machine. Each LSTM and network
 * has a WebAssembly instance of its own, which is freed with it; the functions without state share one.
 *
 * @throws Error where WebAssembly SIMD is missing.
 * @example
 * wasmEngine().detail // => 'wasm simd128'
 */
export function wasmEngine(): KernelEngine {
  const memory = createKernelMemory();
  return checkedEngine({
    name: 'wasm',
    detail: 'wasm simd128',
    lstm,
    network,
    preprocessGradient: (n, gradient, p, features) => preprocessGradient(memory, n, gradient, p, features),
    gemm: (options) => gemm(memory, options),
    accumulators: accumulators(memory),
  });
}
