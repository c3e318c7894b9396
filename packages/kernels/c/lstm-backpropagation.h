/*
 * Coordinatewise LSTM, backpropagation through a segment. See LstmKernel in lstm-kernel.ts for the contract.
 *
 * A block of 16 coordinates at a time: its whole segment is recorded (from a trace of the forward pass, or by computing it again), then run backward at once, while the
 * record is in the cache. Nothing is shared between blocks but weights and the sum of gradients, which is taken in the order of blocks.
 *
 * Compiled twice: with COMPLETE 0 for one output and constant inputs and states, which training meets most (lstm-backward.c), and with COMPLETE 1 for several outputs
 * and all gradients (lstm-complete.c). One function for both would cost the first a tenth of its speed in WebAssembly.
 */
#include "lane-product.h"
#include "lstm-record.h"

#define OUTPUTS(shape) (COMPLETE ? (shape)->outputs : 1)

/* Steps whose weight gradients are summed in one go: their data of 16 columns and PRODUCT_ROWS rows fit the first-level cache. */
enum { GRADIENT_STEPS = 20 };

/* Traces of a block up to this size (256 KB) are fetched ahead. */
enum { FETCHED_FLOATS = 64 << 10 };

/* What ∂L/∂inputs takes: W_inputᵀ of the first layer in panels, and one step of a block. */
static inline ptrdiff_t inputs_gradient_floats(const lstm_shape *shape) {
  return round_up((ptrdiff_t)4 * shape->hidden * shape->inputs, CACHE_LINE_FLOATS) + (ptrdiff_t)shape->inputs * LANES;
}

/* Everything that stays the same over blocks of one backpropagation. */
typedef struct {
  lstm_shape shape;
  lstm_packed packed;
  const float *w_out;
  const float *features, *cotangent;
  ptrdiff_t n, steps;
  float *sums;        /* ∂L/∂weights of this call [weight count] */
  float *dh, *dc;     /* ∂L/∂h and ∂L/∂c of every layer, carried to the step before [layers][hidden] */
  float *cotangents;  /* of the segment [steps][outputs] */
  float *inputs_gradient;       /* ∂L/∂inputs of the caller [T, inputs, n], may be null */
  float *packed_inputs, *d_x;   /* for it: W_inputᵀ of the first layer; of one step of a block */
  float *state_gradient;        /* ∂L/∂(state before the first step) of the caller, may be null */
  lstm_record record;
  lstm_trace trace;   /* of the forward pass, may have no blocks */
  int fetches_ahead;  /* whether the next block's trace fits the second-level cache beside this block's record */
} lstm_backward;

/* x and the cotangent of one step of the block to the record; the next block's, a cache line further in each of many rows, is foreseen by no hardware. */
static void record_inputs(const lstm_backward *b, ptrdiff_t block, int lanes, ptrdiff_t step, int t) {
  const int inputs = b->shape.inputs;
  const int outputs = OUTPUTS(&b->shape);
  const float *features = b->features + step * inputs * b->n + block, *cotangent = b->cotangent + step * outputs * b->n + block;
  gather_rows(features, b->n, inputs, lanes, record_x(&b->record, t));
  float *cotangents = b->cotangents + (ptrdiff_t)t * outputs * LANES;
  gather_rows(cotangent, b->n, outputs, lanes, cotangents);
  for (int output = 0; output < outputs; output++) zero_floats(cotangents + output * LANES + lanes, LANES - lanes);
  if (block + 2 * LANES <= b->n) {
    for (int row = 0; row < inputs; row++) __builtin_prefetch(features + row * b->n + 2 * LANES - 1);
    __builtin_prefetch(cotangent + 2 * LANES - 1);
  }
}

/* Steps first_step … first_step + steps − 1 of a block, from the state in entry 0 of the record: recorded from the trace, or computed again. */
static void record_segment(const lstm_backward *b, ptrdiff_t block, int lanes, ptrdiff_t first_step, int steps) {
  const lstm_shape *shape = &b->shape;
  const lstm_record *r = &b->record;
  for (int t = 0; t < steps; t++) {
    record_inputs(b, block, lanes, first_step + t, t);
    const float *traced = lstm_traced_gates(shape, &b->trace, block, first_step + t);
    const float *panel = b->packed.forward;
    const float *x = record_x(r, t);
    for (int layer = 0; layer < shape->layers; layer++) {
      const float *h_before = record_h(r, layer, t), *c_before = record_c(r, layer, t);
      float *h = record_h(r, layer, t + 1), *c = record_c(r, layer, t + 1), *tanh_c = record_tanh_c(r, layer, t);
      if (traced) {
        lstm_layer_from_trace(shape->hidden, traced, c_before, h, c, tanh_c);
        traced += (ptrdiff_t)4 * shape->hidden * LANES;
      } else {
        float *gates = record_gates(r, layer, t);
        panel = lstm_layer_forward(KEEP_RECORD, panel, layer_inputs(shape, layer), x, shape->hidden, h_before, c_before, h, c,
                                   gates, gates, tanh_c);
      }
      x = h;
    }
  }
}

/*
 * Fetches `part` of the next block's trace of the mirrored step into the second-level cache, a piece with every product: all at once would keep the products from their
 * own data. (Inlined: GCC drops calls of functions that do nothing but prefetch.)
 */
INLINE void fetch_ahead(const lstm_backward *b, ptrdiff_t block, ptrdiff_t step, int part) {
  if (!b->fetches_ahead || block + LANES >= b->n) return;
  const float *trace = lstm_traced_gates(&b->shape, &b->trace, block + LANES, b->steps - 1 - step);
  if (!trace) return;
  const ptrdiff_t floats = lstm_trace_step_floats(&b->shape);
  const ptrdiff_t piece = round_up(floats / (2 * b->shape.layers - 1), CACHE_LINE_FLOATS);
  for (ptrdiff_t at = part * piece, end = at + piece; at < end && at < floats; at += CACHE_LINE_FLOATS) {
    __builtin_prefetch(trace + at, 0, 2);
  }
}

/* Adds W_outᵀ · cotangent of a step to ∂L/∂h of the last layer. */
static inline void add_from_outputs(const lstm_backward *b, int t, float *dh) {
  const int hidden = b->shape.hidden, outputs = b->shape.outputs;
  const float *cotangent = b->cotangents + (ptrdiff_t)t * outputs * LANES;
  for (int unit = 0; unit < hidden; unit++) {
    for (int lane = 0; lane < LANES; lane += VEC_LANES) {
      vec sum = vec_load(dh + unit * LANES + lane);
      for (int output = 0; output < outputs; output++) {
        sum = vec_fma(vec_splat(b->w_out[output * hidden + unit]), vec_load(cotangent + output * LANES + lane), sum);
      }
      vec_store(dh + unit * LANES + lane, sum);
    }
  }
}

/* Step `step`, entry `t` of the record: leaves ∂L/∂z there and carries ∂L/∂h, ∂L/∂c to the step before. */
static void step_backward(const lstm_backward *b, ptrdiff_t block, ptrdiff_t step, int t) {
  const lstm_shape *shape = &b->shape;
  const int hidden = shape->hidden;
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES, panel = (ptrdiff_t)4 * hidden * hidden;
  const lstm_record *r = &b->record;
  const float *traced = lstm_traced_gates(shape, &b->trace, block, step);
  for (int layer = shape->layers - 1; layer >= 0; layer--) {
    float *dz = record_gates(r, layer, t), *dh = b->dh + layer * plane, *dc = b->dc + layer * plane;
    const float *tanh_c = record_tanh_c(r, layer, t), *c_before = record_c(r, layer, t);
    const int last = layer == shape->layers - 1, top = !COMPLETE && last;
    if (COMPLETE && last) add_from_outputs(b, t, dh);
#define CELLS(is_top, from_trace, gates) \
  lstm_cells_backward(is_top, from_trace, hidden, gates, tanh_c, c_before, dh, dc, dz, b->w_out, b->cotangents + t * LANES)
    if (traced) {
      const float *gates = traced + layer * 4 * plane;
      if (top) CELLS(1, 1, gates);
      else CELLS(0, 1, gates);
    } else {
      if (top) CELLS(1, 0, dz);
      else CELLS(0, 0, dz);
    }
#undef CELLS
    /* The first layer has one panel, each other layer two. Of the state before the first step of all, mostly nothing is wanted. */
    const int first_panel = layer == 0 ? 0 : 2 * layer - 1;
    const float *w_hidden = b->packed.backward + first_panel * panel;
    fetch_ahead(b, block, step, first_panel);
    if (step > 0 || (COMPLETE && b->state_gradient)) packed_product(w_hidden, hidden, 4 * hidden, dz, 0, dh);
    if (layer > 0) {
      fetch_ahead(b, block, step, first_panel + 1);
      packed_product(w_hidden + panel, hidden, 4 * hidden, dz, 1, dh - plane);
    } else if (COMPLETE && b->inputs_gradient) {
      packed_product(b->packed_inputs, shape->inputs, 4 * hidden, dz, 0, b->d_x);
      scatter_rows(b->d_x, shape->inputs, smaller(LANES, (int)(b->n - block)), b->inputs_gradient + step * shape->inputs * b->n + block,
                   b->n);
    }
  }
}

/* Adds the weight gradients of steps first … first + steps − 1 of the record, all with ∂L/∂z in place. */
static void add_weight_gradients(const lstm_backward *b, int first, int steps) {
  const lstm_shape *shape = &b->shape;
  const lstm_record *r = &b->record;
  const int hidden = shape->hidden;
  for (int layer = 0; layer < shape->layers; layer++) {
    const int inputs = layer_inputs(shape, layer);
    const float *dz = record_gates(r, layer, first);
    float *d_input = b->sums + lstm_layer_offset(shape, layer);
    float *d_hidden = d_input + (ptrdiff_t)4 * hidden * inputs;
    float *d_bias = d_hidden + (ptrdiff_t)4 * hidden * hidden;
    const float *x = layer == 0 ? record_x(r, first) : record_h(r, layer - 1, first + 1);
    const ptrdiff_t x_stride = layer == 0 ? r->x_stride : r->unit_stride;
    lane_product(4 * hidden, inputs, steps, dz, r->gate_stride, x, x_stride, d_input, inputs, 0);
    lane_product(4 * hidden, hidden, steps, dz, r->gate_stride, record_h(r, layer, first), r->unit_stride, d_hidden, hidden,
                 d_bias);
  }
  float *d_out = b->sums + lstm_layer_offset(shape, shape->layers);
  const float *top = record_h(r, shape->layers - 1, first + 1);
  if (!COMPLETE) {
    lane_product(1, hidden, steps, b->cotangents + first * LANES, LANES, top, r->unit_stride, d_out, hidden, d_out + hidden);
  } else {
    const ptrdiff_t stride = (ptrdiff_t)shape->outputs * LANES;
    lane_product(shape->outputs, hidden, steps, b->cotangents + first * stride, stride, top, r->unit_stride, d_out, hidden,
                 d_out + shape->outputs * hidden);
  }
}

/* Copies the state of all layers between entry `t` of the record and `state` [layers][h, c][hidden][LANES]. */
static void move_state(const lstm_backward *b, int t, float *state, int to_record) {
  const ptrdiff_t plane = (ptrdiff_t)b->shape.hidden * LANES;
  for (int layer = 0; layer < b->shape.layers; layer++) {
    float *h = record_h(&b->record, layer, t), *c = record_c(&b->record, layer, t);
    float *saved = state + 2 * layer * plane;
    copy_floats(to_record ? h : saved, to_record ? saved : h, plane);
    copy_floats(to_record ? c : saved + plane, to_record ? saved + plane : c, plane);
  }
}

/* ∂L/∂h and ∂L/∂c of a block after the last step, from the caller's state array. */
static inline void take_state_cotangent(const lstm_backward *b, const float *from, int lanes) {
  const int hidden = b->shape.hidden;
  for (int layer = 0; layer < b->shape.layers; layer++) {
    const float *layer_from = from + (ptrdiff_t)2 * layer * hidden * lanes;
    float *dh = b->dh + (ptrdiff_t)layer * hidden * LANES, *dc = b->dc + (ptrdiff_t)layer * hidden * LANES;
    gather_rows(layer_from, lanes, hidden, lanes, dh);
    gather_rows(layer_from + hidden * lanes, lanes, hidden, lanes, dc);
    for (int unit = 0; unit < hidden; unit++) {
      zero_floats(dh + unit * LANES + lanes, LANES - lanes);
      zero_floats(dc + unit * LANES + lanes, LANES - lanes);
    }
  }
}

/* The same before the first step, to the caller's. */
static inline void give_state_gradient(const lstm_backward *b, float *to, int lanes) {
  const int hidden = b->shape.hidden;
  for (int layer = 0; layer < b->shape.layers; layer++) {
    float *layer_to = to + (ptrdiff_t)2 * layer * hidden * lanes;
    scatter_rows(b->dh + (ptrdiff_t)layer * hidden * LANES, hidden, lanes, layer_to, lanes);
    scatter_rows(b->dc + (ptrdiff_t)layer * hidden * LANES, hidden, lanes, layer_to + hidden * lanes, lanes);
  }
}

/*
 * Adds ∂L/∂weights of L = Σ cotangent·output over T steps to `gradient`; inputs [T, inputs, n], cotangent [T, outputs, n]. Of the first `traced_blocks` blocks the gates
 * of these steps are in `trace`. What may be null: `state_cotangent`, ∂L/∂(state after the last step), and what is overwritten with ∂L/∂inputs and ∂L/∂initial_state.
 */
INLINE void lstm_backpropagate_all(const lstm_shape shape, int32_t n, int32_t steps, const float *weights,
                                   const float *initial_state, const float *features, const float *cotangent, float *gradient,
                                   float *packed_workspace, float *workspace, float *trace_floats, int32_t traced_blocks,
                                   int32_t trace_capacity, const float *state_cotangent, float *inputs_gradient,
                                   float *state_gradient) {
  const int inputs = shape.inputs, hidden = shape.hidden, layers = shape.layers, outputs = OUTPUTS(&shape);
  const ptrdiff_t weight_count = lstm_weight_count(&shape);
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES, state_size = (ptrdiff_t)layers * 2 * plane;
  const int segment = segment_steps(&shape, steps), segments = (steps + segment - 1) / segment;

  lstm_backward b = {.shape = shape,
                     .packed = packed_weights(&shape, weights, 1, packed_workspace),
                     .w_out = weights + lstm_layer_offset(&shape, layers),
                     .features = features,
                     .cotangent = cotangent,
                     .n = n,
                     .steps = steps,
                     .inputs_gradient = inputs_gradient,
                     .state_gradient = state_gradient,
                     .trace = {traced_blocks > 0 ? aligned_floats(trace_floats) : 0, traced_blocks, trace_capacity}};
  b.sums = aligned_floats(workspace);
  float *checkpoints = b.sums + round_up(weight_count, CACHE_LINE_FLOATS);
  b.dh = checkpoints + segments * state_size;
  b.dc = b.dh + layers * plane;
  b.cotangents = b.dc + layers * plane;
  float *record = b.cotangents + (ptrdiff_t)segment * outputs * LANES;
  b.record = lay_out_record(&shape, segment, record);
  b.packed_inputs = record + record_floats(&shape, segment);
  b.d_x = b.packed_inputs + round_up((ptrdiff_t)4 * hidden * inputs, CACHE_LINE_FLOATS);
  if (COMPLETE && inputs_gradient) pack_panels(weights, 1, inputs, inputs, 4 * hidden, b.packed_inputs);
  b.fetches_ahead = segments == 1 && steps * lstm_trace_step_floats(&shape) <= FETCHED_FLOATS;
  zero_floats(b.sums, weight_count);

  for (ptrdiff_t block = 0; block < n; block += LANES) {
    const int lanes = smaller(LANES, (int)(n - block));
    gather_rows(initial_state + block * layers * 2 * hidden, lanes, layers * 2 * hidden, lanes, checkpoints);
    move_state(&b, 0, checkpoints, 1);
    for (int s = 0; s + 1 < segments; s++) {
      record_segment(&b, block, lanes, (ptrdiff_t)s * segment, segment);
      move_state(&b, segment, checkpoints + (s + 1) * state_size, 0);
      move_state(&b, 0, checkpoints + (s + 1) * state_size, 1);
    }
    if (COMPLETE && state_cotangent) {
      take_state_cotangent(&b, state_cotangent + block * layers * 2 * hidden, lanes);
    } else {
      zero_floats(b.dh, 2 * layers * plane);
    }
    for (int s = segments - 1; s >= 0; s--) {
      const ptrdiff_t first_step = (ptrdiff_t)s * segment;
      const int segment_length = smaller(segment, (int)(steps - first_step));
      move_state(&b, 0, checkpoints + s * state_size, 1);
      record_segment(&b, block, lanes, first_step, segment_length);
      for (int end = segment_length; end > 0;) {
        /* Runs of nearly equal length, so that none is so short that summing its lanes costs more than its products. */
        const int runs = (end + GRADIENT_STEPS - 1) / GRADIENT_STEPS;
        const int run = (end + runs - 1) / runs;
        for (int t = end - 1; t >= end - run; t--) step_backward(&b, block, first_step + t, t);
        add_weight_gradients(&b, end - run, run);
        end -= run;
      }
    }
    if (COMPLETE && state_gradient) give_state_gradient(&b, state_gradient + block * layers * 2 * hidden, lanes);
  }
  for (ptrdiff_t i = 0; i < weight_count; i++) gradient[i] += b.sums[i];
}
