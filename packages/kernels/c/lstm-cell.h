/*
 * One layer of LSTM cells for a block of 16 coordinates, forward and backward. Arrays are [row][LANES]; gate rows are in the order of the caller's weights,
 * i, f, g, o of H rows each.
 */
#ifndef METADESCENT_LSTM_CELL_H
#define METADESCENT_LSTM_CELL_H

#include "elementary.h"
#include "lstm-weights.h"

/* Cells of one layer at one step. */
typedef struct {
  float *gates;  /* σ(z_i), σ(z_f), tanh(z_g), σ(z_o) [4H]; the backward pass overwrites them with ∂L/∂z */
  float *tanh_c; /* tanh(c′) [H] */
} lstm_cells;

/* `count` vectors of cells from float `at` of a [H][LANES] plane on: exponents of the gates → gates, c, h. */
INLINE void lstm_cells_in_step(const int count, const int record, ptrdiff_t plane, ptrdiff_t at, lstm_cells cells,
                               const float *c_before, float *h, float *c) {
#define IN_STEP UNROLL for (int s = 0; s < count; s++)
  vec i[MAX_IN_STEP], f[MAX_IN_STEP], g[MAX_IN_STEP], o[MAX_IN_STEP], tanh_c[MAX_IN_STEP];
  float *gates = cells.gates + at;
  IN_STEP i[s] = vec_load(gates + s * VEC_LANES);
  vec_sigmoids_of_exponents(count, i);
  IN_STEP g[s] = vec_load(gates + 2 * plane + s * VEC_LANES);
  vec_tanhs_of_exponents(count, g);
  IN_STEP f[s] = vec_load(gates + plane + s * VEC_LANES);
  vec_sigmoids_of_exponents(count, f);
  IN_STEP {
    const vec next = vec_fma(f[s], vec_load(c_before + at + s * VEC_LANES), vec_mul(i[s], g[s]));
    vec_store(c + at + s * VEC_LANES, next);
    tanh_c[s] = next;
  }
  if (record) {
    IN_STEP vec_store(gates + s * VEC_LANES, i[s]);
    IN_STEP vec_store(gates + plane + s * VEC_LANES, f[s]);
    IN_STEP vec_store(gates + 2 * plane + s * VEC_LANES, g[s]);
  }
  IN_STEP o[s] = vec_load(gates + 3 * plane + s * VEC_LANES);
  vec_sigmoids_of_exponents(count, o);
  vec_tanhs(count, tanh_c);
  IN_STEP vec_store(h + at + s * VEC_LANES, vec_mul(o[s], tanh_c[s]));
  if (record) {
    IN_STEP vec_store(gates + 3 * plane + s * VEC_LANES, o[s]);
    IN_STEP vec_store(cells.tanh_c + at + s * VEC_LANES, tanh_c[s]);
  }
#undef IN_STEP
}

/*
 * x [inputs], h_before, c_before → h, c [hidden], and with `record` also gates and tanh(c′), which otherwise are left undefined. c may be c_before; h may not be
 * h_before. `panel` is the layer's forward panel; returns its end.
 */
INLINE const float *lstm_layer_forward(const int record, const float *panel, int inputs, const float *x, int hidden,
                                       const float *h_before, const float *c_before, float *h, float *c, lstm_cells cells) {
  panel = biased_product(panel, 4 * hidden, x, inputs, h_before, hidden, cells.gates);
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;
  ptrdiff_t at = 0;
  for (; at + CELLS_IN_STEP * VEC_LANES <= plane; at += CELLS_IN_STEP * VEC_LANES) {
    lstm_cells_in_step(CELLS_IN_STEP, record, plane, at, cells, c_before, h, c);
  }
  for (; at < plane; at += VEC_LANES) lstm_cells_in_step(1, record, plane, at, cells, c_before, h, c);
  return panel;
}

/*
 * Through the cells alone: ∂L/∂h′ (dh) and ∂L/∂c′ (dc) → ∂L/∂z in place of the gates, ∂L/∂c in place of ∂L/∂c′.
 *
 *     ∂z_o = ∂h′ tanh(c′) o(1−o)      ∂c′ += ∂h′ o (1 − tanh²(c′))
 *     ∂z_i = ∂c′ g i(1−i)    ∂z_f = ∂c′ c f(1−f)    ∂z_g = ∂c′ i (1−g²)    ∂c = ∂c′ f
 *
 * With `top`, ∂h′ also has the part of the linear output, w_out · cotangent.
 */
INLINE void lstm_cells_backward(const int top, int hidden, lstm_cells cells, const float *c_before, const float *dh,
                                float *dc, const float *w_out, const float *cotangent) {
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;
  const vec one = vec_splat(1.0f);
  for (int unit = 0; unit < hidden; unit++) {
    for (int lane = 0; lane < LANES; lane += VEC_LANES) {
      const ptrdiff_t at = unit * LANES + lane;
      const vec i = vec_load(cells.gates + at), f = vec_load(cells.gates + plane + at);
      const vec g = vec_load(cells.gates + 2 * plane + at), o = vec_load(cells.gates + 3 * plane + at);
      const vec tanh_c = vec_load(cells.tanh_c + at);
      vec dh_after = vec_load(dh + at);
      if (top) dh_after = vec_fma(vec_splat(w_out[unit]), vec_load(cotangent + lane), dh_after);
      const vec dh_o = vec_mul(dh_after, o);
      const vec dc_after = vec_fma(dh_o, vec_fnma(tanh_c, tanh_c, one), vec_load(dc + at));
      const vec dc_i = vec_mul(dc_after, i), dc_f = vec_mul(dc_after, f);
      vec_store(cells.gates + at, vec_mul(vec_mul(dc_i, g), vec_sub(one, i)));
      vec_store(cells.gates + plane + at, vec_mul(vec_mul(dc_f, vec_load(c_before + at)), vec_sub(one, f)));
      vec_store(cells.gates + 2 * plane + at, vec_mul(dc_i, vec_fnma(g, g, one)));
      vec_store(cells.gates + 3 * plane + at, vec_mul(vec_mul(dh_o, tanh_c), vec_sub(one, o)));
      vec_store(dc + at, dc_f);
    }
  }
}

#endif
