/* The features of Predicted Step Descent. */
#include "testing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void KERNEL(psd_observe)(int32_t, int32_t, double, double, const float *, const float *, float *, float *, float *, float *);
void KERNEL(psd_observe_scale)(int32_t, double, double, double, const float *, float *, float *, float *, float *);
void KERNEL(psd_standardise)(int32_t, int32_t, int32_t, int32_t, const float *, const double *, const double *, double, int32_t,
                             int32_t, float *);
void KERNEL(psd_recent_mean)(int32_t, int32_t, int32_t, int32_t, double, const double *, double *);
void KERNEL(psd_gradient_slot)(int32_t, const double *, const double *, double *);
void KERNEL(psd_ratio_slot)(int32_t, const double *, const double *, const double *, const double *, double *);
void KERNEL(psd_states)(int32_t, int32_t, const int32_t *, const double *, const double *, const double *, const double *, double *);

/* Four steps from the start, against the definition on the whole history. */
static void test_observe(int n) {
  enum { STEPS = 4 };
  const double scale = 16;
  float *g[STEPS], *x[STEPS], *memory[3], *averages[3], *planes = floats(7L * n);
  double *expected = malloc(7 * (size_t)n * sizeof(double));
  for (int i = 0; i < 3; i++) memory[i] = zeros(n), averages[i] = zeros(n);
  for (int t = 0; t < STEPS; t++) {
    g[t] = random_floats(n, 1), x[t] = random_floats(n, 1);
    KERNEL(psd_observe)(n, t, 0.25, scale, g[t], x[t], memory[0], memory[1], memory[2], planes);
    KERNEL(psd_observe_scale)
    (n, scale, 1 / (1 - pow(0.9, t + 1)), 1 / (1 - pow(0.95, t + 1)), g[t], averages[0], averages[1], averages[2], planes + 3L * n);
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
      expected[j] = 0.25;
      expected[n + j] = gt / (scale * fabs(g[t > 0 ? t - 1 : 0][j]) + 1);
      expected[2 * n + j] = before / (step + 0.1);
      expected[3 * n + j] = gt / sqrt(v);
      expected[4 * n + j] = m / sqrt(v);
      expected[5 * n + j] = gt / sqrt(s);
      expected[6 * n + j] = log(sqrt(v)) / 5;
    }
    compare("observation features", planes, expected, 7L * n, 1e-6);
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
  KERNEL(psd_observe_scale)(COUNT, 1, 10, 20, g, averages[0], averages[1], averages[2], planes);
  compare("logarithm of the scale", planes + 3L * COUNT, expected, COUNT, 1e-6);
  const float odd[] = {NAN, INFINITY};
  KERNEL(psd_observe_scale)(2, 1, 10, 20, odd, averages[0], averages[1], averages[2], planes);
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
  KERNEL(psd_standardise)(features, n, first, count, planes, mean, deviation, 10, total, at, inputs);
  compare("standardised inputs", inputs, expected, (long)features * total, 1e-6);
  planes[first] = NAN;
  KERNEL(psd_standardise)(features, n, first, count, planes, mean, deviation, 10, total, at, inputs);
  check(isnan(inputs[at]), "a clamped NaN stays");
  release(planes), release(inputs), release_doubles(mean), free(expected);
}

static void test_slots(int n) {
  const int rows = 3, oldest = 2, width = 2;
  double *values = random_doubles((long)rows * n, 1), *mean = doubles(n), *slot = doubles(n), *expected = malloc((size_t)n * sizeof(double));
  for (int j = 0; j < n; j++) expected[j] = 4 * (values[2 * n + j] + values[j]) / 2;
  KERNEL(psd_recent_mean)(n, rows, oldest, width, 4, values, mean);
  compare_doubles("recent mean", mean, expected, n, 1e-14);
  for (int j = 0; j < n; j++) expected[j] = mean[j] / (fabs(values[j]) + 1);
  KERNEL(psd_gradient_slot)(n, mean, values, slot);
  compare_doubles("gradient slot", slot, expected, n, 1e-14);
  for (int j = 0; j < n; j++) expected[j] = fabs(values[j] - values[n + j]) / (fabs(mean[j] - values[j]) + 0.1);
  KERNEL(psd_ratio_slot)(n, values, values + n, mean, values, slot);
  compare_doubles("ratio slot", slot, expected, n, 1e-14);
  release_doubles(values), release_doubles(mean), release_doubles(slot), free(expected);
}

static void test_states(int count) {
  enum { H = 3, WIDTH = 2 + 3 * H };
  /* Slot 1 lies behind slot 0, slot 2 before it, slot 3 before the start of time. */
  const int32_t rows[H + 1] = {count, 2 * count, 0, -1};
  double *gradient = random_doubles(3L * count, 1), *ratio = random_doubles(3L * count, 1), *iterates = random_doubles(count, 1);
  double *states = doubles((long)WIDTH * count), *expected = malloc((size_t)(WIDTH * count) * sizeof(double));
  const double objective[H] = {1, 2, 3};
  for (int j = 0; j < count; j++) {
    double *state = expected + WIDTH * j;
    state[0] = iterates[j];
    for (int i = 0; i < H; i++) state[1 + i] = objective[i], state[2 + 2 * H + i] = ratio[rows[i] + j];
    for (int i = 0; i <= H; i++) state[1 + H + i] = i < H ? gradient[rows[i] + j] : 0;
  }
  KERNEL(psd_states)(H, count, rows, objective, gradient, ratio, iterates, states);
  check(memcmp(states, expected, (size_t)(WIDTH * count) * sizeof(double)) == 0, "states");
  release_doubles(gradient), release_doubles(ratio), release_doubles(iterates), release_doubles(states), free(expected);
}

void test_psd_feature_kernels(void) {
  for (int n = 1; n <= 40; n++) test_observe(n), test_standardise(n), test_slots(n), test_states(n);
  test_observe(1000);
  test_logarithm();
}
