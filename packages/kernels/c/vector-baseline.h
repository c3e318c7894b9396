/*
 * Any machine, by the compiler's own four-float vectors: SSE2 on x86-64, plain scalar code where there is no vector unit. No fused
 * multiply-add is assumed.
 */
#define METADESCENT_TARGET baseline

typedef float vec __attribute__((vector_size(16)));
typedef int32_t vec_bits __attribute__((vector_size(16)));
typedef vec quad;
typedef float vec_in_memory __attribute__((vector_size(16), aligned(4), may_alias));
enum { VEC_LANES = 4, TILE_VECTORS = 2, TILE_ROWS = 4, CELLS_IN_STEP = 2, PRODUCT_ROWS = 2, VEC_STREAMS = 0, VEC_FUSED = 0 };

#if defined(__clang__)
#define vec_shuffle(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define vec_shuffle(a, b, i, j, k, l) __builtin_shuffle(a, b, (vec_bits){i, j, k, l})
#endif

INLINE vec vec_load(const float *p) { return *(const vec_in_memory *)p; }
INLINE void vec_store(float *p, vec a) { *(vec_in_memory *)p = a; }
INLINE void vec_stream(float *p, vec a) { vec_store(p, a); }
INLINE vec vec_splat(float x) { return (vec){x, x, x, x}; }
INLINE vec vec_zero(void) { return (vec){0, 0, 0, 0}; }
INLINE vec vec_add(vec a, vec b) { return a + b; }
INLINE vec vec_sub(vec a, vec b) { return a - b; }
INLINE vec vec_mul(vec a, vec b) { return a * b; }
INLINE vec vec_fma(vec a, vec b, vec c) { return a * b + c; }
INLINE vec vec_fnma(vec a, vec b, vec c) { return c - a * b; }
INLINE vec vec_select(vec_bits mask, vec x, vec y) { return (vec)((mask & (vec_bits)x) | (~mask & (vec_bits)y)); }
INLINE vec vec_select_less(vec a, vec b, vec x, vec y) { return vec_select(a < b, x, y); }
INLINE vec vec_min_or_nan(vec x, vec bound) { return vec_select(bound < x, bound, x); }
INLINE vec vec_max_or_nan(vec x, vec bound) { return vec_select(x < bound, bound, x); }
INLINE vec vec_div(vec a, vec b) { return a / b; }
INLINE vec vec_abs(vec a) { return (vec)((vec_bits)a & 0x7fffffff); }
#include "split-exponent.h"
INLINE vec vec_power_of_two(vec_exponent_split split) {
  typedef uint32_t unsigned_bits __attribute__((vector_size(16)));
  return (vec)(((unsigned_bits)split.shifted << 23) + 0x3f800000u);
}
INLINE vec vec_of_integers(vec_bits n) { return (vec){(float)n[0], (float)n[1], (float)n[2], (float)n[3]}; }
INLINE vec vec_scale(vec a, vec_exponent_split split) { return vec_mul(a, vec_power_of_two(split)); }
INLINE vec vec_exponent(vec a, int32_t bias_bits) { return vec_of_integers(((vec_bits)a - bias_bits) >> 23); }
INLINE vec vec_mantissa(vec a, int32_t bias_bits) {
  return (vec)((((vec_bits)a - bias_bits) & 0x007fffff) + bias_bits);
}

INLINE quad quad_load(const float *p) { return vec_load(p); }
INLINE void quad_store(float *p, quad a) { vec_store(p, a); }
INLINE quad quad_add(quad a, quad b) { return a + b; }
INLINE void quad_transpose(quad q[4]) {
  quad ab_low = vec_shuffle(q[0], q[1], 0, 4, 1, 5), ab_high = vec_shuffle(q[0], q[1], 2, 6, 3, 7);
  quad cd_low = vec_shuffle(q[2], q[3], 0, 4, 1, 5), cd_high = vec_shuffle(q[2], q[3], 2, 6, 3, 7);
  q[0] = vec_shuffle(ab_low, cd_low, 0, 1, 4, 5);
  q[1] = vec_shuffle(ab_low, cd_low, 2, 3, 6, 7);
  q[2] = vec_shuffle(ab_high, cd_high, 0, 1, 4, 5);
  q[3] = vec_shuffle(ab_high, cd_high, 2, 3, 6, 7);
}

#define vec_quad(a, i) (a)
INLINE quad vec_sums4(vec a, vec b, vec c, vec d) {
  quad q[4] = {a, b, c, d};
  quad_transpose(q);
  return (q[0] + q[2]) + (q[1] + q[3]);
}
