/*
 * Dense linear algebra in double precision for guided policy search. Arrays are row-major.
 */
#include "gps-cholesky.h"
#include "gps-panels.h"

/* Depth of a block of the streamed products: two panels of this depth fit the first-level cache. */
#define DEPTH 128
/* Columns of the left factor that are packed at a time. */
#define STRIP (TILE64_ROWS * 12 / PANEL * PANEL + PANEL)

/* Doubles of scratch that gps_gemm needs. */
int KERNEL(gps_gemm_scratch)(int n) {
  return panels_size(n, DEPTH) + panels_size(STRIP, DEPTH) + TILE64_ROWS * PANEL + 8;
}

/* C <- alpha op(A) op(B) + beta C; op(A) [m, k], op(B) [k, n]. */
void KERNEL(gps_gemm)(int m, int n, int k, const double *a, const double *b, double *c, int transpose_a, int transpose_b, double alpha, double beta, double *scratch) {
  for (ptrdiff_t i = 0; i < (ptrdiff_t)m * n; i++) c[i] = beta == 0 ? 0 : beta * c[i];
  double *right = aligned_doubles(scratch);
  double *left = right + panels_size(n, DEPTH);
  double *result = left + panels_size(STRIP, DEPTH);
  for (int p = 0; p < k; p += DEPTH) {
    int depth = k - p < DEPTH ? k - p : DEPTH;
    if (transpose_b) panels_fill_transposed(n, depth, b + p, k, right, DEPTH, 0);
    else panels_fill(n, depth, b + (ptrdiff_t)p * n, n, 0, right, DEPTH, 0);
    for (int s = 0; s < m; s += STRIP) {
      int strip = m - s < STRIP ? m - s : STRIP;
      if (transpose_a) panels_fill(strip, depth, a + (ptrdiff_t)p * m + s, m, 0, left, DEPTH, 0);
      else panels_fill_transposed(strip, depth, a + (ptrdiff_t)s * k + p, k, left, DEPTH, 0);
      for (int j = 0; j < n; j += PANEL) {
        int width = n - j < PANEL ? n - j : PANEL;
        for (int i = 0; i < strip; i += TILE64_ROWS) {
          int height = strip - i < TILE64_ROWS ? strip - i : TILE64_ROWS;
          tile(depth, left + i / PANEL * DEPTH * PANEL + i % PANEL, right + j * DEPTH, result, 0);
          for (int r = 0; r < height; r++) {
            double *to = c + (ptrdiff_t)(s + i + r) * n + j;
            for (int l = 0; l < width; l++) to[l] += alpha * result[r * PANEL + l];
          }
        }
      }
    }
  }
}

/* Doubles of scratch that gps_syrk needs. */
int KERNEL(gps_syrk_scratch)(int n) { return panels_size(n, DEPTH) + panels_size(n, round_up(n, PANEL)) + 8; }

/* C <- alpha (A - offset)^T (A - offset) + beta C for A [rows, n]; offset [n] may be null. */
void KERNEL(gps_syrk)(int rows, int n, const double *a, const double *offset, double *c, double alpha, double beta, double *scratch) {
  int height = round_up(n, PANEL);
  double *block = aligned_doubles(scratch);
  double *sum = block + panels_size(n, DEPTH);
  clear(sum, panels_size(n, height));
  for (int p = 0; p < rows; p += DEPTH) {
    int depth = rows - p < DEPTH ? rows - p : DEPTH;
    panels_fill(n, depth, a + (ptrdiff_t)p * n, n, offset, block, DEPTH, 0);
    panels_product(n, n, depth, block, DEPTH, block, DEPTH, sum, height, 1, 1);
  }
  for (int i = 0; i < n; i++) {
    for (int j = i; j < n; j++) {
      double value = alpha * *panels_at(sum, height, i, j) + (beta == 0 ? 0 : beta * c[j * n + i]);
      c[i * n + j] = c[j * n + i] = value;
    }
  }
}

/* means[j] = sum_i a[i, j] / rows. Four rows at a time: fewer roundings, and one trip to memory. */
void KERNEL(gps_column_means)(int rows, int n, const double *a, double *means) {
  clear(means, n);
  int i = 0;
  for (; i + 4 <= rows; i += 4) {
    const double *r = a + (ptrdiff_t)i * n;
    int j = 0;
    for (; j + LANES64 <= n; j += LANES64) {
      vec64 pair = vec64_add(vec64_load(r + j), vec64_load(r + n + j));
      vec64 other = vec64_add(vec64_load(r + 2 * n + j), vec64_load(r + 3 * n + j));
      vec64_store(means + j, vec64_add(vec64_load(means + j), vec64_add(pair, other)));
    }
    for (; j < n; j++) means[j] += (r[j] + r[n + j]) + (r[2 * n + j] + r[3 * n + j]);
  }
  for (; i < rows; i++) add_scaled(n, 1, a + (ptrdiff_t)i * n, means);
  for (int j = 0; j < n; j++) means[j] /= rows;
}

/* See cholesky64. */
int KERNEL(gps_cholesky)(int n, const double *a, double *l) { return cholesky64(n, a, l); }

/* See cholesky64_solve. */
void KERNEL(gps_cholesky_solve)(int n, const double *l, int columns, double *b) { cholesky64_solve(n, l, columns, b); }
