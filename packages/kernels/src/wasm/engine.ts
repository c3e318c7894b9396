import { checkedEngine } from '../checked-engine.js';
import type { GemmOptions, KernelEngine } from '../engine.js';
import { type KernelMemory, createKernelMemory, layOutRegions } from './kernel-memory.js';
import { lstm } from './lstm.js';
import { mlp } from './mlp.js';
import { psdFeatures } from './psd-features.js';

/** The functions of c/gemm.c and c/preprocess.c; pointers are byte addresses. */
interface StatelessExports {
  gemm_size(n: number, k: number): number;
  gemm(
    m: number,
    n: number,
    k: number,
    a: number,
    transposeA: number,
    b: number,
    transposeB: number,
    c: number,
    alpha: number,
    beta: number,
    workspace: number,
  ): void;
  preprocess_gradient(
    gradient: number,
    n: number,
    threshold: number,
    scale: number,
    inverseP: number,
    features: number,
  ): void;
}

/**
 * The kernels in WebAssembly SIMD: pure and synchronous, the same bits on every machine. Each LSTM and MLP
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
    mlp,
    preprocessGradient: (n, gradient, p, features) => preprocessGradient(memory, n, gradient, p, features),
    gemm: (options) => gemm(memory, options),
    psdFeatures: psdFeatures(memory),
  });
}

function preprocessGradient(
  memory: KernelMemory,
  n: number,
  gradient: Float32Array,
  p: number,
  features: Float32Array,
): void {
  const at = layOutRegions(memory.base, { gradient: n, features: 2 * n });
  memory.reserve(at.end);
  memory.write(at.gradient, gradient);
  const { preprocess_gradient } = memory.exports as unknown as StatelessExports;
  preprocess_gradient(at.gradient, n, Math.exp(-p), Math.exp(p), 1 / p, at.features);
  memory.read(at.features, features);
}

function gemm(memory: KernelMemory, options: Required<GemmOptions>): void {
  const { m, n, k, a, b, c, transposeA, transposeB, alpha, beta } = options;
  const kernels = memory.exports as unknown as StatelessExports;
  const at = layOutRegions(memory.base, {
    workspace: kernels.gemm_size(n, k),
    a: a.length,
    b: b.length,
    c: c.length,
  });
  memory.reserve(at.end);
  memory.write(at.a, a);
  memory.write(at.b, b);
  if (beta !== 0) memory.write(at.c, c);
  kernels.gemm(m, n, k, at.a, Number(transposeA), at.b, Number(transposeB), at.c, alpha, beta, at.workspace);
  memory.read(at.c, c);
}
