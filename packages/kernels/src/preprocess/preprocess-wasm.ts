import { type KernelMemory, layOutRegions } from '../wasm/kernel-memory.js';

/** The function of c/preprocess.c; pointers are byte addresses. */
interface PreprocessExports {
  preprocess_gradient(
    gradient: number,
    n: number,
    threshold: number,
    scale: number,
    inverseP: number,
    features: number,
  ): void;
}

/** The log/sign preprocessing in WebAssembly. */
export function preprocessGradient(
  memory: KernelMemory,
  n: number,
  gradient: Float32Array,
  p: number,
  features: Float32Array,
): void {
  const at = layOutRegions(memory.base, { gradient: n, features: 2 * n });
  memory.reserve(at.end);
  memory.write(at.gradient, gradient);
  const { preprocess_gradient } = memory.exports as unknown as PreprocessExports;
  preprocess_gradient(at.gradient, n, Math.exp(-p), Math.exp(p), 1 / p, at.features);
  memory.read(at.features, features);
}
