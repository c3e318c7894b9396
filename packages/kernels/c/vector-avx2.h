/* AVX2 + FMA: 8 lanes, 16 registers. */
#include <immintrin.h>

#define METADESCENT_TARGET avx2

typedef __m256 vec;
typedef __m128 quad;
enum { VEC_LANES = 8, TILE_VECTORS = 2, TILE_ROWS = 6, CELLS_IN_STEP = 2, PRODUCT_ROWS = 2, VEC_STREAMS = 1, VEC_FUSED = 1 };

INLINE vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void vec_store(float *p, vec a) { _mm256_storeu_ps(p, a); }
INLINE void vec_stream(float *p, vec a) { _mm256_stream_ps(p, a); }
INLINE vec vec_splat(float x) { return _mm256_set1_ps(x); }
INLINE vec vec_zero(void) { return _mm256_setzero_ps(); }
INLINE vec vec_add(vec a, vec b) { return _mm256_add_ps(a, b); }
INLINE vec vec_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
INLINE vec vec_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
INLINE vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vec vec_fnma(vec a, vec b, vec c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE vec vec_min_or_nan(vec x, vec bound) { return _mm256_min_ps(bound, x); }
INLINE vec vec_max_or_nan(vec x, vec bound) { return _mm256_max_ps(bound, x); }
INLINE vec vec_div(vec a, vec b) { return _mm256_div_ps(a, b); }
INLINE vec vec_abs(vec a) { return _mm256_andnot_ps(vec_splat(-0.0f), a); }
INLINE vec vec_select_less(vec a, vec b, vec x, vec y) {
  return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
#include "split-exponent.h"
INLINE vec vec_power_of_two(vec_exponent_split split) {
  return _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(split.shifted), 23), _mm256_set1_epi32(0x3f800000)));
}
INLINE vec vec_scale(vec a, vec_exponent_split split) { return vec_mul(a, vec_power_of_two(split)); }
INLINE vec vec_exponent(vec a, int32_t bias_bits) {
  return _mm256_cvtepi32_ps(
      _mm256_srai_epi32(_mm256_sub_epi32(_mm256_castps_si256(a), _mm256_set1_epi32(bias_bits)), 23));
}
INLINE vec vec_mantissa(vec a, int32_t bias_bits) {
  __m256i shifted = _mm256_sub_epi32(_mm256_castps_si256(a), _mm256_set1_epi32(bias_bits));
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_and_si256(shifted, _mm256_set1_epi32(0x007fffff)),
                                              _mm256_set1_epi32(bias_bits)));
}

#include "quad-sse.h"

#define vec_quad(a, i) _mm256_extractf128_ps(a, i)
INLINE quad vec_sums4(vec a, vec b, vec c, vec d) {
  vec s = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
}
