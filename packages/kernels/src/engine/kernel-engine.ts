import type { Accumulators } from '../accumulators/accumulators.js';
import type { GemmOptions } from '../gemm/gemm.js';
import type { LstmKernel, LstmShape } from '../lstm/lstm-kernel.js';
import type { MlpKernel, MlpShape } from '../network/mlp-kernel.js';
import type { NetworkKernel, NetworkSpecification } from '../network/network-kernel.js';

/**
 * The contracts of the fused kernels. An engine is one implementation of all of them: the TypeScript twin
 * (the oracle), WebAssembly SIMD (everywhere; the reproducible reference) or the native library (AVX-512,
 * AVX2, NEON or baseline, chosen at run time).
 *
 * All arrays are row-major; single precision here. Inputs are read, outputs overwritten, unless said
 * otherwise. Every call checks its arguments before it touches memory, on every engine alike
 * (checked-engine.ts): a TypeError or RangeError names the function, the argument, what it must be and what
 * it is. Arrays may be views into larger buffers and may lie in shared memory, which no other thread may
 * write during the call. An array that is written must not share memory with another array of the call,
 * unless said otherwise. The kernels take at most 2³⁰ numbers in one array.
 */
export interface KernelEngine {
  readonly name: 'typescript' | 'wasm' | 'native';
  /** What exactly runs, for run records: e.g. `native avx512`, `wasm simd128`. */
  readonly detail: string;
  /** What its user may want to know of how it was found, where there is something: why it is not native, say. */
  readonly note?: string;
  /** An LSTM of this shape. */
  lstm(shape: LstmShape): LstmKernel;
  /** A network with its loss. */
  network(specification: NetworkSpecification): NetworkKernel;
  /** A multilayer perceptron with its loss: a network of dense layers with one activation between them. */
  mlp(shape: MlpShape): MlpKernel;
  /**
   * The log/sign preprocessing of gradients (Andrychowicz et al. 2016, Appendix A), elementwise:
   *
   *     (ln|g| / p, sign g)   where |g| ≥ e^(−p),   else (−1, e^p · g)
   *
   * @param gradient g [n]
   * @param p in [10⁻³⁰, 80], where e^p and 1/p fit single precision
   * @param features receives the two planes, all first components and then all second ones [2, n]
   */
  preprocessGradient(gradient: Float32Array, p: number, features: Float32Array): void;
  /**
   * C ← αAB + βC in single precision; A is [m, k] and B [k, n], after transposition where asked for (then
   * stored [k, m], [n, k]). β = 0 ignores what C held.
   */
  gemm(options: GemmOptions): void;
  /** Moving averages, ratios of neighbouring steps, network inputs: what update rules see of their coordinates. */
  readonly accumulators: Accumulators;
}
