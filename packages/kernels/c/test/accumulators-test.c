/* Moving averages, ratios, network inputs, rows of columns. */
#include "testing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void KERNEL(relative_changes)(int32_t, int32_t, double, double, double, const float *, const float *, float *, float *, float *,
                              float *);
void KERNEL(moments)(int32_t, double, double, double, double, double, double, double, const float *, float *, float *, float *,
                     float *);
void KERNEL(standardise)(int32_t, int32_t, int32_t, int32_t, const float *, const double *, const double *, double, int32_t,
                         int32_t, float *);
void KERNEL(ring_mean)(int32_t, int32_t, int32_t, int32_t, double, const double *, double *);
void KERNEL(ratios)(int32_t, double, const double *, const double *, double *);
void KERNEL(change_ratios)(int32_t, double, const double *, const double *, const double *, const double *, double *);
void KERNEL(interleave)(int32_t, int32_t, const int32_t *, const int32_t *, const int32_t *, const double *, const double *,
                        const double *, const double *, int32_t, double *);

static void moments_at(int n, int t, double scale, const float *g, float *averages[3], float *planes) {
  KERNEL(moments)
  (n, scale, 0.9, 0.95, 1 / (1 - pow(0.9, t + 1)), 1 / (1 - pow(0.95, t + 1)), 1e-12, 5, g, averages[0], averages[1], averages[2],
   planes);
}

/* Four steps from the start, against the definition on the whole history. */
static void test_changes_and_moments(int n) {
  enum { STEPS = 4 };
  const double scale = 16;
  float *g[STEPS], *x[STEPS], *memory[3], *averages[3], *planes = floats(6L * n);
  double *expected = malloc(6 * (size_t)n * sizeof(double));
  for (int i = 0; i < 3; i++) memory[i] = zeros(n), averages[i] = zeros(n);
  for (int t = 0; t < STEPS; t++) {
    g[t] = random_floats(n, 1), x[t] = random_floats(n, 1);
    KERNEL(relative_changes)(n, t, scale, 1, 0.1, g[t], x[t], memory[0], memory[1], memory[2], planes);
    moments_at(n, t, scale, g[t], averages, planes + 2L * n);
    for (int j = 0; j < n; j++) {
      const double step = t > 0 ? fabs((double)x[t][j] - x[t - 1][j]) : 0;
      const double before = t > 1 ? fabs((double)x[t - 1][j] - x[t - 2][j]) : step;
      double m = 0, v = 0, s = 0;
      for (int u = 0; u <= t; u++) {
        const double gu = scale * g[u][j];
        m += 0.1 * pow(0.9, t - u) * gu / (1 - pow(0.9, t + 1));
        v += 0.05 * pow(0.95, t - u) * gu * gu / (1 - pow(0.95, t + 1));
        s += gu * gu;
      }
      const double gt = scale * g[t][j];
      expected[j] = gt / (scale * fabs(g[t > 0 ? t - 1 : 0][j]) + 1);
      expected[n + j] = before / (step + 0.1);
      expected[2 * n + j] = gt / sqrt(v);
      expected[3 * n + j] = m / sqrt(v);
      expected[4 * n + j] = gt / sqrt(s);
      expected[5 * n + j] = log(sqrt(v)) / 5;
    }
    compare("changes and moments", planes, expected, 6L * n, 1e-6);
  }
  for (int t = 0; t < STEPS; t++) release(g[t]), release(x[t]);
  for (int i = 0; i < 3; i++) release(memory[i]), release(averages[i]);
  release(planes), free(expected);
}

/* The logarithm over all magnitudes: a constant gradient is its own root mean square. */
static void test_logarithm(void) {
  enum { COUNT = 400 };
  float *g = floats(COUNT), *averages[3], *planes = floats(4L * COUNT);
  double expected[COUNT];
  for (int i = 0; i < 3; i++) averages[i] = zeros(COUNT);
  for (int j = 0; j < COUNT; j++) g[j] = (float)exp(j / 10.0 - 15), expected[j] = log((double)g[j]) / 5;
  moments_at(COUNT, 0, 1, g, averages, planes);
  compare("logarithm of the scale", planes + 3L * COUNT, expected, COUNT, 1e-6);
  const float odd[] = {NAN, INFINITY};
  moments_at(2, 0, 1, odd, averages, planes);
  check(isnan(planes[6]) && isinf(planes[7]), "the logarithm keeps what is no number");
  for (int i = 0; i < 3; i++) release(averages[i]);
  release(g), release(planes);
}

static void test_standardise(int n) {
  const int features = 3, total = n + 2, first = n / 3, count = n - first, at = 1;
  float *planes = random_floats((long)features * n, 30), *inputs = zeros((long)features * total);
  double *mean = random_doubles(features, 1), *expected = calloc((size_t)(features * total), sizeof(double));
  const double deviation[] = {0.5, 2, 1};
  for (int i = 0; i < features; i++)
    for (int j = 0; j < count; j++)
      expected[i * total + at + j] = fmax(-10, fmin(10, (planes[i * n + first + j] - mean[i]) / deviation[i]));
  KERNEL(standardise)(features, n, first, count, planes, mean, deviation, 10, total, at, inputs);
  compare("standardised inputs", inputs, expected, (long)features * total, 1e-6);
  planes[first] = NAN;
  KERNEL(standardise)(features, n, first, count, planes, mean, deviation, 10, total, at, inputs);
  check(isnan(inputs[at]), "a clamped NaN stays");
  release(planes), release(inputs), release_doubles(mean), free(expected);
}

static void test_ratios(int n) {
  const int rows = 3, oldest = 2, width = 2;
  double *values = random_doubles((long)rows * n, 1), *mean = doubles(n), *slot = doubles(n), *expected = malloc((size_t)n * sizeof(double));
  for (int j = 0; j < n; j++) expected[j] = 4 * (values[2 * n + j] + values[j]) / 2;
  KERNEL(ring_mean)(n, rows, oldest, width, 4, values, mean);
  compare_doubles("ring mean", mean, expected, n, 1e-14);
  for (int j = 0; j < n; j++) expected[j] = mean[j] / (fabs(values[j]) + 1);
  KERNEL(ratios)(n, 1, mean, values, slot);
  compare_doubles("ratios", slot, expected, n, 1e-14);
  for (int j = 0; j < n; j++) expected[j] = fabs(values[j] - values[n + j]) / (fabs(mean[j] - values[j]) + 0.1);
  KERNEL(change_ratios)(n, 0.1, values, values + n, mean, values, slot);
  compare_doubles("change ratios", slot, expected, n, 1e-14);
  release_doubles(values), release_doubles(mean), release_doubles(slot), free(expected);
}

static void test_interleave(int count) {
  enum { COLUMNS = 4, SHARED = 2, WIDTH = COLUMNS + SHARED };
  /* The second column lies behind the first, the third before it, the fourth is of zeros. */
  const int32_t starts[WIDTH] = {count, 2 * count, 0, -1, 2, 1}, columns[] = {COLUMNS, SHARED}, step[] = {1, 0};
  double *values = random_doubles(3L * count, 1), *numbers = random_doubles(3, 1);
  double *rows = doubles((long)WIDTH * count), *expected = malloc((size_t)(WIDTH * count) * sizeof(double));
  for (int j = 0; j < count; j++) {
    double *row = expected + WIDTH * j;
    for (int i = 0; i < COLUMNS; i++) row[i] = starts[i] < 0 ? 0 : values[starts[i] + j];
    for (int i = 0; i < SHARED; i++) row[COLUMNS + i] = numbers[starts[COLUMNS + i]];
  }
  KERNEL(interleave)(count, 2, columns, step, starts, values, numbers, 0, 0, WIDTH, rows);
  check(memcmp(rows, expected, (size_t)(WIDTH * count) * sizeof(double)) == 0, "rows of columns");
  release_doubles(values), release_doubles(numbers), release_doubles(rows), free(expected);
}

void test_accumulator_kernels(void) {
  for (int n = 1; n <= 40; n++) test_changes_and_moments(n), test_standardise(n), test_ratios(n), test_interleave(n);
  test_changes_and_moments(1000);
  test_logarithm();
}
