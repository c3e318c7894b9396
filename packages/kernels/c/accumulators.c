/*
 * What update rules remember and see of their coordinates, elementwise: see Accumulators in accumulators.ts for the contract. All arithmetic is in double precision
 * and in the order of the TypeScript twin, so that engines agree bit for bit (the logarithm: to its last digits). Plain loops: the compiler vectorises them, and
 * divisions are what they cost.
 */
#include "vector.h"

INLINE double magnitude(double x) { return __builtin_fabs(x); }

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
 * At step t the planes (g / (|g′| + gradient_offset), |x′ − x″| / (|x − x′| + movement_offset)) [2, n] with g = scale · gradient, x = parameters, and primes for one
 * and two steps before, which are the memory. At t = 0 the first divides by its own |g| + gradient_offset and the second is 0; at t = 1 x″ stands for x′ − (x − x′).
 */
void KERNEL(relative_changes)(int32_t n, int32_t t, double scale, double gradient_offset, double movement_offset,
                              const float *restrict gradient, const float *restrict parameters,
                              float *restrict gradient_before, float *restrict previous, float *restrict earlier,
                              float *restrict planes) {
  float *restrict second = planes + n;
  for (int32_t j = 0; j < n; j++) {
    const double g = scale * gradient[j], before = t > 0 ? scale * gradient_before[j] : g;
    const double x = parameters[j], last = previous[j];
    const double step = t > 0 ? magnitude(x - last) : 0, step_before = t > 1 ? magnitude(last - earlier[j]) : step;
    planes[j] = (float)(g / (magnitude(before) + gradient_offset));
    second[j] = (float)(step_before / (step + movement_offset));
    gradient_before[j] = gradient[j];
    earlier[j] = previous[j];
    previous[j] = parameters[j];
  }
}

/*
 * Decaying averages m, v of g, g² and s = Σ g² with g = scale · gradient, and the planes (g / r, m̂ / r, g / (√s + floor), ln r / log_unit) [4, n] with m̂ and v̂ the
 * averages times their corrections, which make up for their start at 0, and r = √v̂ + floor.
 */
void KERNEL(moments)(int32_t n, double scale, double momentum_decay, double square_decay, double momentum_correction,
                     double square_correction, double floor, double log_unit, const float *restrict gradient,
                     float *restrict momentum, float *restrict square, float *restrict total, float *restrict planes) {
  float *restrict second = planes + n, *restrict third = second + n, *restrict fourth = third + n;
  for (int32_t j = 0; j < n; j++) {
    const double g = scale * gradient[j];
    const double m = momentum_decay * momentum[j] + (1 - momentum_decay) * g;
    const double v = square_decay * square[j] + (1 - square_decay) * g * g;
    const double s = total[j] + g * g;
    const double root = __builtin_sqrt(v * square_correction) + floor;
    planes[j] = (float)(g / root);
    second[j] = (float)(m * momentum_correction / root);
    third[j] = (float)(g / (__builtin_sqrt(s) + floor));
    fourth[j] = (float)(logarithm(root) / log_unit);
    momentum[j] = (float)m;
    square[j] = (float)v;
    total[j] = (float)s;
  }
}

/* inputs [features, total] from `at` on ← (planes [features, n] from `first` on − mean) / deviation for `count` coordinates, clamped to ±limit; a NaN stays. */
void KERNEL(standardise)(int32_t features, int32_t n, int32_t first, int32_t count, const float *planes,
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
void KERNEL(ring_mean)(int32_t n, int32_t rows, int32_t oldest, int32_t width, double scale, const double *values,
                       double *restrict mean) {
  __builtin_memset(mean, 0, (size_t)n * sizeof(double));
  for (int32_t l = 0; l < width; l++) {
    const double *restrict row = values + (ptrdiff_t)((oldest + l) % rows) * n;
    for (int32_t j = 0; j < n; j++) mean[j] += scale * row[j];
  }
  for (int32_t j = 0; j < n; j++) mean[j] /= width;
}

/* now / (|before| + offset); the two may be one array. */
void KERNEL(ratios)(int32_t n, double offset, const double *now, const double *before, double *restrict ratio) {
  for (int32_t j = 0; j < n; j++) ratio[j] = now[j] / (magnitude(before[j]) + offset);
}

/* |late − early| / (|now − before| + offset); they may be one array. */
void KERNEL(change_ratios)(int32_t n, double offset, const double *late, const double *early, const double *now,
                           const double *before, double *restrict ratio) {
  for (int32_t j = 0; j < n; j++) ratio[j] = magnitude(late[j] - early[j]) / (magnitude(now[j] - before[j]) + offset);
}

/*
 * Columns put side by side in rows that lie `width` numbers apart, in up to four groups: columns[group] of them begin at starts[…] of the group's values, at nothing but
 * zeros where that is negative, and go on by step[group], 0 or 1. Eight rows at a time: whole cache lines of every column, and the rows stay in the first-level cache.
 */
void KERNEL(interleave)(int32_t count, int32_t groups, const int32_t *columns, const int32_t *step, const int32_t *starts,
                        const double *first, const double *second, const double *third, const double *fourth,
                        int32_t width, double *restrict rows) {
  enum { BLOCK = 8 };
  const double *const values[] = {first, second, third, fourth};
  for (ptrdiff_t block = 0; block < count; block += BLOCK) {
    const int height = count - block < BLOCK ? (int)(count - block) : BLOCK;
    const int32_t *start = starts;
    double *to = rows + block * width;
    for (int32_t group = 0; group < groups; group++) {
      for (int32_t i = 0; i < columns[group]; i++, start++, to++) {
        const int same = *start < 0 || step[group] == 0;
        const double number = *start < 0 ? 0 : values[group][*start];
        const double *column = same ? &number : values[group] + *start + block;
        if (height < BLOCK) {
          for (int row = 0; row < height; row++) to[row * (ptrdiff_t)width] = same ? number : column[row];
        } else if (same) {
          /* Unrolled: compilers would make slow scatters of a loop. */
          UNROLL for (int row = 0; row < BLOCK; row++) to[row * (ptrdiff_t)width] = number;
        } else {
          UNROLL for (int row = 0; row < BLOCK; row++) to[row * (ptrdiff_t)width] = column[row];
        }
      }
    }
  }
}
