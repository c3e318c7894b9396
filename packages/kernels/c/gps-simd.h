/*
 * Double-precision vectors beside the single-precision ones of vector.h, whose target they follow. A tile of the register-blocked product is TILE64_ROWS x (TILE64_VECTORS x LANES64), chosen so
 * that accumulators, one row of operands and a broadcast fit the register file.
 */
#ifndef METADESCENT_GPS_SIMD_H
#define METADESCENT_GPS_SIMD_H

#include "vector.h"

#if defined(__wasm_simd128__)
typedef v128_t vec64;
enum { LANES64 = 2, TILE64_ROWS = 4, TILE64_VECTORS = 2 };
INLINE vec64 vec64_load(const double *p) { return wasm_v128_load(p); }
INLINE void vec64_store(double *p, vec64 v) { wasm_v128_store(p, v); }
INLINE vec64 vec64_all(double x) { return wasm_f64x2_splat(x); }
INLINE vec64 vec64_load_all(const double *p) { return wasm_v128_load64_splat(p); }
INLINE vec64 vec64_add(vec64 a, vec64 b) { return wasm_f64x2_add(a, b); }
INLINE vec64 vec64_fma(vec64 a, vec64 b, vec64 c) { return wasm_f64x2_add(wasm_f64x2_mul(a, b), c); }
INLINE double vec64_sum(vec64 v) { return wasm_f64x2_extract_lane(v, 0) + wasm_f64x2_extract_lane(v, 1); }

#elif defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
typedef __m512d vec64;
enum { LANES64 = 8, TILE64_ROWS = 8, TILE64_VECTORS = 2 };
INLINE vec64 vec64_load(const double *p) { return _mm512_loadu_pd(p); }
INLINE void vec64_store(double *p, vec64 v) { _mm512_storeu_pd(p, v); }
INLINE vec64 vec64_all(double x) { return _mm512_set1_pd(x); }
INLINE vec64 vec64_load_all(const double *p) { return _mm512_set1_pd(*p); }
INLINE vec64 vec64_add(vec64 a, vec64 b) { return _mm512_add_pd(a, b); }
INLINE vec64 vec64_fma(vec64 a, vec64 b, vec64 c) { return _mm512_fmadd_pd(a, b, c); }
INLINE double vec64_sum(vec64 v) { return _mm512_reduce_add_pd(v); }

#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256d vec64;
enum { LANES64 = 4, TILE64_ROWS = 4, TILE64_VECTORS = 3 };
INLINE vec64 vec64_load(const double *p) { return _mm256_loadu_pd(p); }
INLINE void vec64_store(double *p, vec64 v) { _mm256_storeu_pd(p, v); }
INLINE vec64 vec64_all(double x) { return _mm256_set1_pd(x); }
INLINE vec64 vec64_load_all(const double *p) { return _mm256_broadcast_sd(p); }
INLINE vec64 vec64_add(vec64 a, vec64 b) { return _mm256_add_pd(a, b); }
INLINE vec64 vec64_fma(vec64 a, vec64 b, vec64 c) { return _mm256_fmadd_pd(a, b, c); }
INLINE double vec64_sum(vec64 v) {
  double x[4];
  _mm256_storeu_pd(x, v);
  return (x[0] + x[1]) + (x[2] + x[3]);
}

#elif defined(__aarch64__) && defined(__ARM_NEON)
typedef float64x2_t vec64;
enum { LANES64 = 2, TILE64_ROWS = 4, TILE64_VECTORS = 4 };
INLINE vec64 vec64_load(const double *p) { return vld1q_f64(p); }
INLINE void vec64_store(double *p, vec64 v) { vst1q_f64(p, v); }
INLINE vec64 vec64_all(double x) { return vdupq_n_f64(x); }
INLINE vec64 vec64_load_all(const double *p) { return vld1q_dup_f64(p); }
INLINE vec64 vec64_add(vec64 a, vec64 b) { return vaddq_f64(a, b); }
INLINE vec64 vec64_fma(vec64 a, vec64 b, vec64 c) { return vfmaq_f64(c, a, b); }
INLINE double vec64_sum(vec64 v) { return vaddvq_f64(v); }

#else
/* Plain C: the compiler vectorises pairs where it can. */
typedef struct { double x[2]; } vec64;
enum { LANES64 = 2, TILE64_ROWS = 4, TILE64_VECTORS = 2 };
INLINE vec64 vec64_load(const double *p) { return (vec64){{p[0], p[1]}}; }
INLINE void vec64_store(double *p, vec64 v) { p[0] = v.x[0]; p[1] = v.x[1]; }
INLINE vec64 vec64_all(double x) { return (vec64){{x, x}}; }
INLINE vec64 vec64_load_all(const double *p) { return vec64_all(*p); }
INLINE vec64 vec64_add(vec64 a, vec64 b) { return (vec64){{a.x[0] + b.x[0], a.x[1] + b.x[1]}}; }
INLINE vec64 vec64_fma(vec64 a, vec64 b, vec64 c) { return (vec64){{a.x[0] * b.x[0] + c.x[0], a.x[1] * b.x[1] + c.x[1]}}; }
INLINE double vec64_sum(vec64 v) { return v.x[0] + v.x[1]; }
#endif

/* Width of a panel: columns of a tile. TILE64_ROWS divides it. */
enum { PANEL = TILE64_VECTORS * LANES64 };

INLINE int round_up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

#endif
