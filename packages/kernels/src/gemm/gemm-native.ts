import type { BareEngine } from '../engine/bare-engine.js';
import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';

/** Declares the functions of c/gemm.c; returns the matrix product. */
export function nativeGemm(library: NativeLibrary, target: NativeTarget): BareEngine['gemm'] {
  const gemmSize = library.func(`int gemm_size_${target}(int, int)`);
  const gemm = library.func(
    `void gemm_${target}(int, int, int, const float *, int, const float *, int, float *, float, float, float *)`,
  );
  let workspace = new Float32Array(0);
  return ({ m, n, k, a, b, c, transposeA, transposeB, alpha, beta }) => {
    const size = gemmSize(n, k);
    if (workspace.length < size) workspace = new Float32Array(size);
    gemm(m, n, k, a, Number(transposeA), b, Number(transposeB), c, alpha, beta, workspace);
  };
}
