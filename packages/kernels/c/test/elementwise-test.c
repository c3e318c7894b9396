/* The preprocessing of gradients, and the probe of the machine's peak. */
#include "testing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

void KERNEL(preprocess_gradient)(const float *, int32_t, float, float, float, float *);
int32_t KERNEL(peak_probe_flops)(void);
float KERNEL(peak_probe)(int32_t);

static void test_preprocess(int n) {
  float *g = floats(n), *features = floats(2L * n);
  double *expected = malloc((size_t)(2 * n) * sizeof(double));
  for (int i = 0; i < n; i++) {
    g[i] = (float)(uniform() * exp(20 * uniform() - 10));
    const int small = fabsf(g[i]) < (float)exp(-10);
    expected[i] = small ? -1 : log(fabs(g[i])) / 10;
    expected[n + i] = small ? exp(10) * g[i] : g[i] < 0 ? -1 : 1;
  }
  KERNEL(preprocess_gradient)(g, n, (float)exp(-10), (float)exp(10), 0.1f, features);
  compare("gradient preprocessing", features, expected, 2L * n, 1e-6);
  release(g), release(features), free(expected);
}

void test_elementwise_kernels(void) {
  for (int n = 1; n <= 40; n++) test_preprocess(n);
  test_preprocess(1000);

  /* What is no ordinary number. */
  const float g[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-45f};
  float features[12];
  KERNEL(preprocess_gradient)(g, 6, (float)exp(-10), (float)exp(10), 0.1f, features);
  check(isnan(features[0]) && isnan(features[6]), "preprocessing keeps a NaN");
  check(isinf(features[1]) && features[7] == 1 && isinf(features[2]) && features[8] == -1, "preprocessing keeps infinities");
  check(features[3] == -1 && features[9] == 0 && features[10] == 0 && features[5] == -1, "preprocessing of zeros");

  check(KERNEL(peak_probe_flops)() > 0 && isfinite(KERNEL(peak_probe)(10)), "peak probe");
}
