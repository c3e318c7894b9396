/* Log/sign preprocessing of gradients (Andrychowicz et al. 2016, Appendix A). */
#include "elementary.h"
#include "workspace.h"

/* (ln|g| / p, sign g) where |g| ≥ threshold, else (−1, scale · g). A NaN compares as not small; both its features are NaN. */
INLINE void preprocess_lanes(const float *gradient, float threshold, float scale, float inverse_p, float *first,
                             float *second) {
  const vec g = vec_load(gradient), magnitude = vec_abs(g), limit = vec_splat(threshold);
  const vec sign = vec_select_less(g, vec_zero(), vec_splat(-1.0f), vec_splat(1.0f));
  /* 0, or NaN for a NaN: the comparison holds for every number, infinite ones included. */
  const vec nan = vec_select_less(vec_splat(-1.0f), magnitude, vec_zero(), g);
  vec_store(first, vec_select_less(magnitude, limit, vec_splat(-1.0f), vec_mul(vec_log(magnitude), vec_splat(inverse_p))));
  vec_store(second, vec_add(nan, vec_select_less(magnitude, limit, vec_mul(g, vec_splat(scale)), sign)));
}

/* gradient [n] → features [2, n], with threshold e^(−p), scale e^p and inverse_p 1/p. */
void KERNEL(preprocess_gradient)(const float *gradient, int32_t n, float threshold, float scale, float inverse_p,
                                 float *features) {
  ptrdiff_t i = 0;
  for (; i + VEC_LANES <= n; i += VEC_LANES) {
    preprocess_lanes(gradient + i, threshold, scale, inverse_p, features + i, features + n + i);
  }
  if (i < n) {
    float rest[VEC_LANES] = {0}, first[VEC_LANES], second[VEC_LANES];
    copy_floats(rest, gradient + i, n - i);
    preprocess_lanes(rest, threshold, scale, inverse_p, first, second);
    copy_floats(features + i, first, n - i);
    copy_floats(features + n + i, second, n - i);
  }
}
