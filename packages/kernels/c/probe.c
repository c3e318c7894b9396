/* What the machine can do at best, for the share of the peak that benchmarks state. */
#include "vector.h"

enum { PROBE_ACCUMULATORS = 12 };

/* Floating-point operations of one iteration of `peak_probe`. */
int32_t KERNEL(peak_probe_flops)(void) { return PROBE_ACCUMULATORS * VEC_LANES * (VEC_FUSED ? 2 : 1); }

/*
 * Arithmetic in registers only, enough of it in flight to hide its latency: multiply-adds, or where these are two instructions as many multiplications as additions that
 * do not wait for each other, as in a product.
 */
float KERNEL(peak_probe)(int32_t iterations) {
  vec acc[PROBE_ACCUMULATORS];
  const vec factor = vec_splat(0.999f), addend = vec_splat(0.001f);
  UNROLL for (int i = 0; i < PROBE_ACCUMULATORS; i++) acc[i] = vec_splat((float)i);
  for (int32_t k = 0; k < iterations; k++) {
    UNROLL for (int i = 0; i < PROBE_ACCUMULATORS; i++) {
      acc[i] = VEC_FUSED ? vec_fma(acc[i], factor, addend) : i % 2 ? vec_mul(acc[i], factor) : vec_add(acc[i], addend);
    }
  }
  vec sum = vec_zero();
  UNROLL for (int i = 0; i < PROBE_ACCUMULATORS; i++) sum = vec_add(sum, acc[i]);
  return vec_sum(sum);
}
