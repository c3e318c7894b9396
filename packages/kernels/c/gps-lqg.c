/*
 * The backward and forward passes of the linear-quadratic-Gaussian regulator; equations at `LqgKernel` in src/gps/gps-engine.ts.
 *
 * V and Sigma live in panels (gps-panels.h). Per step the only cubic work is one congruence S -> M^T S M + sum_q x_q y_q^T, in two products: P = S M in full and M^T P as one triangle. The
 * low-rank terms (cost factors, penalties, B G B^T) ride along as extra rows of M and P. Of A + BK only the rows that an action can reach differ from A.
 */
#include "gps-cholesky.h"
#include "gps-panels.h"

/* dims = {D, U, T, rank of the cost or -1 for dense, number of action rows, has an action cost, has a policy}; actionRows ascending [number of action rows]. */
typedef struct {
  int D, U, T, rank, row_count, has_action, has_policy;
  const int *rows;
  /* Columns rounded up; height of S; height of M and P, which hold the low-rank terms, too. */
  int width, height, tall;
} Shape;

/* A quadratic penalty on the action around K s + k. */
typedef struct {
  const double *K, *k, *precision;
  double weight;
} Penalty;

/* Working memory, carved from the caller's scratch. */
typedef struct {
  double *S, *M, *P;
  /* Vectors of `width` entries. */
  double *mean, *x, *y, *z;
  /* U vectors of `width` entries each. */
  double *left, *right;
  double *Qaa, *factor, *qa, *shift;
} Work;

static Shape shape_of(const int *dims, const int *rows) {
  Shape s = {dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6], rows, 0, 0, 0};
  s.width = round_up(s.D, PANEL);
  s.height = round_up(s.D, PANEL);
  s.tall = s.height + (s.rank > 0 ? s.rank : 0) + 5 * s.U;
  return s;
}

/* Doubles of scratch that both passes need. */
int KERNEL(gps_lqg_scratch)(const int *dims) {
  Shape s = shape_of(dims, 0);
  return s.width * (s.height + 2 * s.tall) + (4 + 2 * s.U) * s.width + 2 * s.U * s.U + 2 * s.U + 8;
}

static Work work_of(const Shape *s, double *scratch) {
  Work w;
  double *p = aligned_doubles(scratch), *start = p;
  w.S = p; p += s->width * s->height;
  w.M = p; p += s->width * s->tall;
  w.P = p; p += s->width * s->tall;
  w.mean = p; p += s->width;
  w.x = p; p += s->width;
  w.y = p; p += s->width;
  w.z = p; p += s->width;
  w.left = p; p += s->U * s->width;
  w.right = p; p += s->U * s->width;
  w.Qaa = p; p += s->U * s->U;
  w.factor = p; p += s->U * s->U;
  w.qa = p; p += s->U;
  w.shift = p; p += s->U;
  clear(start, (int)(p - start));
  return w;
}

/* Adds x y^T to the congruence that is being set up: row `terms` of M and P. Returns the new number of terms. */
static int add_term(const Shape *s, Work *w, int terms, const double *x, const double *y) {
  panels_fill(s->D, 1, x, 0, 0, w->M, s->tall, s->D + terms);
  panels_fill(s->D, 1, y, 0, 0, w->P, s->tall, s->D + terms);
  return terms + 1;
}

/* S <- M^T S M + terms + add, add [D, D] symmetric or null. P's first D rows are overwritten first: the caller may add terms before or after. */
static void congruence(const Shape *s, Work *w, int terms, const double *add) {
  int D = s->D, height = s->height;
  panels_product(D, D, D + terms, w->M, s->tall, w->P, s->tall, w->S, height, 0, 1);
  for (int i = 0; add && i < D; i++) {
    for (int j = i; j < D;) {
      int end = (j / PANEL + 1) * PANEL < D ? (j / PANEL + 1) * PANEL : D;
      add_scaled(end - j, 1, add + i * D + j, panels_at(w->S, height, i, j));
      j = end;
    }
  }
  for (int i = 0; i < D; i++) {
    double *to = panels_at(w->S, height, 0, i);
    for (int j = i + 1; j < D; j++) to[j * PANEL] = *panels_at(w->S, height, i, j);
  }
}

/* P <- S M. A tile is as tall as TILE64_ROWS: up to that many rows after the last are scribbled on, which is why terms come afterwards. */
static void multiply(const Shape *s, Work *w) {
  panels_product(s->D, s->D, s->D, w->S, s->height, w->M, s->tall, w->P, s->tall, 0, 0);
}

/* S <- C_t: dense [D, D], or sum_q weight_q r_q r_q^T. */
static void load_cost(const Shape *s, Work *w, const double *cost, const double *weight, int t) {
  int D = s->D;
  clear(w->S, s->width * s->height);
  if (s->rank < 0) {
    panels_fill(D, D, cost + (ptrdiff_t)t * D * D, D, 0, w->S, s->height, 0);
    return;
  }
  for (int q = 0; q < s->rank; q++) {
    const double *r = cost + ((ptrdiff_t)t * s->rank + q) * D;
    double scale = weight[t * s->rank + q];
    for (int i = 0; i < D; i++) for (int j = 0; j < D; j++) *panels_at(w->S, s->height, i, j) += scale * (r[i] * r[j]);
  }
}

static inline double at(const double *x, int t, int size, int i) { return x[(ptrdiff_t)t * size + i]; }

/* left_u = sum_v weight precision_uv (K_v - K'_v) [U, width] and shift_u = the same of k. */
static void weighted_gap(const Shape *s, Work *w, const Penalty *p, int t, const double *K, const double *k) {
  int D = s->D, U = s->U;
  clear(w->left, U * s->width);
  for (int u = 0; u < U; u++) {
    w->shift[u] = 0;
    for (int v = 0; v < U; v++) {
      double scale = p->weight * at(p->precision, t, U * U, u * U + v);
      add_scaled(D, scale, K + v * D, w->left + u * s->width);
      add_scaled(D, -scale, p->K + ((ptrdiff_t)t * U + v) * D, w->left + u * s->width);
      w->shift[u] += scale * (k[v] - at(p->k, t, U, v));
    }
  }
}

/* Mirrors the mean of both triangles. */
static void symmetrise(int n, double *m) {
  for (int i = 0; i < n; i++) for (int j = 0; j < i; j++) m[i * n + j] = m[j * n + i] = 0.5 * (m[i * n + j] + m[j * n + i]);
}

/* Writes S row-major [D, D]. */
static void store(const Shape *s, const Work *w, double *out) {
  for (int i = 0; i < s->D; i++) for (int j = 0; j < s->D; j++) out[i * s->D + j] = *panels_at(w->S, s->height, i, j);
}

/* Returns -1, or the step at which Q_aa was not positive definite or not finite. V and v may be null. */
int KERNEL(gps_lqg_backward)(const int *dims, const int *rows, const double *A, const double *B, const double *c, const double *cost, const double *cost_weight, const double *d, const double *R,
                             const double *N, const double *r, const double *previous_K, const double *previous_k, const double *previous_precision, const double *policy_K, const double *policy_k,
                             const double *policy_precision, const double *entropy_weight, double eta, double *K, double *k, double *G, double *V, double *v, double *scratch) {
  Shape s = shape_of(dims, rows);
  Work w = work_of(&s, scratch);
  int D = s.D, U = s.U;
  Penalty penalties[2] = {{previous_K, previous_k, previous_precision, eta}, {policy_K, policy_k, policy_precision, 1}};
  int penalty_count = 1 + s.has_policy;
  double *value = w.mean;
  load_cost(&s, &w, cost, cost_weight, s.T);
  for (int i = 0; i < D; i++) value[i] = at(d, s.T, D, i);
  for (int t = s.T - 1;; t--) {
    if (V) store(&s, &w, V + (ptrdiff_t)(t + 1) * D * D);
    if (v) for (int i = 0; i < D; i++) v[(t + 1) * D + i] = value[i];
    if (t < 0) return -1;
    const double *At = A + (ptrdiff_t)t * D * D, *Bt = B + (ptrdiff_t)t * D * U, *ct = c + (ptrdiff_t)t * D;
    double *Kt = K + (ptrdiff_t)t * U * D, *kt = k + (ptrdiff_t)t * U, *Gt = G + (ptrdiff_t)t * U * U;

    /* y = v + Vc; right_u = V b_u; then Q_aa, Q_as (in K) and q_a (in k). */
    panels_apply(D, D, w.S, s.height, ct, w.y);
    add_scaled(D, 1, value, w.y);
    clear(w.right, U * s.width);
    for (int u = 0; u < U; u++) {
      double *Vb = w.right + u * s.width;
      for (int q = 0; q < s.row_count; q++) {
        double b = Bt[rows[q] * U + u];
        if (b == 0) continue;
        for (int j = 0; j < D; j += PANEL) add_scaled(D - j < PANEL ? D - j : PANEL, b, panels_at(w.S, s.height, rows[q], j), Vb + j);
      }
      clear(Kt + u * D, D);
      for (int i = 0; i < D; i++) add_scaled(D, Vb[i], At + i * D, Kt + u * D);
      kt[u] = 0;
      for (int q = 0; q < s.row_count; q++) kt[u] += Bt[rows[q] * U + u] * w.y[rows[q]];
    }
    for (int u = 0; u < U; u++) {
      for (int x = 0; x < U; x++) {
        double sum = 0;
        for (int q = 0; q < s.row_count; q++) sum += Bt[rows[q] * U + u] * w.right[x * s.width + rows[q]];
        for (int p = 0; p < penalty_count; p++) {
          double scale = penalties[p].weight * at(penalties[p].precision, t, U * U, u * U + x);
          sum += scale;
          kt[u] -= scale * at(penalties[p].k, t, U, x);
          add_scaled(D, -scale, penalties[p].K + ((ptrdiff_t)t * U + x) * D, Kt + u * D);
        }
        if (s.has_action) sum += at(R, t, U * U, u * U + x);
        w.Qaa[u * U + x] = sum;
      }
      if (s.has_action) {
        add_scaled(D, 1, N + ((ptrdiff_t)t * U + u) * D, Kt + u * D);
        kt[u] += at(r, t, U, u);
      }
    }
    symmetrise(U, w.Qaa);
    if (cholesky64(U, w.Qaa, w.factor) != 0) return t;
    for (int i = 0; i < U * D; i++) Kt[i] = -Kt[i];
    for (int i = 0; i < U; i++) kt[i] = -kt[i];
    for (int i = 0; i < U * U; i++) Gt[i] = i % (U + 1) == 0 ? entropy_weight[t] + eta : 0;
    cholesky64_solve(U, w.factor, D, Kt);
    cholesky64_solve(U, w.factor, 1, kt);
    cholesky64_solve(U, w.factor, U, Gt);
    symmetrise(U, Gt);

    /* M = A + BK, z = c + Bk, x = v + Vz. */
    panels_fill(D, D, At, D, 0, w.M, s.tall, 0);
    for (int i = 0; i < D; i++) w.z[i] = ct[i];
    for (int q = 0; q < s.row_count; q++) {
      for (int u = 0; u < U; u++) {
        double b = Bt[rows[q] * U + u];
        w.z[rows[q]] += b * kt[u];
        for (int j = 0; j < D; j += PANEL) add_scaled(D - j < PANEL ? D - j : PANEL, b, Kt + u * D + j, panels_at(w.M, s.tall, rows[q], j));
      }
    }
    panels_apply(D, D, w.S, s.height, w.z, w.x);
    add_scaled(D, 1, value, w.x);
    multiply(&s, &w);
    panels_apply(D, D, w.M, s.tall, w.x, value);
    add_scaled(D, 1, d + (ptrdiff_t)t * D, value);

    int terms = 0;
    for (int p = 0; p < penalty_count; p++) {
      weighted_gap(&s, &w, &penalties[p], t, Kt, kt);
      for (int u = 0; u < U; u++) {
        for (int i = 0; i < D; i++) w.x[i] = Kt[u * D + i] - penalties[p].K[((ptrdiff_t)t * U + u) * D + i];
        add_scaled(D, w.shift[u], w.x, value);
        terms = add_term(&s, &w, terms, w.x, w.left + u * s.width);
      }
    }
    for (int u = 0; s.has_action && u < U; u++) {
      const double *Nu = N + ((ptrdiff_t)t * U + u) * D, *Ku = Kt + u * D;
      double Rk = at(r, t, U, u);
      for (int i = 0; i < D; i++) w.x[i] = Nu[i];
      for (int x = 0; x < U; x++) {
        Rk += at(R, t, U * U, u * U + x) * kt[x];
        add_scaled(D, at(R, t, U * U, u * U + x), Kt + x * D, w.x);
      }
      add_scaled(D, Rk, Ku, value);
      add_scaled(D, kt[u], Nu, value);
      terms = add_term(&s, &w, terms, Ku, w.x);
      terms = add_term(&s, &w, terms, Nu, Ku);
    }
    for (int q = 0; q < s.rank; q++) {
      const double *factor = cost + ((ptrdiff_t)t * s.rank + q) * D;
      for (int i = 0; i < D; i++) w.x[i] = cost_weight[t * s.rank + q] * factor[i];
      terms = add_term(&s, &w, terms, factor, w.x);
    }
    congruence(&s, &w, terms, s.rank < 0 ? cost + (ptrdiff_t)t * D * D : 0);
    double trace = 0;
    for (int i = 0; i < D; i++) trace += *panels_at(w.S, s.height, i, i) + value[i];
    if (!(trace - trace == 0)) return t;
  }
}

/* a^T S b for vectors [D]; S b is left in w.y. */
static double form(const Shape *s, Work *w, const double *a, const double *b) {
  panels_apply(s->D, s->D, w->S, s->height, b, w->y);
  return dot(s->D, a, w->y);
}

/* E[(a - K's - k')^T P' (a - K's - k')] for a ~ N(Ks + k, G), s ~ N(mean, S). */
static double expected_penalty(const Shape *s, Work *w, const Penalty *p, int t, const double *K, const double *k, const double *G) {
  int D = s->D, U = s->U;
  for (int u = 0; u < U; u++) {
    double *gap = w->left + u * s->width;
    for (int i = 0; i < D; i++) gap[i] = K[u * D + i] - p->K[((ptrdiff_t)t * U + u) * D + i];
    w->shift[u] = k[u] - at(p->k, t, U, u) + dot(D, gap, w->mean);
  }
  double sum = 0;
  for (int v = 0; v < U; v++) {
    panels_apply(D, D, w->S, s->height, w->left + v * s->width, w->y);
    for (int u = 0; u < U; u++) {
      double second = G[u * U + v] + w->shift[u] * w->shift[v] + dot(D, w->left + u * s->width, w->y);
      sum += at(p->precision, t, U * U, u * U + v) * second;
    }
  }
  return sum;
}

void KERNEL(gps_lqg_forward)(const int *dims, const int *rows, const double *A, const double *B, const double *c, const double *F, const double *initial_mean, const double *initial_covariance,
                             const double *cost, const double *cost_weight, const double *d, const double *h, const double *R, const double *N, const double *r, const double *previous_K,
                             const double *previous_k, const double *previous_precision, const double *policy_K, const double *policy_k, const double *policy_precision, const double *K, const double *k,
                             const double *G, double *cost_out, double *previous_out, double *policy_out, double *mean_out, double *covariance_out, double *scratch) {
  Shape s = shape_of(dims, rows);
  Work w = work_of(&s, scratch);
  int D = s.D, U = s.U;
  Penalty previous = {previous_K, previous_k, previous_precision, 1}, policy = {policy_K, policy_k, policy_precision, 1};
  panels_fill(D, D, initial_covariance, D, 0, w.S, s.height, 0);
  for (int i = 0; i < D; i++) w.mean[i] = initial_mean[i];
  for (int t = 0; t <= s.T; t++) {
    for (int i = 0; i < D; i++) mean_out[t * D + i] = w.mean[i];
    double expected = h[t] + dot(D, d + (ptrdiff_t)t * D, w.mean);
    if (s.rank < 0) {
      for (int i = 0; i < D; i++) {
        const double *row = cost + ((ptrdiff_t)t * D + i) * D;
        double sum = w.mean[i] * dot(D, row, w.mean);
        for (int j = 0; j < D; j += PANEL) sum += dot(D - j < PANEL ? D - j : PANEL, row + j, panels_at(w.S, s.height, i, j));
        expected += 0.5 * sum;
      }
    }
    for (int q = 0; q < s.rank; q++) {
      const double *factor = cost + ((ptrdiff_t)t * s.rank + q) * D;
      double along = dot(D, factor, w.mean);
      expected += 0.5 * cost_weight[t * s.rank + q] * (along * along + form(&s, &w, factor, factor));
    }
    if (t == s.T) {
      cost_out[t] = expected;
      break;
    }
    const double *At = A + (ptrdiff_t)t * D * D, *Bt = B + (ptrdiff_t)t * D * U;
    const double *Kt = K + (ptrdiff_t)t * U * D, *kt = k + (ptrdiff_t)t * U, *Gt = G + (ptrdiff_t)t * U * U;
    if (s.has_action) {
      for (int u = 0; u < U; u++) w.qa[u] = kt[u] + dot(D, Kt + u * D, w.mean);
      for (int u = 0; u < U; u++) {
        const double *Nu = N + ((ptrdiff_t)t * U + u) * D;
        expected += w.qa[u] * (at(r, t, U, u) + dot(D, Nu, w.mean));
        expected += form(&s, &w, Nu, Kt + u * D);
        for (int x = 0; x < U; x++) expected += 0.5 * at(R, t, U * U, u * U + x) * (w.qa[u] * w.qa[x] + Gt[u * U + x] + dot(D, Kt + x * D, w.y));
      }
    }
    cost_out[t] = expected;
    previous_out[t] = expected_penalty(&s, &w, &previous, t, Kt, kt, Gt);
    policy_out[t] = s.has_policy ? expected_penalty(&s, &w, &policy, t, Kt, kt, Gt) : 0;

    /* M = (A + BK)^T; the mean moves along. */
    panels_fill_transposed(D, D, At, D, w.M, s.tall, 0);
    for (int q = 0; q < s.row_count; q++) {
      int i = rows[q];
      double *column = panels_at(w.M, s.tall, 0, i);
      for (int u = 0; u < U; u++) {
        double b = Bt[i * U + u];
        for (int j = 0; j < D; j++) column[j * PANEL] += b * Kt[u * D + j];
      }
    }
    panels_apply(D, D, w.M, s.tall, w.mean, w.x);
    for (int i = 0; i < D; i++) w.mean[i] = w.x[i] + at(c, t, D, i);
    for (int q = 0; q < s.row_count; q++) for (int u = 0; u < U; u++) w.mean[rows[q]] += Bt[rows[q] * U + u] * kt[u];
    multiply(&s, &w);
    int terms = 0;
    for (int u = 0; u < U; u++) {
      clear(w.x, D);
      clear(w.z, D);
      for (int q = 0; q < s.row_count; q++) {
        w.x[rows[q]] = Bt[rows[q] * U + u];
        for (int x = 0; x < U; x++) w.z[rows[q]] += Gt[u * U + x] * Bt[rows[q] * U + x];
      }
      terms = add_term(&s, &w, terms, w.x, w.z);
    }
    congruence(&s, &w, terms, F + (ptrdiff_t)t * D * D);
  }
  store(&s, &w, covariance_out);
}
