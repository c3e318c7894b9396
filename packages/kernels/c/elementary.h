/*
 * Exponential, logistic function, hyperbolic tangent and logarithm on vectors. Polynomials: minimax fits (Remez) on the reduced interval, degrees
 * chosen so that rounding, not the fit, is the larger error. A NaN stays a NaN.
 *
 * All exponentials are 2^t = 2^n · 2^r with n = round(t), |r| ≤ ½ (vec_split_exponent, vec_scale in the target's header). Rounding goes by adding 1.5·2²³
 * on most targets, which is why these files must not be compiled with -ffast-math.
 */
#ifndef METADESCENT_ELEMENTARY_H
#define METADESCENT_ELEMENTARY_H

#include "vector.h"

#define LOG2_E 1.44269504088896341f

/*
 * Logistic function and hyperbolic tangent go through several vectors in step: the chain of dependent operations is long, and a processor's scheduler sees only about one
 * such chain ahead. Both take the binary exponent t instead of x, so that a caller can fold the factor into weights.
 */
enum { MAX_IN_STEP = 4 };
#define IN_STEP UNROLL for (int i = 0; i < count; i++)
#define SIGMOID_EXPONENT (-LOG2_E)
#define TANH_EXPONENT (2.0f * LOG2_E)

/* σ(x) = 1 / (1 + 2^t), t = x · SIGMOID_EXPONENT, in place: absolute error below 1.2e-7, relative below 1e-7 · max(2, |x|); σ(±87) stands for all beyond. */
INLINE void vec_sigmoids_of_exponents(const int count, vec *t) {
  vec_exponent_split split[MAX_IN_STEP];
  vec p[MAX_IN_STEP];
  IN_STEP split[i] = vec_split_exponent(VEC_SCALE_SATURATES ? t[i] : vec_clamp(t[i], -126.0f, 126.0f));
  /* 2^rest on [−½, ½], degree 5, relative error 7.5e-8 */
  IN_STEP p[i] = vec_fma(vec_splat(0.0013276472f), split[i].rest, vec_splat(0.009675541f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(0.05550713f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(0.2402212f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(0.69314694f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(1.0000001f));
  IN_STEP p[i] = vec_add(vec_splat(1.0f), vec_scale(p[i], split[i]));
  IN_STEP t[i] = vec_div(vec_splat(1.0f), p[i]);
}

/*
 * tanh(x) = m / (m + 2), m = 2^t − 1 = 2^n (2^r − 1) + (2^n − 1), t = x · TANH_EXPONENT, in place: relative error below 4e-7 also near 0, where a difference of
 * exponentials would lose all digits.
 */
INLINE void vec_tanhs_of_exponents(const int count, vec *t) {
  vec_exponent_split split[MAX_IN_STEP];
  vec p[MAX_IN_STEP];
  IN_STEP {
    /* Beyond ±26 = ±2 log₂e · 9.01, tanh rounds to ±1. */
    vec bounded = vec_min_or_nan(t[i], vec_splat(26.0f));
    if (!VEC_SCALE_SATURATES) bounded = vec_max_or_nan(bounded, vec_splat(-26.0f));
    split[i] = vec_split_exponent(bounded);
  }
  /* (2^rest − 1) / rest on [−½, ½], degree 5, relative error 1.1e-8 */
  IN_STEP p[i] = vec_fma(vec_splat(0.00015403512f), split[i].rest, vec_splat(0.0013390735f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(0.009618238f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(0.055503573f));
  IN_STEP p[i] = vec_fma(p[i], split[i].rest, vec_splat(0.24022649f));
  IN_STEP p[i] = vec_mul(vec_fma(p[i], split[i].rest, vec_splat(0.6931472f)), split[i].rest);
  IN_STEP {
    const vec power = vec_power_of_two(split[i]);
    p[i] = vec_fma(p[i], power, vec_sub(power, vec_splat(1.0f)));
  }
  IN_STEP t[i] = vec_div(p[i], vec_add(p[i], vec_splat(2.0f)));
}

INLINE void vec_sigmoids(const int count, vec *x) {
  IN_STEP x[i] = vec_mul(x[i], vec_splat(SIGMOID_EXPONENT));
  vec_sigmoids_of_exponents(count, x);
}

INLINE void vec_tanhs(const int count, vec *x) {
  IN_STEP x[i] = vec_mul(x[i], vec_splat(TANH_EXPONENT));
  vec_tanhs_of_exponents(count, x);
}

#undef IN_STEP

/* e^x, relative error below 2e-7 (x reduced in two parts, Cody & Waite 1980); e^±87 stands for all beyond. */
INLINE vec vec_exp(vec x) {
  x = vec_clamp(x, -87.0f, 87.0f);
  vec_exponent_split split = vec_split_exponent(vec_mul(x, vec_splat(LOG2_E)));
  /* ln 2 in two parts: n times the first, of 9 bits, is exact. */
  vec y = vec_fnma(split.whole, vec_splat(0.693359375f), x);
  y = vec_fnma(split.whole, vec_splat(-2.12194440e-4f), y);
  const vec r = vec_mul(y, vec_splat(LOG2_E));
  /* 2^r on [−½, ½], degree 6, relative error 1.9e-9 */
  vec p = vec_fma(vec_splat(0.00015345812f), r, vec_splat(0.0013399931f));
  p = vec_fma(p, r, vec_splat(0.009618489f));
  p = vec_fma(p, r, vec_splat(0.055503286f));
  p = vec_fma(p, r, vec_splat(0.24022646f));
  p = vec_fma(p, r, vec_splat(0.6931472f));
  p = vec_fma(p, r, vec_splat(1.0f));
  return vec_scale(p, split);
}

/* ln x for normal positive x, error below 1 ulp; ln ∞ = ∞, a NaN is returned. x = 2^e · (1 + f) with 1 + f in [√½, √2). */
INLINE vec vec_log(vec x) {
  const int32_t sqrt_half = 0x3f3504f3;
  vec e = vec_exponent(x, sqrt_half);
  vec f = vec_sub(vec_mantissa(x, sqrt_half), vec_splat(1.0f));
  vec f2 = vec_mul(f, f);
  /* (ln(1 + f) − f + f²/2) / f³, degree 8 */
  vec q = vec_fma(vec_splat(0.06921046f), f, vec_splat(-0.117806986f));
  q = vec_fma(q, f, vec_splat(0.11865131f));
  q = vec_fma(q, f, vec_splat(-0.123855524f));
  q = vec_fma(q, f, vec_splat(0.14220022f));
  q = vec_fma(q, f, vec_splat(-0.16669217f));
  q = vec_fma(q, f, vec_splat(0.20002146f));
  q = vec_fma(q, f, vec_splat(-0.24999987f));
  q = vec_fma(q, f, vec_splat(0.3333331f));
  vec y = vec_fma(vec_mul(q, f), f2, vec_mul(e, vec_splat(-2.12194440e-4f)));
  y = vec_fnma(f2, vec_splat(0.5f), y);
  y = vec_fma(e, vec_splat(0.693359375f), vec_add(f, y));
  return vec_select_less(x, vec_splat(__builtin_inff()), y, x);
}

#endif
