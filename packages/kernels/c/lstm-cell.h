/*
 * One layer of LSTM cells for a block of 16 coordinates, forward and backward. Arrays are planes [H][LANES]; gates are four planes, in the order of the caller's
 * weights: σ(z_i), σ(z_f), tanh(z_g), σ(z_o). In a trace the four gates of a vector of cells stand side by side instead, so that it is written and read
 * as one stream.
 */
#ifndef METADESCENT_LSTM_CELL_H
#define METADESCENT_LSTM_CELL_H

#include "elementary.h"
#include "lstm-weights.h"

/* What a forward step leaves behind besides h and c. */
enum {
  KEEP_NOTHING,
  KEEP_RECORD, /* gates and tanh(c′), for the backward pass that follows at once */
  KEEP_TRACE,  /* gates, for a backward pass later */
  KEEP_STREAM  /* the same, past the cache, where the trace is too large for it */
};

/* Where `count` vectors of cells in step, from float `at` of a plane on, stand in a plane, in four planes of gates, and in a trace. */
#define IN_STEP UNROLL for (int s = 0; s < count; s++)
#define CELL (at + s * VEC_LANES)
#define GATE(kind) ((kind) * plane + CELL)
#define TRACED_GATE(kind) (4 * CELL + (kind) * VEC_LANES)

/*
 * Binary exponents of the gates (in `z`) → c′, h′, and what is kept. `gates` may be `z`.
 *
 *     i, f, o = σ(z_i), σ(z_f), σ(z_o)    g = tanh(z_g)    c′ = f c + i g    h′ = o tanh(c′)
 */
INLINE void lstm_cells_in_step(const int count, const int keep, ptrdiff_t plane, ptrdiff_t at, const float *z,
                               const float *c_before, float *h, float *c, float *gates, float *tanh_c) {
  vec i[MAX_IN_STEP], f[MAX_IN_STEP], g[MAX_IN_STEP], o[MAX_IN_STEP], next[MAX_IN_STEP];
  IN_STEP i[s] = vec_load(z + GATE(0));
  vec_sigmoids_of_exponents(count, i);
  IN_STEP g[s] = vec_load(z + GATE(2));
  vec_tanhs_of_exponents(count, g);
  IN_STEP f[s] = vec_load(z + GATE(1));
  vec_sigmoids_of_exponents(count, f);
  IN_STEP o[s] = vec_load(z + GATE(3));
  vec_sigmoids_of_exponents(count, o);
  IN_STEP next[s] = vec_fma(f[s], vec_load(c_before + CELL), vec_mul(i[s], g[s]));
  IN_STEP vec_store(c + CELL, next[s]);
  if (keep == KEEP_RECORD) {
    IN_STEP vec_store(gates + GATE(0), i[s]);
    IN_STEP vec_store(gates + GATE(1), f[s]);
    IN_STEP vec_store(gates + GATE(2), g[s]);
    IN_STEP vec_store(gates + GATE(3), o[s]);
  }
#define KEEP_IN_TRACE(store)               \
  IN_STEP {                                \
    store(gates + TRACED_GATE(0), i[s]);   \
    store(gates + TRACED_GATE(1), f[s]);   \
    store(gates + TRACED_GATE(2), g[s]);   \
    store(gates + TRACED_GATE(3), o[s]);   \
  }
  if (keep == KEEP_TRACE) KEEP_IN_TRACE(vec_store)
  if (keep == KEEP_STREAM) KEEP_IN_TRACE(vec_stream)
#undef KEEP_IN_TRACE
  vec_tanhs(count, next);
  if (keep == KEEP_RECORD) IN_STEP vec_store(tanh_c + CELL, next[s]);
  IN_STEP vec_store(h + CELL, vec_mul(o[s], next[s]));
}

/* c′ and h′ again from a trace, and tanh(c′): the same operations, hence the same bits, as in the step that wrote it. */
INLINE void lstm_cells_from_trace(const int count, ptrdiff_t at, const float *traced, const float *c_before, float *h, float *c,
                                  float *tanh_c) {
  vec next[MAX_IN_STEP];
  IN_STEP {
    const vec i = vec_load(traced + TRACED_GATE(0)), f = vec_load(traced + TRACED_GATE(1));
    const vec g = vec_load(traced + TRACED_GATE(2));
    next[s] = vec_fma(f, vec_load(c_before + CELL), vec_mul(i, g));
  }
  IN_STEP vec_store(c + CELL, next[s]);
  vec_tanhs(count, next);
  IN_STEP vec_store(tanh_c + CELL, next[s]);
  IN_STEP vec_store(h + CELL, vec_mul(vec_load(traced + TRACED_GATE(3)), next[s]));
}

#undef TRACED_GATE
#undef GATE
#undef CELL
#undef IN_STEP

/* Runs `body(count)` over a plane, CELLS_IN_STEP vectors at a time and then one by one; `at` is the first float. */
#define FOR_CELLS(at, plane, body)                                                                                       \
  for (ptrdiff_t at = 0, whole_ = (plane) - (plane) % (CELLS_IN_STEP * VEC_LANES); at < (plane);) {                       \
    if (at < whole_) {                                                                                                   \
      body(CELLS_IN_STEP);                                                                                               \
      at += CELLS_IN_STEP * VEC_LANES;                                                                                   \
    } else {                                                                                                             \
      body(1);                                                                                                           \
      at += VEC_LANES;                                                                                                   \
    }                                                                                                                    \
  }

/*
 * x [inputs], h_before, c_before → h, c and what is kept. `z` is scratch of four planes, which `gates` may be; c may be c_before, h may not be h_before. `panel` is
 * the layer's forward panel; returns its end.
 */
INLINE const float *lstm_layer_forward(const int keep, const float *panel, int inputs, const float *x, int hidden,
                                       const float *h_before, const float *c_before, float *h, float *c, float *z,
                                       float *gates, float *tanh_c) {
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;
  panel = biased_product(panel, 4 * hidden, x, inputs, h_before, hidden, z);
#define FORWARD(count) lstm_cells_in_step(count, keep, plane, at, z, c_before, h, c, gates, tanh_c)
  FOR_CELLS(at, plane, FORWARD)
#undef FORWARD
  return panel;
}

/* c_before and a layer's part of a trace → c, h and tanh(c). */
INLINE void lstm_layer_from_trace(int hidden, const float *traced, const float *c_before, float *h, float *c, float *tanh_c) {
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;
#define AGAIN(count) lstm_cells_from_trace(count, at, traced, c_before, h, c, tanh_c)
  FOR_CELLS(at, plane, AGAIN)
#undef AGAIN
}

/*
 * Through the cells alone: ∂L/∂h′ (dh) and ∂L/∂c′ (dc) → ∂L/∂z of the four gates in `dz`, which may be `gates` (but not a trace), and ∂L/∂c in place of ∂L/∂c′.
 *
 *     ∂z_o = ∂h′ tanh(c′) o(1−o)      ∂c′ += ∂h′ o (1 − tanh²(c′))
 *     ∂z_i = ∂c′ g i(1−i)    ∂z_f = ∂c′ c f(1−f)    ∂z_g = ∂c′ i (1−g²)    ∂c = ∂c′ f
 *
 * With `top`, ∂h′ also has the part of the linear output, w_out · cotangent.
 */
INLINE void lstm_cells_backward(const int top, const int from_trace, int hidden, const float *gates, const float *tanh_c,
                                const float *c_before, const float *dh, float *dc, float *dz, const float *w_out,
                                const float *cotangent) {
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;
  const vec one = vec_splat(1.0f);
#define GATE(kind) vec_load(gates + (from_trace ? 4 * at + (kind) * VEC_LANES : (kind) * plane + at))
  for (int unit = 0; unit < hidden; unit++) {
    for (int lane = 0; lane < LANES; lane += VEC_LANES) {
      const ptrdiff_t at = unit * LANES + lane;
      const vec i = GATE(0), f = GATE(1), g = GATE(2), o = GATE(3), tanh_after = vec_load(tanh_c + at);
      vec dh_after = vec_load(dh + at);
      if (top) dh_after = vec_fma(vec_splat(w_out[unit]), vec_load(cotangent + lane), dh_after);
      const vec dh_o = vec_mul(dh_after, o);
      const vec dc_after = vec_fma(dh_o, vec_fnma(tanh_after, tanh_after, one), vec_load(dc + at));
      const vec dc_i = vec_mul(dc_after, i), dc_f = vec_mul(dc_after, f);
      vec_store(dz + at, vec_mul(vec_mul(dc_i, g), vec_sub(one, i)));
      vec_store(dz + plane + at, vec_mul(vec_mul(dc_f, vec_load(c_before + at)), vec_sub(one, f)));
      vec_store(dz + 2 * plane + at, vec_mul(dc_i, vec_fnma(g, g, one)));
      vec_store(dz + 3 * plane + at, vec_mul(vec_mul(dh_o, tanh_after), vec_sub(one, o)));
      vec_store(dc + at, dc_f);
    }
  }
#undef GATE
}

#endif
