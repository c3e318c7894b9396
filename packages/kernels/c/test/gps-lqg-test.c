/*
 * The passes of the linear-quadratic-Gaussian regulator in their joint form over z = (s, a): one quadratic with the matrix M = [C Nᵀ; N R], the gain of its minimum over a, and the Schur
 * complement that is left for s. The kernels go by the Joseph form instead (LqgKernel in gps-engine.ts).
 */
#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int KERNEL(gps_lqg_scratch)(const int *);
int KERNEL(gps_lqg_backward)(const int *, const int *, const double *, const double *, const double *, const double *, const double *, const double *, const double *, const double *,
                             const double *, const double *, const double *, const double *, const double *, const double *, const double *, const double *, double, double *, double *, double *,
                             double *, double *, double *);
void KERNEL(gps_lqg_forward)(const int *, const int *, const double *, const double *, const double *, const double *, const double *, const double *, const double *, const double *,
                             const double *, const double *, const double *, const double *, const double *, const double *, const double *, const double *, const double *, const double *,
                             const double *, const double *, const double *, const double *, double *, double *, double *, double *, double *, double *);

/* The largest D + U and U here. */
enum { Z = 32, ACTIONS = 3 };

typedef struct {
  int D, U, T, rank, has_action, has_policy, row_count, rows[Z];
  double *A, *B, *c, *F, *mean, *covariance, *cost, *weight, *d, *h, *R, *N, *r, *K[2], *k[2], *precision[2], *entropy_weight;
} problem;

/* `count` matrices scale · (MMᵀ/n + 0.1 I). */
static double *positive_definite(int count, int n, double scale) {
  double *p = doubles((long)count * n * n), m[Z * Z];
  for (int t = 0; t < count; t++) {
    for (int i = 0; i < n * n; i++) m[i] = uniform();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = i == j ? 0.1 : 0;
        for (int k = 0; k < n; k++) sum += m[i * n + k] * m[j * n + k] / n;
        p[((long)t * n + i) * n + j] = scale * sum;
      }
    }
  }
  return p;
}

/* Well-posed: N is small beside R. Rows of B that no action reaches hold NaN: they must not be read. */
static problem random_problem(int D, int U, int T, int rank, int has_action, int has_policy, int row_count) {
  problem p = {.D = D, .U = U, .T = T, .rank = rank, .has_action = has_action, .has_policy = has_policy, .row_count = row_count};
  for (int q = 0; q < row_count; q++) p.rows[q] = q * D / row_count;
  p.A = random_doubles((long)T * D * D, 1.2 / sqrt(D));
  p.B = doubles((long)T * D * U);
  for (long i = 0; i < (long)T * D * U; i++) p.B[i] = NAN;
  for (int t = 0; t < T; t++) {
    for (int q = 0; q < row_count * U; q++) p.B[((long)t * D + p.rows[q / U]) * U + q % U] = uniform();
  }
  p.c = random_doubles((long)T * D, 0.5), p.F = positive_definite(T, D, 0.05);
  p.mean = random_doubles(D, 1), p.covariance = positive_definite(1, D, 0.5);
  p.cost = rank < 0 ? positive_definite(T + 1, D, 1) : random_doubles((long)(T + 1) * rank * D, 1);
  p.weight = doubles(rank < 0 ? 0 : (long)(T + 1) * rank);
  for (int i = 0; i < (T + 1) * rank; i++) p.weight[i] = 1.2 + uniform();
  p.d = random_doubles((long)(T + 1) * D, 1), p.h = random_doubles(T + 1, 1);
  p.R = positive_definite(T, U, 3), p.N = random_doubles((long)T * U * D, 0.02), p.r = random_doubles((long)T * U, 0.5);
  for (int i = 0; i < 2; i++) {
    p.K[i] = random_doubles((long)T * U * D, 0.5), p.k[i] = random_doubles((long)T * U, 0.5);
    p.precision[i] = positive_definite(T, U, 1.5 - i);
  }
  p.entropy_weight = doubles(T);
  for (int t = 0; t < T; t++) p.entropy_weight[t] = 1.1 + uniform();
  return p;
}

static void release_problem(problem *p) {
  double *all[] = {p->A, p->B, p->c, p->F, p->mean, p->covariance, p->cost, p->weight, p->d, p->h, p->R, p->N, p->r, p->K[0], p->k[0], p->precision[0], p->K[1], p->k[1], p->precision[1], p->entropy_weight};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) release_doubles(all[i]);
}

/* ½ zᵀMz + mᵀz of the cost at step t, over (s, a), or at t = T over s alone with zeros for a. */
static void cost_quadratic(const problem *p, int t, double M[Z][Z], double m[Z]) {
  const int D = p->D, U = p->U;
  memset(M, 0, sizeof(double[Z][Z]));
  memset(m, 0, sizeof(double[Z]));
  for (int i = 0; i < D; i++) {
    m[i] = p->d[t * D + i];
    for (int j = 0; j < D; j++) {
      if (p->rank < 0) M[i][j] = p->cost[((long)t * D + i) * D + j];
      for (int q = 0; q < p->rank; q++) {
        const double *factor = p->cost + ((long)t * p->rank + q) * D;
        M[i][j] += p->weight[t * p->rank + q] * factor[i] * factor[j];
      }
    }
  }
  for (int u = 0; t < p->T && p->has_action && u < U; u++) {
    m[D + u] = p->r[t * U + u];
    for (int v = 0; v < U; v++) M[D + u][D + v] = p->R[(t * U + u) * U + v];
    for (int j = 0; j < D; j++) M[D + u][j] = M[j][D + u] = p->N[((long)t * U + u) * D + j];
  }
}

/* Row u of the linear map a − K s of a penalty: its entry at z[i]. */
static double gap_entry(const problem *p, int which, int t, int u, int i) {
  return i < p->D ? -p->K[which][((long)t * p->U + u) * p->D + i] : i - p->D == u;
}

/* Entry (i, j) of [A B] at step t. */
static double dynamics_entry(const problem *p, int t, int i, int j) {
  if (j < p->D) return p->A[((long)t * p->D + i) * p->D + j];
  for (int q = 0; q < p->row_count; q++) {
    if (p->rows[q] == i) return p->B[((long)t * p->D + i) * p->U + j - p->D];
  }
  return 0;
}

/* The inverse of the U × U block of M at (D, D), by Gauss-Jordan elimination. */
static void invert_actions(int D, int U, double M[Z][Z], double inverse[ACTIONS][ACTIONS]) {
  double a[ACTIONS][2 * ACTIONS];
  for (int u = 0; u < U; u++) {
    for (int v = 0; v < U; v++) a[u][v] = M[D + u][D + v], a[u][U + v] = u == v;
  }
  for (int u = 0; u < U; u++) {
    const double pivot = a[u][u];
    for (int v = 0; v < 2 * U; v++) a[u][v] /= pivot;
    for (int w = 0; w < U; w++) {
      const double factor = a[w][u];
      for (int v = 0; w != u && v < 2 * U; v++) a[w][v] -= factor * a[u][v];
    }
  }
  for (int u = 0; u < U; u++) {
    for (int v = 0; v < U; v++) inverse[u][v] = a[u][U + v];
  }
}

static void expected_backward(const problem *p, double eta, double *K, double *k, double *G, double *V, double *v) {
  const int D = p->D, U = p->U;
  double M[Z][Z], m[Z], inverse[ACTIONS][ACTIONS];
  cost_quadratic(p, p->T, M, m);
  for (int t = p->T;; t--) {
    for (int i = 0; i < D; i++) {
      v[t * D + i] = m[i];
      for (int j = 0; j < D; j++) V[((long)t * D + i) * D + j] = M[i][j];
    }
    if (t == 0) return;
    const int s = t - 1;
    const double *W = V + (long)t * D * D, *w = v + t * D;
    cost_quadratic(p, s, M, m);
    for (int i = 0; i < D + U; i++) {
      for (int a = 0; a < D; a++) {
        double pulled = w[a];
        for (int b = 0; b < D; b++) pulled += W[a * D + b] * p->c[s * D + b];
        m[i] += dynamics_entry(p, s, a, i) * pulled;
        for (int j = 0; j < D + U; j++) {
          double sum = 0;
          for (int b = 0; b < D; b++) sum += W[a * D + b] * dynamics_entry(p, s, b, j);
          M[i][j] += dynamics_entry(p, s, a, i) * sum;
        }
      }
      for (int which = 0; which < 1 + p->has_policy; which++) {
        for (int u = 0; u < U; u++) {
          for (int x = 0; x < U; x++) {
            const double precision = (which == 0 ? eta : 1) * p->precision[which][(s * U + u) * U + x];
            m[i] -= gap_entry(p, which, s, u, i) * precision * p->k[which][s * U + x];
            for (int j = 0; j < D + U; j++) M[i][j] += gap_entry(p, which, s, u, i) * precision * gap_entry(p, which, s, x, j);
          }
        }
      }
    }
    invert_actions(D, U, M, inverse);
    double *Ks = K + (long)s * U * D, *ks = k + s * U;
    for (int u = 0; u < U; u++) {
      ks[u] = 0;
      for (int x = 0; x < U; x++) {
        ks[u] -= inverse[u][x] * m[D + x];
        G[(s * U + u) * U + x] = (p->entropy_weight[s] + eta) * inverse[u][x];
      }
      for (int j = 0; j < D; j++) {
        Ks[u * D + j] = 0;
        for (int x = 0; x < U; x++) Ks[u * D + j] -= inverse[u][x] * M[D + x][j];
      }
    }
    for (int i = 0; i < D; i++) {
      for (int u = 0; u < U; u++) {
        m[i] += M[i][D + u] * ks[u];
        for (int j = 0; j < D; j++) M[i][j] += M[i][D + u] * Ks[u * D + j];
      }
    }
  }
}

static void expected_forward(const problem *p, const double *K, const double *k, const double *G, double *cost, double *penalty[2], double *means, double *covariance) {
  const int D = p->D, U = p->U;
  double S[Z][Z], z[Z], M[Z][Z], m[Z];
  for (int i = 0; i < D; i++) {
    z[i] = p->mean[i];
    for (int j = 0; j < D; j++) S[i][j] = p->covariance[i * D + j];
  }
  for (int t = 0;; t++) {
    const int n = t < p->T ? D + U : D;
    memcpy(means + t * D, z, (size_t)D * sizeof(double));
    for (int u = 0; u < n - D; u++) {
      const double *row = K + ((long)t * U + u) * D;
      z[D + u] = k[t * U + u];
      for (int j = 0; j < D; j++) {
        z[D + u] += row[j] * z[j];
        S[D + u][j] = 0;
        for (int i = 0; i < D; i++) S[D + u][j] += row[i] * S[i][j];
        S[j][D + u] = S[D + u][j];
      }
    }
    for (int u = 0; u < n - D; u++) {
      for (int x = 0; x < U; x++) {
        S[D + u][D + x] = G[(t * U + u) * U + x];
        for (int j = 0; j < D; j++) S[D + u][D + x] += S[D + u][j] * K[((long)t * U + x) * D + j];
      }
    }
    cost_quadratic(p, t, M, m);
    cost[t] = p->h[t];
    for (int i = 0; i < n; i++) {
      cost[t] += m[i] * z[i];
      for (int j = 0; j < n; j++) cost[t] += 0.5 * M[i][j] * (S[i][j] + z[i] * z[j]);
    }
    if (t == p->T) break;
    for (int which = 0; which < 2; which++) {
      penalty[which][t] = 0;
      for (int u = 0; u < U && which <= p->has_policy; u++) {
        for (int x = 0; x < U; x++) {
          double gap_u = -p->k[which][t * U + u], gap_x = -p->k[which][t * U + x], spread = 0;
          for (int i = 0; i < n; i++) {
            gap_u += gap_entry(p, which, t, u, i) * z[i];
            gap_x += gap_entry(p, which, t, x, i) * z[i];
            for (int j = 0; j < n; j++) spread += gap_entry(p, which, t, u, i) * S[i][j] * gap_entry(p, which, t, x, j);
          }
          penalty[which][t] += p->precision[which][(t * U + u) * U + x] * (gap_u * gap_x + spread);
        }
      }
    }
    double next[Z][Z], moved[Z];
    for (int a = 0; a < D; a++) {
      moved[a] = p->c[t * D + a];
      for (int i = 0; i < n; i++) moved[a] += dynamics_entry(p, t, a, i) * z[i];
      for (int b = 0; b < D; b++) {
        next[a][b] = p->F[((long)t * D + a) * D + b];
        for (int i = 0; i < n; i++) {
          double sum = 0;
          for (int j = 0; j < n; j++) sum += S[i][j] * dynamics_entry(p, t, b, j);
          next[a][b] += dynamics_entry(p, t, a, i) * sum;
        }
      }
    }
    memcpy(S, next, sizeof next);
    memcpy(z, moved, (size_t)D * sizeof(double));
  }
  for (int i = 0; i < D; i++) memcpy(covariance + i * D, S[i], (size_t)D * sizeof(double));
}

static void test_lqg(int D, int U, int T, int rank, int has_action, int has_policy, int row_count) {
  const problem p = random_problem(D, U, T, rank, has_action, has_policy, row_count);
  const double eta = 0.7;
  int *dims = malloc(7 * sizeof(int)), *rows = malloc((size_t)row_count * sizeof(int));
  memcpy(dims, (int[]){D, U, T, rank, row_count, has_action, has_policy}, 7 * sizeof(int));
  memcpy(rows, p.rows, (size_t)row_count * sizeof(int));
  double *scratch = doubles(KERNEL(gps_lqg_scratch)(dims));
  const double *R = has_action ? p.R : NULL, *N = has_action ? p.N : NULL, *r = has_action ? p.r : NULL;
  const double *policy_K = has_policy ? p.K[1] : NULL, *policy_k = has_policy ? p.k[1] : NULL, *policy_precision = has_policy ? p.precision[1] : NULL;
  const double *weight = rank < 0 ? NULL : p.weight;

  /* K, k, G, V, v; then cost, previous, policy, means and covariance. */
  const long sizes[] = {(long)T * U * D, (long)T * U, (long)T * U * U, (long)(T + 1) * D * D, (long)(T + 1) * D, T + 1, T, T, (long)(T + 1) * D, (long)D * D};
  double *actual[10], *expected[10];
  for (int i = 0; i < 10; i++) actual[i] = doubles(sizes[i]), expected[i] = doubles(sizes[i]);
  char what[100];
  snprintf(what, sizeof what, "LQG D %d, U %d, T %d, rank %d, action cost %d, policy %d, %d rows", D, U, T, rank, has_action, has_policy, row_count);
#define BACKWARD(values, linear_values)                                                                                                                                                    \
  KERNEL(gps_lqg_backward)(dims, rows, p.A, p.B, p.c, p.cost, weight, p.d, R, N, r, p.K[0], p.k[0], p.precision[0], policy_K, policy_k, policy_precision, p.entropy_weight, eta, actual[0], \
                           actual[1], actual[2], values, linear_values, scratch)
  check(BACKWARD(actual[3], actual[4]) == -1, what);
  expected_backward(&p, eta, expected[0], expected[1], expected[2], expected[3], expected[4]);
  KERNEL(gps_lqg_forward)(dims, rows, p.A, p.B, p.c, p.F, p.mean, p.covariance, p.cost, weight, p.d, p.h, R, N, r, p.K[0], p.k[0], p.precision[0], policy_K, policy_k, policy_precision,
                          expected[0], expected[1], expected[2], actual[5], actual[6], actual[7], actual[8], actual[9], scratch);
  expected_forward(&p, expected[0], expected[1], expected[2], expected[5], expected + 6, expected[8], expected[9]);
  for (int i = 0; i < 10; i++) compare_doubles(what, actual[i], expected[i], sizes[i], 1e-10);

  /* Without value functions; and where the cost of an action has no minimum. */
  check(BACKWARD(NULL, NULL) == -1, what);
  compare_doubles(what, actual[0], expected[0], sizes[0], 1e-10);
  p.precision[0][(T - 1) * U * U] = -1e6;
  check(BACKWARD(NULL, NULL) == T - 1, "LQG names the step that has no minimum");
  for (int i = 0; i < 10; i++) release_doubles(actual[i]), release_doubles(expected[i]);
  release_doubles(scratch), free(dims), free(rows), release_problem((problem *)&p);
}

void test_gps_lqg_kernels(void) {
  const int states[] = {1, 2, 3, 7, 8, 9, 16, 17, 29};
  for (int i = 0; i < 9; i++) {
    const int D = states[i];
    test_lqg(D, 1, 3, 1, 0, 0, D < 3 ? D : 3);
    test_lqg(D, 1 + i % ACTIONS, 1 + i % 4, i % 4 - 1, i % 2, 1, D);
    test_lqg(D, ACTIONS, 2, -1, 1, i % 2, 1);
  }
}
