/* Runs all tests of the C kernels for one target; the exit code is the number of failures. */
#include "testing.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0, checks = 0;

void check(int holds, const char *what) {
  checks++;
  if (holds) return;
  failures++;
  printf("FAILED %s\n", what);
}

static void check_error(const char *what, double worst, double largest, double tolerance) {
  char text[300];
  snprintf(text, sizeof text, "%s: error %g, largest %g", what, worst, largest);
  check(worst <= tolerance * (1 + largest), text);
}

#define DEFINE_COMPARE(name, type)                                                                               \
  void name(const char *what, const type *actual, const double *expected, long count, double tolerance) {       \
    double largest = 0, worst = 0;                                                                               \
    for (long i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));                                 \
    for (long i = 0; i < count; i++) {                                                                           \
      const double error = fabs(actual[i] - expected[i]);                                                        \
      if (!(error <= worst)) worst = error; /* a NaN stays */                                                    \
      if (isnan(worst)) break;                                                                                   \
    }                                                                                                            \
    check_error(what, worst, largest, tolerance);                                                                \
  }
DEFINE_COMPARE(compare, float)
DEFINE_COMPARE(compare_doubles, double)

double uniform(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (double)(state >> 11) * 0x1p-53 * 2 - 1;
}

float *floats(long count) { return (float *)malloc((size_t)(count + 1) * sizeof(float)) + 1; }
void release(float *p) { free(p - 1); }

float *random_floats(long count, double scale) {
  float *p = floats(count);
  for (long i = 0; i < count; i++) p[i] = (float)(scale * uniform());
  return p;
}

float *zeros(long count) {
  float *p = floats(count);
  memset(p, 0, (size_t)count * sizeof(float));
  return p;
}

double *doubles(long count) { return (double *)malloc((size_t)(count + 1) * sizeof(double)) + 1; }
void release_doubles(double *p) { free(p - 1); }

double *random_doubles(long count, double scale) {
  double *p = doubles(count);
  for (long i = 0; i < count; i++) p[i] = scale * uniform();
  return p;
}

double sigmoid(double x) { return 1 / (1 + exp(-x)); }

#define TEXT(x) #x
#define TARGET_TEXT(x) TEXT(x)

int main(void) {
  test_lstm_kernels();
  test_network_kernels();
  test_gemm_kernels();
  test_elementwise_kernels();
  test_accumulator_kernels();
  test_gps_linear_algebra_kernels();
  test_gps_lqg_kernels();
  printf("%s: %d checks, %d failures\n", TARGET_TEXT(TARGET), checks, failures);
  return failures > 100 ? 100 : failures;
}
