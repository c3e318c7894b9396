/* Double-precision linear algebra of guided policy search. */
#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int KERNEL(gps_gemm_scratch)(int);
void KERNEL(gps_gemm)(int, int, int, const double *, const double *, double *, int, int, double, double, double *);
int KERNEL(gps_syrk_scratch)(int);
void KERNEL(gps_syrk)(int, int, const double *, const double *, double *, double, double, double *);
void KERNEL(gps_column_means)(int, int, const double *, double *);
int KERNEL(gps_cholesky)(int, const double *, double *);
void KERNEL(gps_cholesky_solve)(int, const double *, int, double *);

static void test_gemm(int m, int n, int k, int transpose_a, int transpose_b, double beta) {
  double *a = random_doubles((long)m * k, 1), *b = random_doubles((long)k * n, 1), *c = random_doubles((long)m * n, 1);
  double *scratch = doubles(KERNEL(gps_gemm_scratch)(n)), *expected = doubles((long)m * n);
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < k; l++) sum += a[transpose_a ? l * m + i : i * k + l] * b[transpose_b ? j * k + l : l * n + j];
      expected[i * n + j] = 0.5 * sum + (beta == 0 ? 0 : beta * c[i * n + j]);
    }
  }
  if (beta == 0) c[0] = NAN; /* β = 0 ignores what C held */
  KERNEL(gps_gemm)(m, n, k, a, b, c, transpose_a, transpose_b, 0.5, beta, scratch);
  char what[100];
  snprintf(what, sizeof what, "double GEMM %d x %d x %d, transposed %d %d, beta %g", m, n, k, transpose_a, transpose_b, beta);
  compare_doubles(what, c, expected, (long)m * n, 1e-13);
  release_doubles(a), release_doubles(b), release_doubles(c), release_doubles(scratch), release_doubles(expected);
}

/* Moments of `rows` rows: their mean, and α Σ (x − offset)(x − offset)ᵀ + βC. */
static void test_moments(int rows, int n, int centred, double beta) {
  double *a = random_doubles((long)rows * n, 1), *c = random_doubles((long)n * n, 1), *means = doubles(n);
  double *scratch = doubles(KERNEL(gps_syrk_scratch)(n)), *expected = doubles((long)n * n), *expected_means = doubles(n);
  for (int i = 0; i < n; i++) {
    expected_means[i] = 0;
    for (int l = 0; l < rows; l++) expected_means[i] += a[l * n + i] / rows;
    for (int j = 0; j < i; j++) c[i * n + j] = c[j * n + i];
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < rows; l++) {
        sum += (a[l * n + i] - (centred ? expected_means[i] : 0)) * (a[l * n + j] - (centred ? expected_means[j] : 0));
      }
      expected[i * n + j] = 0.5 * sum + beta * c[i * n + j];
    }
  }
  KERNEL(gps_column_means)(rows, n, a, means);
  KERNEL(gps_syrk)(rows, n, a, centred ? means : NULL, c, 0.5, beta, scratch);
  char what[100];
  snprintf(what, sizeof what, "moments of %d rows of %d, centred %d, beta %g", rows, n, centred, beta);
  compare_doubles(what, means, expected_means, n, 1e-13);
  compare_doubles(what, c, expected, (long)n * n, 1e-13);
  release_doubles(a), release_doubles(c), release_doubles(means), release_doubles(scratch), release_doubles(expected), release_doubles(expected_means);
}

/* A = MMᵀ + I: LLᵀ = A, A(A⁻¹B) = B, and the index of a pivot that is not positive. */
static void test_cholesky(int n, int columns) {
  double *m = random_doubles((long)n * n, 1), *a = doubles((long)n * n), *l = doubles((long)n * n), *product = doubles((long)n * n);
  double *b = random_doubles((long)n * columns, 1), *x = doubles((long)n * columns), *again = doubles((long)n * columns);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      a[i * n + j] = i == j;
      for (int k = 0; k < n; k++) a[i * n + j] += m[i * n + k] * m[j * n + k];
    }
  }
  char what[100];
  snprintf(what, sizeof what, "Cholesky %d, %d columns", n, columns);
  check(KERNEL(gps_cholesky)(n, a, l) == 0, what);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      product[i * n + j] = 0;
      for (int k = 0; k < n; k++) product[i * n + j] += l[i * n + k] * l[j * n + k];
      if (j > i) check(l[i * n + j] == 0, what);
    }
  }
  compare_doubles(what, product, a, (long)n * n, 1e-13);
  memcpy(x, b, (size_t)(n * columns) * sizeof(double));
  KERNEL(gps_cholesky_solve)(n, l, columns, x);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < columns; j++) {
      again[i * columns + j] = 0;
      for (int k = 0; k < n; k++) again[i * columns + j] += a[i * n + k] * x[k * columns + j];
    }
  }
  compare_doubles(what, again, b, (long)n * columns, 1e-11);

  a[(n / 2) * n + n / 2] = -1;
  check(KERNEL(gps_cholesky)(n, a, a) == n / 2 + 1, "Cholesky in place, of a matrix that is not positive definite");
  release_doubles(m), release_doubles(a), release_doubles(l), release_doubles(product), release_doubles(b), release_doubles(x), release_doubles(again);
}

void test_gps_linear_algebra_kernels(void) {
  const int extents[] = {1, 3, 8, 16, 17, 29};
  for (int i = 0; i < 6; i++) {
    for (int j = 0; j < 6; j++) {
      test_gemm(extents[i], extents[j], 7, i % 2, j % 2, i % 3);
      test_gemm(extents[i], 5, extents[j], j % 2, i % 2, 1);
      test_moments(extents[i], extents[j], i % 2, j % 2);
    }
    test_cholesky(extents[i], 1 + i);
  }
  /* Beyond one block of the inner dimension, and one strip of the left factor. */
  test_gemm(150, 20, 300, 0, 0, 0.5);
  test_gemm(150, 20, 300, 1, 1, 0);
  test_moments(301, 35, 1, 0);
}
