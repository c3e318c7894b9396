/* AVX-512 (F, DQ, BW, VL): 16 lanes, 32 registers. A broadcast from memory is free inside a multiply-add, so tiles are one vector wide and tall. */
#include <immintrin.h>

#define METADESCENT_TARGET avx512

typedef __m512 vec;
typedef __m128 quad;
enum { VEC_LANES = 16, TILE_VECTORS = 1, TILE_ROWS = 16, CELLS_IN_STEP = 4, PRODUCT_ROWS = 4, VEC_STREAMS = 1, VEC_FUSED = 1 };

INLINE vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void vec_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
/* Past the cache, to an aligned address. */
INLINE void vec_stream(float *p, vec a) { _mm512_stream_ps(p, a); }
INLINE vec vec_splat(float x) { return _mm512_set1_ps(x); }
INLINE vec vec_zero(void) { return _mm512_setzero_ps(); }
INLINE vec vec_add(vec a, vec b) { return _mm512_add_ps(a, b); }
INLINE vec vec_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
INLINE vec vec_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
/* a·b + c */
INLINE vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
/* c − a·b */
INLINE vec vec_fnma(vec a, vec b, vec c) { return _mm512_fnmadd_ps(a, b, c); }
/* The instruction returns its second operand where one is NaN: a NaN in x survives. */
INLINE vec vec_min_or_nan(vec x, vec bound) { return _mm512_min_ps(bound, x); }
INLINE vec vec_max_or_nan(vec x, vec bound) { return _mm512_max_ps(bound, x); }
INLINE vec vec_div(vec a, vec b) { return _mm512_div_ps(a, b); }
INLINE vec vec_abs(vec a) { return _mm512_abs_ps(a); }
/* a < b ? x : y */
INLINE vec vec_select_less(vec a, vec b, vec x, vec y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
/* t = whole + rest, |rest| ≤ ½. `vec_scale` overflows to ∞ and underflows to 0. */
typedef struct {
  vec whole, rest;
} vec_exponent_split;
enum { VEC_SCALE_SATURATES = 1 };
INLINE vec_exponent_split vec_split_exponent(vec t) {
  /* Where t is infinite, t − whole would be NaN; the instruction for it gives 0. */
  return (vec_exponent_split){_mm512_roundscale_ps(t, 0), _mm512_reduce_ps(t, 0)};
}
/* a · 2^whole, on ports that multiply-adds do not use */
INLINE vec vec_scale(vec a, vec_exponent_split split) { return _mm512_scalef_ps(a, split.whole); }
INLINE vec vec_power_of_two(vec_exponent_split split) { return _mm512_scalef_ps(vec_splat(1.0f), split.whole); }
/* The exponent of a as a number, less `bias_bits` beforehand; and the mantissa over the same split: see vec_log. */
INLINE vec vec_exponent(vec a, int32_t bias_bits) {
  return _mm512_cvtepi32_ps(
      _mm512_srai_epi32(_mm512_sub_epi32(_mm512_castps_si512(a), _mm512_set1_epi32(bias_bits)), 23));
}
INLINE vec vec_mantissa(vec a, int32_t bias_bits) {
  __m512i shifted = _mm512_sub_epi32(_mm512_castps_si512(a), _mm512_set1_epi32(bias_bits));
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_and_si512(shifted, _mm512_set1_epi32(0x007fffff)),
                                              _mm512_set1_epi32(bias_bits)));
}

#include "quad-sse.h"

#define vec_quad(a, i) _mm512_extractf32x4_ps(a, i)
/* (Σa, Σb, Σc, Σd) */
INLINE quad vec_sums4(vec a, vec b, vec c, vec d) {
  vec ab = vec_add(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
  vec cd = vec_add(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
  vec s = vec_add(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
  s = vec_add(s, _mm512_permute_ps(s, 0x4e));
  s = vec_add(s, _mm512_permute_ps(s, 0xb1));
  const __m512i pick = _mm512_setr_epi32(0, 5, 10, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm512_castps512_ps128(_mm512_permutexvar_ps(pick, s));
}
