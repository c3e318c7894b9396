/*
 * One vector type, `vec`, for every target: VEC_LANES floats, with the operations that the kernels need. The target header also sets the shape of
 * the register tiles, which is all that tuning for a machine comes down to:
 *
 *   TILE_VECTORS   vectors of lanes per tile; TILE_VECTORS * VEC_LANES divides LANES
 *   TILE_ROWS      rows of a panel product (TILE_ROWS * TILE_VECTORS accumulators)
 *   CELLS_IN_STEP  vectors of LSTM cells whose activations are computed in step (see elementary.h)
 *   PRODUCT_ROWS   rows of a lane product (4 * PRODUCT_ROWS accumulators)
 *   VEC_STREAMS    whether vec_stream goes past the cache
 *   VEC_FUSED      whether vec_fma is one instruction
 *
 * `quad` is a vector of four floats, for horizontal sums and transposition.
 */
#ifndef METADESCENT_VECTOR_H
#define METADESCENT_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

/* Loops over register tiles must be unrolled whole, before the compiler decides what lives in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* Coordinates (or examples) that the kernels carry together. */
enum { LANES = 16 };

#if defined(__wasm_simd128__)
#include "vector-wasm.h"
#elif defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include "vector-avx512.h"
#elif defined(__AVX2__) && defined(__FMA__)
#include "vector-avx2.h"
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include "vector-neon.h"
#else
#include "vector-baseline.h"
#endif

enum { TILE_LANES = TILE_VECTORS * VEC_LANES };

/* An exported function: `KERNEL(name)` is name_avx512, name_avx2, …; in WebAssembly plain `name`. */
#define METADESCENT_PASTE(a, b) a##_##b
#define METADESCENT_NAME(a, b) METADESCENT_PASTE(a, b)
#if defined(__wasm__)
#define KERNEL(name) __attribute__((export_name(#name))) METADESCENT_NAME(name, METADESCENT_TARGET)
#elif defined(_WIN32)
#define KERNEL(name) __declspec(dllexport) METADESCENT_NAME(name, METADESCENT_TARGET)
#else
#define KERNEL(name) __attribute__((visibility("default"))) METADESCENT_NAME(name, METADESCENT_TARGET)
#endif

INLINE vec vec_clamp(vec x, float low, float high) {
  return vec_min_or_nan(vec_max_or_nan(x, vec_splat(low)), vec_splat(high));
}

/* Σ of all lanes, in the order of vec_sums4. */
INLINE float vec_sum(vec a) {
  float sums[4];
  quad_store(sums, vec_sums4(a, vec_zero(), vec_zero(), vec_zero()));
  return sums[0];
}

#endif
