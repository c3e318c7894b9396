/* NEON (AArch64): 4 lanes, 32 registers. */
#include <arm_neon.h>

#define METADESCENT_TARGET neon

typedef float32x4_t vec;
typedef float32x4_t quad;
enum { VEC_LANES = 4, TILE_VECTORS = 2, TILE_ROWS = 8, CELLS_IN_STEP = 4, PRODUCT_ROWS = 4, VEC_STREAMS = 0, VEC_FUSED = 1 };

INLINE vec vec_load(const float *p) { return vld1q_f32(p); }
INLINE void vec_store(float *p, vec a) { vst1q_f32(p, a); }
INLINE void vec_stream(float *p, vec a) { vec_store(p, a); }
INLINE vec vec_splat(float x) { return vdupq_n_f32(x); }
INLINE vec vec_zero(void) { return vdupq_n_f32(0.0f); }
INLINE vec vec_add(vec a, vec b) { return vaddq_f32(a, b); }
INLINE vec vec_sub(vec a, vec b) { return vsubq_f32(a, b); }
INLINE vec vec_mul(vec a, vec b) { return vmulq_f32(a, b); }
INLINE vec vec_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
INLINE vec vec_fnma(vec a, vec b, vec c) { return vfmsq_f32(c, a, b); }
/* NEON's minimum and maximum return NaN where either operand is NaN. */
INLINE vec vec_min_or_nan(vec x, vec bound) { return vminq_f32(x, bound); }
INLINE vec vec_max_or_nan(vec x, vec bound) { return vmaxq_f32(x, bound); }
INLINE vec vec_div(vec a, vec b) { return vdivq_f32(a, b); }
INLINE vec vec_abs(vec a) { return vabsq_f32(a); }
INLINE vec vec_select_less(vec a, vec b, vec x, vec y) { return vbslq_f32(vcltq_f32(a, b), x, y); }
#include "split-exponent.h"
INLINE vec vec_power_of_two(vec_exponent_split split) {
  return vreinterpretq_f32_s32(vaddq_s32(vshlq_n_s32(vreinterpretq_s32_f32(split.shifted), 23), vdupq_n_s32(0x3f800000)));
}
INLINE vec vec_scale(vec a, vec_exponent_split split) { return vec_mul(a, vec_power_of_two(split)); }
INLINE vec vec_exponent(vec a, int32_t bias_bits) {
  return vcvtq_f32_s32(vshrq_n_s32(vsubq_s32(vreinterpretq_s32_f32(a), vdupq_n_s32(bias_bits)), 23));
}
INLINE vec vec_mantissa(vec a, int32_t bias_bits) {
  int32x4_t shifted = vsubq_s32(vreinterpretq_s32_f32(a), vdupq_n_s32(bias_bits));
  return vreinterpretq_f32_s32(vaddq_s32(vandq_s32(shifted, vdupq_n_s32(0x007fffff)), vdupq_n_s32(bias_bits)));
}

INLINE quad quad_load(const float *p) { return vld1q_f32(p); }
INLINE void quad_store(float *p, quad a) { vst1q_f32(p, a); }
INLINE quad quad_add(quad a, quad b) { return vaddq_f32(a, b); }
INLINE void quad_transpose(quad q[4]) {
  float32x4x2_t ab = vtrnq_f32(q[0], q[1]), cd = vtrnq_f32(q[2], q[3]);
  q[0] = vcombine_f32(vget_low_f32(ab.val[0]), vget_low_f32(cd.val[0]));
  q[1] = vcombine_f32(vget_low_f32(ab.val[1]), vget_low_f32(cd.val[1]));
  q[2] = vcombine_f32(vget_high_f32(ab.val[0]), vget_high_f32(cd.val[0]));
  q[3] = vcombine_f32(vget_high_f32(ab.val[1]), vget_high_f32(cd.val[1]));
}

#define vec_quad(a, i) (a)
INLINE quad vec_sums4(vec a, vec b, vec c, vec d) { return vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)); }
