/* What the machine can do at best, for the share of the peak that benchmarks state. */
#include "vector.h"

enum { PROBE_ACCUMULATORS = 12 };

/* Floating-point operations of one iteration of `peak_probe`. */
int32_t KERNEL(peak_probe_flops)(void) { return PROBE_ACCUMULATORS * VEC_LANES * 2; }

/* Multiply-adds in registers only, enough of them in flight to hide their latency. */
float KERNEL(peak_probe)(int32_t iterations) {
  vec acc[PROBE_ACCUMULATORS];
  const vec factor = vec_splat(0.999f), addend = vec_splat(0.001f);
  UNROLL for (int i = 0; i < PROBE_ACCUMULATORS; i++) acc[i] = vec_splat((float)i);
  for (int32_t k = 0; k < iterations; k++) {
    UNROLL for (int i = 0; i < PROBE_ACCUMULATORS; i++) acc[i] = vec_fma(acc[i], factor, addend);
  }
  vec sum = vec_zero();
  UNROLL for (int i = 0; i < PROBE_ACCUMULATORS; i++) sum = vec_add(sum, acc[i]);
  return vec_sum(sum);
}
