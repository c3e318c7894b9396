/* Cholesky factorisation and solves, row by row: what the size of a state (up to a few hundred) needs. */
#ifndef METADESCENT_GPS_CHOLESKY_H
#define METADESCENT_GPS_CHOLESKY_H

#include "gps-panels.h"

/* L L^T = A from A's lower triangle; zeros above. Returns 0, or 1 + the index of the first bad pivot. */
__attribute__((unused)) static int cholesky64(int n, const double *a, double *l) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) l[i * n + j] = (a[i * n + j] - dot(j, l + i * n, l + j * n)) / l[j * n + j];
    double pivot = a[i * n + i] - dot(i, l + i * n, l + i * n);
    if (!(pivot > 0 && pivot < 1.0 / 0.0)) return i + 1;
    l[i * n + i] = __builtin_sqrt(pivot);
  }
  for (int i = 0; i < n; i++) clear(l + i * n + i + 1, n - i - 1);
  return 0;
}

/* Solves L L^T X = B in place of B [n, columns]. */
static void cholesky64_solve(int n, const double *l, int columns, double *b) {
  for (int i = 0; i < n; i++) {
    double *row = b + (ptrdiff_t)i * columns;
    for (int p = 0; p < i; p++) add_scaled(columns, -l[i * n + p], b + (ptrdiff_t)p * columns, row);
    double pivot = l[i * n + i];
    for (int j = 0; j < columns; j++) row[j] /= pivot;
  }
  for (int i = n - 1; i >= 0; i--) {
    double *row = b + (ptrdiff_t)i * columns;
    double pivot = l[i * n + i];
    for (int j = 0; j < columns; j++) row[j] /= pivot;
    for (int p = 0; p < i; p++) add_scaled(columns, -l[i * n + p], row, b + (ptrdiff_t)p * columns);
  }
}

#endif
