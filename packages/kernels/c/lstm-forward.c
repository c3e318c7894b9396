/*
 * Coordinatewise LSTM, forward. See LstmKernel in lstm-kernel.ts for the contract.
 *
 * Coordinates are taken in blocks of 16, which fill the lanes. A block goes through all steps before the next one starts, so that what it needs stays in the cache.
 * Blocks share nothing but the weights.
 */
#include "lstm-block.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

/* w_out·h + b_out of a block for one output → out [LANES] */
static void linear_output(int hidden, const float *w_out, float b_out, const float *h, float *out) {
  for (int lane = 0; lane < LANES; lane += VEC_LANES) {
    vec even = vec_splat(b_out), odd = vec_zero();
    int unit = 0;
    for (; unit + 2 <= hidden; unit += 2) {
      even = vec_fma(vec_splat(w_out[unit]), vec_load(h + unit * LANES + lane), even);
      odd = vec_fma(vec_splat(w_out[unit + 1]), vec_load(h + (unit + 1) * LANES + lane), odd);
    }
    if (unit < hidden) even = vec_fma(vec_splat(w_out[unit]), vec_load(h + unit * LANES + lane), even);
    vec_store(out + lane, vec_add(even, odd));
  }
}

/* Floats of the workspace that keeps the packed weights between calls. */
int32_t KERNEL(lstm_packed_size)(int32_t inputs, int32_t hidden, int32_t layers, int32_t outputs) {
  const lstm_shape shape = {inputs, hidden, layers, outputs};
  return (int32_t)lstm_packed_floats(&shape);
}

/* Floats of the workspace of `lstm_forward`. */
int32_t KERNEL(lstm_forward_size)(int32_t inputs, int32_t hidden, int32_t layers) {
  return CACHE_LINE_FLOATS + LANES * (inputs + layers * 3 * hidden + 4 * hidden + 1);
}

/* Floats of a trace of `steps` steps of one block of 16 coordinates; a trace of several has CACHE_LINE_FLOATS more. */
int32_t KERNEL(lstm_trace_block_size)(int32_t hidden, int32_t layers, int32_t steps) {
  const lstm_shape shape = {0, hidden, layers, 1};
  return (int32_t)(steps * lstm_trace_step_floats(&shape));
}

/*
 * Asks for large pages under a new trace, before it is first written: it is passed through from end to end, and with small pages the address translation takes
 * a tenth of the time. A refusal does no harm.
 */
void KERNEL(lstm_trace_advise)(float *trace, double floats) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const uintptr_t page = (uintptr_t)2 << 20;
  const uintptr_t from = ((uintptr_t)trace + page - 1) & ~(page - 1);
  const uintptr_t to = ((uintptr_t)trace + (uintptr_t)floats * sizeof(float)) & ~(page - 1);
  if (from < to) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
  (void)trace;
  (void)floats;
#endif
}

INLINE void forward_block(const int keep, const lstm_shape *shape, const lstm_packed *packed, const float *w_out, ptrdiff_t n,
                          int steps, ptrdiff_t first, const float *features, float *state, float *outputs,
                          const lstm_trace *trace, int trace_step, float *workspace) {
  const int inputs = shape->inputs, hidden = shape->hidden, layers = shape->layers;
  const int lanes = smaller(LANES, (int)(n - first));
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;
  float *x = workspace, *out = x + inputs * LANES, *h_after = out + LANES;
  float *padded = h_after + layers * plane, *z = padded + 2 * layers * plane;

  float *caller_state = state + first * layers * 2 * hidden;
  /* [layers][h, c][hidden][LANES]: the caller's own where the block is full. */
  float *block_state = lanes == LANES ? caller_state : padded;
  if (lanes < LANES) gather_rows(caller_state, lanes, layers * 2 * hidden, lanes, padded);
  for (ptrdiff_t t = 0; t < steps; t++) {
    gather_rows(features + t * inputs * n + first, n, inputs, lanes, x);
    float *gates = keep != KEEP_NOTHING ? lstm_traced_gates(shape, trace, first, trace_step + t) : 0;
    const float *panel = packed->forward;
    const float *layer_x = x;
    for (int layer = 0; layer < layers; layer++) {
      float *h = block_state + layer * 2 * plane, *c = h + plane, *h_next = h_after + layer * plane;
      panel = lstm_layer_forward(keep, panel, layer_inputs(shape, layer), layer_x, hidden, h, c, h_next, c, z, gates, 0);
      layer_x = h_next;
      if (keep != KEEP_NOTHING) gates += 4 * plane;
    }
    for (int output = 0; output < shape->outputs; output++) {
      linear_output(hidden, w_out + output * hidden, w_out[shape->outputs * hidden + output], layer_x, out);
      scatter_rows(out, 1, lanes, outputs + (t * shape->outputs + output) * n + first, n);
    }
    for (int layer = 0; layer < layers; layer++) {
      copy_floats(block_state + layer * 2 * plane, h_after + layer * plane, plane);
    }
  }
  if (lanes < LANES) scatter_rows(padded, layers * 2 * hidden, lanes, caller_state, lanes);
}

/*
 * T steps of n coordinates: inputs [T, inputs, n], state in place, outputs [T, outputs, n]. The first `traced_blocks` blocks are kept in `trace`, which has room for
 * `trace_capacity` steps, from its step `trace_step` on.
 */
void KERNEL(lstm_forward)(int32_t inputs, int32_t hidden, int32_t layers, int32_t output_count, int32_t n, int32_t steps,
                          const float *weights, const float *features, float *state, float *outputs, float *packed_workspace,
                          float *workspace, float *trace_floats, int32_t traced_blocks, int32_t trace_capacity,
                          int32_t trace_step) {
  const lstm_shape shape = {inputs, hidden, layers, output_count};
  const lstm_packed packed = packed_weights(&shape, weights, 0, packed_workspace);
  const lstm_trace trace = {traced_blocks > 0 ? aligned_floats(trace_floats) : 0, traced_blocks, trace_capacity};
  const float *w_out = weights + lstm_layer_offset(&shape, layers);
  float *scratch = aligned_floats(workspace);
  const ptrdiff_t traced = smaller(n, smaller((n + LANES - 1) / LANES, traced_blocks) * LANES);
  const int streams = VEC_STREAMS && (ptrdiff_t)traced_blocks * trace_capacity * lstm_trace_step_floats(&shape) > STREAMED_TRACE_FLOATS;
#define FORWARD(keep) \
  forward_block(keep, &shape, &packed, w_out, n, steps, first, features, state, outputs, &trace, trace_step, scratch)
  ptrdiff_t first = 0;
  if (streams) {
    for (; first < traced; first += LANES) FORWARD(KEEP_STREAM);
  } else {
    for (; first < traced; first += LANES) FORWARD(KEEP_TRACE);
  }
  for (; first < n; first += LANES) FORWARD(KEEP_NOTHING);
#undef FORWARD
}
