/*
 * Matrices in panels: columns in groups of PANEL, each group [height, PANEL] contiguous. Entry (i, j) is at (j / PANEL) * height * PANEL + i * PANEL + j % PANEL. Columns beyond the last are zero,
 * so that no product has an edge.
 *
 * Every cubic product here has the form X^T Y of two matrices in panels.
 */
#ifndef METADESCENT_GPS_PANELS_H
#define METADESCENT_GPS_PANELS_H

#include "gps-simd.h"

/* c[r * PANEL + j] (+)= sum_k x[k * PANEL + r] y[k * PANEL + j] for r < TILE64_ROWS, j < PANEL. */
INLINE void tile(int depth, const double *x, const double *y, double *c, int accumulate) {
  vec64 sum[TILE64_ROWS][TILE64_VECTORS];
  UNROLL for (int r = 0; r < TILE64_ROWS; r++) {
    UNROLL for (int v = 0; v < TILE64_VECTORS; v++) sum[r][v] = accumulate ? vec64_load(c + r * PANEL + v * LANES64) : vec64_all(0);
  }
  for (int k = 0; k < depth; k++) {
    vec64 row[TILE64_VECTORS];
    UNROLL for (int v = 0; v < TILE64_VECTORS; v++) row[v] = vec64_load(y + k * PANEL + v * LANES64);
    UNROLL for (int r = 0; r < TILE64_ROWS; r++) {
      vec64 factor = vec64_load_all(x + k * PANEL + r);
      UNROLL for (int v = 0; v < TILE64_VECTORS; v++) sum[r][v] = vec64_fma(factor, row[v], sum[r][v]);
    }
  }
  UNROLL for (int r = 0; r < TILE64_ROWS; r++) {
    UNROLL for (int v = 0; v < TILE64_VECTORS; v++) vec64_store(c + r * PANEL + v * LANES64, sum[r][v]);
  }
}

/* Doubles that an n-column matrix of this height takes. */
INLINE int panels_size(int n, int height) { return round_up(n, PANEL) * height; }

/* Entry (i, j). */
INLINE double *panels_at(double *m, int height, int i, int j) {
  return m + (j / PANEL * height + i) * PANEL + j % PANEL;
}

/*
 * out (+)= X^T Y over `depth` rows; X has m columns, Y n. Heights: xh, yh, oh with oh >= m rounded up to TILE64_ROWS. With `upper`, tiles below the diagonal are skipped.
 */
__attribute__((unused)) static void panels_product(int m, int n, int depth, const double *x, int xh, const double *y, int yh, double *out, int oh, int accumulate, int upper) {
  for (int j = 0; j < n; j += PANEL) {
    const double *right = y + j * yh;
    double *target = out + j * oh;
    int last = upper && j + PANEL < m ? j + PANEL : m;
    for (int i = 0; i < last; i += TILE64_ROWS) tile(depth, x + i / PANEL * xh * PANEL + i % PANEL, right, target + i * PANEL, accumulate);
  }
}

/* y[j] = sum_k s[k, j] x[k] for a matrix of n columns and `depth` rows; y has n rounded up to PANEL entries. */
__attribute__((unused)) static void panels_apply(int n, int depth, const double *s, int height, const double *x, double *y) {
  for (int j = 0; j < n; j += PANEL) {
    const double *panel = s + j * height;
    vec64 sum[TILE64_VECTORS], odd[TILE64_VECTORS];
    UNROLL for (int v = 0; v < TILE64_VECTORS; v++) sum[v] = odd[v] = vec64_all(0);
    int k = 0;
    for (; k + 1 < depth; k += 2) {
      vec64 a = vec64_load_all(x + k), b = vec64_load_all(x + k + 1);
      UNROLL for (int v = 0; v < TILE64_VECTORS; v++) {
        sum[v] = vec64_fma(a, vec64_load(panel + k * PANEL + v * LANES64), sum[v]);
        odd[v] = vec64_fma(b, vec64_load(panel + (k + 1) * PANEL + v * LANES64), odd[v]);
      }
    }
    if (k < depth) {
      vec64 a = vec64_load_all(x + k);
      UNROLL for (int v = 0; v < TILE64_VECTORS; v++) sum[v] = vec64_fma(a, vec64_load(panel + k * PANEL + v * LANES64), sum[v]);
    }
    UNROLL for (int v = 0; v < TILE64_VECTORS; v++) vec64_store(y + j + v * LANES64, vec64_add(sum[v], odd[v]));
  }
}

INLINE double dot(int n, const double *a, const double *b) {
  vec64 sum = vec64_all(0), odd = vec64_all(0);
  int i = 0;
  for (; i + 2 * LANES64 <= n; i += 2 * LANES64) {
    sum = vec64_fma(vec64_load(a + i), vec64_load(b + i), sum);
    odd = vec64_fma(vec64_load(a + i + LANES64), vec64_load(b + i + LANES64), odd);
  }
  double rest = 0;
  for (; i < n; i++) rest += a[i] * b[i];
  return vec64_sum(vec64_add(sum, odd)) + rest;
}

/* y += a x */
INLINE void add_scaled(int n, double a, const double *x, double *y) {
  vec64 factor = vec64_all(a);
  int i = 0;
  for (; i + LANES64 <= n; i += LANES64) vec64_store(y + i, vec64_fma(factor, vec64_load(x + i), vec64_load(y + i)));
  for (; i < n; i++) y[i] += a * x[i];
}

INLINE void clear(double *x, int n) {
  for (int i = 0; i < n; i++) x[i] = 0;
}

/* Row-major rows [count, n] at stride `stride` into rows `first`... of a matrix in panels, `offset` [n] subtracted if given. */
__attribute__((unused)) static void panels_fill(int n, int count, const double *rows, int stride, const double *offset, double *m, int height, int first) {
  for (int j = 0; j < n; j += PANEL) {
    double *panel = m + (j * height) + first * PANEL;
    int width = n - j < PANEL ? n - j : PANEL;
    for (int k = 0; k < count; k++) {
      const double *from = rows + (ptrdiff_t)k * stride + j;
      double *to = panel + k * PANEL;
      if (width == PANEL && !offset) {
        UNROLL for (int v = 0; v < TILE64_VECTORS; v++) vec64_store(to + v * LANES64, vec64_load(from + v * LANES64));
      } else if (width == PANEL) {
        const vec64 minus = vec64_all(-1);
        UNROLL for (int v = 0; v < TILE64_VECTORS; v++) {
          vec64_store(to + v * LANES64, vec64_fma(minus, vec64_load(offset + j + v * LANES64), vec64_load(from + v * LANES64)));
        }
      } else {
        for (int l = 0; l < width; l++) to[l] = offset ? from[l] - offset[j + l] : from[l];
        for (int l = width; l < PANEL; l++) to[l] = 0;
      }
    }
  }
}

/* The transpose of row-major [n, count] (row stride `stride`) into `count` rows of n columns in panels. */
__attribute__((unused)) static void panels_fill_transposed(int n, int count, const double *columns, int stride, double *m, int height, int first) {
  for (int j = 0; j < n; j += PANEL) {
    double *panel = m + (j * height) + first * PANEL;
    int width = n - j < PANEL ? n - j : PANEL;
    for (int l = 0; l < width; l++) {
      const double *from = columns + (ptrdiff_t)(j + l) * stride;
      for (int k = 0; k < count; k++) panel[k * PANEL + l] = from[k];
    }
    for (int l = width; l < PANEL; l++) for (int k = 0; k < count; k++) panel[k * PANEL + l] = 0;
  }
}

/* The first 64-byte boundary at or after p. */
INLINE double *aligned_doubles(double *p) { return (double *)(((uintptr_t)p + 63) & ~(uintptr_t)63); }

#endif
