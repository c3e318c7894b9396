import { type KernelMemory, layOutRegions } from '../wasm/kernel-memory.js';
import type { GemmOptions } from './gemm.js';

/** The functions of c/gemm.c; pointers are byte addresses. */
interface GemmExports {
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
}

/** The matrix product in WebAssembly. */
export function gemm(memory: KernelMemory, options: Required<GemmOptions>): void {
  const { m, n, k, a, b, c, transposeA, transposeB, alpha, beta } = options;
  const kernels = memory.exports as unknown as GemmExports;
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
