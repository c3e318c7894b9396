/*
 * Features of Predicted Step Descent (Li & Malik 2017, §3.6), elementwise over coordinates. All arithmetic is in double precision and in the order of the TypeScript twin, so that engines agree bit
 * for bit (the logarithm: to its last digits). Plain loops: the compiler vectorises them, and divisions are what they cost.
 */
#include "vector.h"

#define GRADIENT_OFFSET 1.0
#define RATIO_OFFSET 0.1
/* Decay per step of the averages of g and g²; what keeps g / √v finite; the unit of ln √v. */
#define MOMENTUM 0.9
#define SQUARE_DECAY 0.95
#define TINY 1e-12
#define LOG_UNIT 5.0

INLINE double magnitude(double x) { return __builtin_fabs(x); }
INLINE double change_ratio(double before, double now) { return before / (now + RATIO_OFFSET); }

/* ln x for positive x = 2^e · m with m in [√½, √2): 2 artanh s = 2s (1 + s²/3 + s⁴/5 + …), s = (m − 1) / (m + 1), relative error below 1e-15. ∞ and NaN stay what they are. */
INLINE double logarithm(double x) {
  const uint64_t sqrt_half = 0x3fe6a09e667f3bcdu, one = 0x3ff0000000000000u;
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  bits += one - sqrt_half;
  const uint64_t mantissa = (bits & 0x000fffffffffffffu) + sqrt_half;
  /* e + 1023 below the digits of 2⁵²: a conversion that every instruction set has. */
  const uint64_t exponent = (bits >> 52) | 0x4330000000000000u;
  double m, e;
  __builtin_memcpy(&m, &mantissa, sizeof m);
  __builtin_memcpy(&e, &exponent, sizeof e);
  e -= 0x1p52 + 1023;
  const double s = (m - 1) / (m + 1), z = s * s;
  double series = 1.0 / 19;
  series = series * z + 1.0 / 17;
  series = series * z + 1.0 / 15;
  series = series * z + 1.0 / 13;
  series = series * z + 1.0 / 11;
  series = series * z + 1.0 / 9;
  series = series * z + 1.0 / 7;
  series = series * z + 1.0 / 5;
  series = series * z + 1.0 / 3;
  /* The last term is nothing but for ∞ and NaN; a choice instead would not be vectorised. */
  return e * 0.693147180559945309 + (2 * s + 2 * s * z * series) + x * 1e-300;
}

/*
 * Ψ at step t: the planes (change, g / (|g′| + 1), |x′ − x″| / (|x − x′| + 0.1)) [3, n] with g = scale · gradient, x = parameters, and primes for one and two steps before, which are the memory. At t = 0
 * the second divides by its own |g| + 1 and the third is 0; at t = 1 x″ stands for x′ − (x − x′).
 */
void KERNEL(psd_observe)(int32_t n, int32_t t, double change, double scale, const float *restrict gradient,
                         const float *restrict parameters, float *restrict gradient_before, float *restrict previous,
                         float *restrict earlier, float *restrict planes) {
  float *restrict second = planes + n, *restrict third = planes + 2 * (ptrdiff_t)n;
  for (int32_t j = 0; j < n; j++) {
    const double g = scale * gradient[j], before = t > 0 ? scale * gradient_before[j] : g;
    const double x = parameters[j], last = previous[j];
    const double step = t > 0 ? magnitude(x - last) : 0, step_before = t > 1 ? magnitude(last - earlier[j]) : step;
    planes[j] = (float)change;
    second[j] = (float)(g / (magnitude(before) + GRADIENT_OFFSET));
    third[j] = (float)change_ratio(step_before, step);
    gradient_before[j] = gradient[j];
    earlier[j] = previous[j];
    previous[j] = parameters[j];
  }
}

/*
 * The coordinate's own scale: the planes (g / √v, m / √v, g / √s, ln √v / 5) [4, n] with decaying averages m, v of g, g² (the corrections make up for their start at 0) and s = Σ g².
 */
void KERNEL(psd_observe_scale)(int32_t n, double scale, double momentum_correction, double square_correction,
                               const float *restrict gradient, float *restrict momentum, float *restrict square,
                               float *restrict total, float *restrict planes) {
  float *restrict second = planes + n, *restrict third = second + n, *restrict fourth = third + n;
  for (int32_t j = 0; j < n; j++) {
    const double g = scale * gradient[j];
    const double m = MOMENTUM * momentum[j] + (1 - MOMENTUM) * g;
    const double v = SQUARE_DECAY * square[j] + (1 - SQUARE_DECAY) * g * g;
    const double s = total[j] + g * g;
    const double root = __builtin_sqrt(v * square_correction) + TINY;
    planes[j] = (float)(g / root);
    second[j] = (float)(m * momentum_correction / root);
    third[j] = (float)(g / (__builtin_sqrt(s) + TINY));
    fourth[j] = (float)(logarithm(root) / LOG_UNIT);
    momentum[j] = (float)m;
    square[j] = (float)v;
    total[j] = (float)s;
  }
}

/* inputs [features, total] from `at` on ← (planes [features, n] from `first` on − mean) / deviation for `count` coordinates, clamped to ±limit; a NaN stays. */
void KERNEL(psd_standardise)(int32_t features, int32_t n, int32_t first, int32_t count, const float *planes,
                             const double *mean, const double *deviation, double limit, int32_t total, int32_t at,
                             float *inputs) {
  for (int32_t i = 0; i < features; i++) {
    const float *restrict from = planes + (ptrdiff_t)i * n + first;
    float *restrict to = inputs + (ptrdiff_t)i * total + at;
    const double centre = mean[i], spread = deviation[i];
    for (int32_t j = 0; j < count; j++) {
      double value = (from[j] - centre) / spread;
      /* One after the other: a nested choice would not be vectorised. */
      value = value > limit ? limit : value;
      value = value < -limit ? -limit : value;
      to[j] = (float)value;
    }
  }
}

/* The mean of scale · values over `width` rows of the ring values [rows, n] from row `oldest` on. */
void KERNEL(psd_recent_mean)(int32_t n, int32_t rows, int32_t oldest, int32_t width, double scale, const double *values,
                             double *restrict mean) {
  __builtin_memset(mean, 0, (size_t)n * sizeof(double));
  for (int32_t l = 0; l < width; l++) {
    const double *restrict row = values + (ptrdiff_t)((oldest + l) % rows) * n;
    for (int32_t j = 0; j < n; j++) mean[j] += scale * row[j];
  }
  for (int32_t j = 0; j < n; j++) mean[j] /= width;
}

/* now / (|before| + 1); the two may be one array. */
void KERNEL(psd_gradient_slot)(int32_t n, const double *now, const double *before, double *restrict slot) {
  for (int32_t j = 0; j < n; j++) slot[j] = now[j] / (magnitude(before[j]) + GRADIENT_OFFSET);
}

/* |late − early| / (|now − before| + 0.1); they may be one array. */
void KERNEL(psd_ratio_slot)(int32_t n, const double *late, const double *early, const double *now, const double *before,
                            double *restrict slot) {
  for (int32_t j = 0; j < n; j++) slot[j] = change_ratio(magnitude(late[j] - early[j]), magnitude(now[j] - before[j]));
}

/*
 * States [count, 2 + 3H]: the iterate, H objective slots (equal for all), H + 1 gradient slots and H ratio slots. Slot i lies at gradient + rows[i], ratio + rows[i]; all are 0 where rows[i] < 0. Eight
 * coordinates at a time: whole cache lines of every slot, and their states stay in the first-level cache.
 */
void KERNEL(psd_states)(int32_t history, int32_t count, const int32_t *rows, const double *objective,
                        const double *gradient, const double *ratio, const double *iterates, double *restrict states) {
  enum { BLOCK = 8 };
  const ptrdiff_t width = 2 + 3 * (ptrdiff_t)history;
  for (ptrdiff_t first = 0; first < count; first += BLOCK) {
    const ptrdiff_t end = first + BLOCK < count ? first + BLOCK : count;
    for (ptrdiff_t j = first; j < end; j++) states[j * width] = iterates[j];
    for (int32_t i = 0; i <= history; i++) {
      const int known = rows[i] >= 0;
      double *slot = states + 1 + i;
      for (ptrdiff_t j = first; j < end; j++) slot[j * width + history] = known ? gradient[rows[i] + j] : 0;
      if (i == history) continue;
      for (ptrdiff_t j = first; j < end; j++) {
        slot[j * width] = known ? objective[i] : 0;
        slot[j * width + 2 * history + 1] = known ? ratio[rows[i] + j] : 0;
      }
    }
  }
}
