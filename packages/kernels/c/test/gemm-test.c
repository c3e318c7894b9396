/* The single-precision product. */
#include "testing.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t KERNEL(gemm_size)(int32_t, int32_t);
void KERNEL(gemm)(int32_t, int32_t, int32_t, const float *, int32_t, const float *, int32_t, float *, float, float, float *);

static void test_gemm(int m, int n, int k, int transpose_a, int transpose_b, float beta) {
  float *a = random_floats((long)m * k, 1), *b = random_floats((long)k * n, 1), *c = random_floats((long)m * n, 1);
  float *workspace = floats(KERNEL(gemm_size)(n, k));
  double *expected = malloc((size_t)m * n * sizeof(double));
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < k; l++) sum += (double)a[transpose_a ? (long)l * m + i : (long)i * k + l] * b[transpose_b ? (long)j * k + l : (long)l * n + j];
      expected[(long)i * n + j] = 0.5 * sum + beta * c[(long)i * n + j];
    }
  }
  KERNEL(gemm)(m, n, k, a, transpose_a, b, transpose_b, c, 0.5f, beta, workspace);
  char what[100];
  snprintf(what, sizeof what, "GEMM %d x %d x %d, transposed %d %d, beta %g", m, n, k, transpose_a, transpose_b, beta);
  compare(what, c, expected, (long)m * n, 2e-5);
  release(a), release(b), release(c), release(workspace), free(expected);
}

void test_gemm_kernels(void) {
  const int extents[] = {1, 3, 4, 15, 16, 17, 41};
  for (int i = 0; i < 7; i++) {
    for (int j = 0; j < 7; j++) {
      test_gemm(extents[i], extents[j], 9, i % 2, j % 2, (float)(i % 3) / 2);
      test_gemm(extents[i], 5, extents[j], j % 2, i % 2, 0);
    }
  }
  test_gemm(45, 530, 300, 0, 0, 1);
  test_gemm(21, 40, 600, 1, 1, 0);
}
