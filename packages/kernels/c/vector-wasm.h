/* WebAssembly SIMD: 4 lanes, no fused multiply-add; 16 registers where it is compiled to SSE or AVX. */
#include <wasm_simd128.h>

#define METADESCENT_TARGET wasm

typedef v128_t vec;
typedef v128_t quad;
enum { VEC_LANES = 4, TILE_VECTORS = 2, TILE_ROWS = 4, CELLS_IN_STEP = 2, PRODUCT_ROWS = 2, VEC_STREAMS = 0, VEC_FUSED = 0 };

INLINE vec vec_load(const float *p) { return wasm_v128_load(p); }
INLINE void vec_store(float *p, vec a) { wasm_v128_store(p, a); }
INLINE void vec_stream(float *p, vec a) { vec_store(p, a); }
INLINE vec vec_splat(float x) { return wasm_f32x4_splat(x); }
INLINE vec vec_zero(void) { return wasm_f32x4_const(0, 0, 0, 0); }
INLINE vec vec_add(vec a, vec b) { return wasm_f32x4_add(a, b); }
INLINE vec vec_sub(vec a, vec b) { return wasm_f32x4_sub(a, b); }
INLINE vec vec_mul(vec a, vec b) { return wasm_f32x4_mul(a, b); }
INLINE vec vec_fma(vec a, vec b, vec c) { return vec_add(vec_mul(a, b), c); }
INLINE vec vec_fnma(vec a, vec b, vec c) { return vec_sub(c, vec_mul(a, b)); }
/* pmin(x, b) is b < x ? b : x, one instruction on x86; a NaN in x survives. */
INLINE vec vec_min_or_nan(vec x, vec bound) { return wasm_f32x4_pmin(x, bound); }
INLINE vec vec_max_or_nan(vec x, vec bound) { return wasm_f32x4_pmax(x, bound); }
INLINE vec vec_div(vec a, vec b) { return wasm_f32x4_div(a, b); }
INLINE vec vec_abs(vec a) { return wasm_f32x4_abs(a); }
INLINE vec vec_select_less(vec a, vec b, vec x, vec y) {
  return wasm_v128_bitselect(x, y, wasm_f32x4_lt(a, b));
}
#include "split-exponent.h"
INLINE vec vec_power_of_two(vec_exponent_split split) { return wasm_i32x4_add(wasm_i32x4_shl(split.shifted, 23), wasm_i32x4_splat(0x3f800000)); }
INLINE vec vec_scale(vec a, vec_exponent_split split) { return vec_mul(a, vec_power_of_two(split)); }
INLINE vec vec_exponent(vec a, int32_t bias_bits) {
  return wasm_f32x4_convert_i32x4(wasm_i32x4_shr(wasm_i32x4_sub(a, wasm_i32x4_splat(bias_bits)), 23));
}
INLINE vec vec_mantissa(vec a, int32_t bias_bits) {
  v128_t shifted = wasm_i32x4_sub(a, wasm_i32x4_splat(bias_bits));
  return wasm_i32x4_add(wasm_v128_and(shifted, wasm_i32x4_splat(0x007fffff)), wasm_i32x4_splat(bias_bits));
}

INLINE quad quad_load(const float *p) { return wasm_v128_load(p); }
INLINE void quad_store(float *p, quad a) { wasm_v128_store(p, a); }
INLINE quad quad_add(quad a, quad b) { return wasm_f32x4_add(a, b); }
INLINE void quad_transpose(quad q[4]) {
  quad ab_low = wasm_i32x4_shuffle(q[0], q[1], 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(q[0], q[1], 2, 6, 3, 7);
  quad cd_low = wasm_i32x4_shuffle(q[2], q[3], 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(q[2], q[3], 2, 6, 3, 7);
  q[0] = wasm_i32x4_shuffle(ab_low, cd_low, 0, 1, 4, 5);
  q[1] = wasm_i32x4_shuffle(ab_low, cd_low, 2, 3, 6, 7);
  q[2] = wasm_i32x4_shuffle(ab_high, cd_high, 0, 1, 4, 5);
  q[3] = wasm_i32x4_shuffle(ab_high, cd_high, 2, 3, 6, 7);
}

#define vec_quad(a, i) (a)
INLINE quad vec_sums4(vec a, vec b, vec c, vec d) {
  quad q[4] = {a, b, c, d};
  quad_transpose(q);
  return quad_add(quad_add(q[0], q[2]), quad_add(q[1], q[3]));
}
