/*
 * Coordinatewise LSTM: forward steps, and backpropagation through a segment with recomputation. See LstmKernel in engine.ts for the contract.
 *
 * Coordinates are taken in blocks of 16, which fill the lanes. A block goes through all steps before the next one starts, so that what it needs stays in
 * the cache. Nothing is shared between blocks but weights and the sum of gradients, which is taken in the order of blocks.
 */
#include "lane-product.h"
#include "lstm-cell.h"

/* Steps whose weight gradients are summed in one go: their data of 16 columns and PRODUCT_ROWS rows fit the first-level cache. */
enum { GRADIENT_STEPS = 20 };

/* Records of more floats than this (32 MB) are made a segment at a time, from checkpoints of the state. */
enum { MAX_RECORD_FLOATS = 8 << 20 };

/* Rows of LANES floats: strides between steps are odd multiples of 16 rows, lest all steps fall into the same cache sets. */
static ptrdiff_t step_stride(int rows) {
  ptrdiff_t lines = round_up(rows, 8);
  if ((lines / 8) % 2 == 0) lines += 8;
  return lines * LANES;
}

/* One block's steps t = 0 … T − 1, for backpropagation. State arrays have T + 1 entries: entry t is the state before step t. */
typedef struct {
  float *x;                        /* [T][inputs], x_stride apart */
  float *h, *c, *tanh_c, *gates;   /* [layers][T + 1][hidden], [layers][T][4 hidden] */
  ptrdiff_t x_stride, unit_stride, gate_stride;
  int steps;
} lstm_record;

static ptrdiff_t record_floats(const lstm_shape *shape, int steps) {
  return steps * step_stride(shape->inputs) +
         shape->layers * ((3 * steps + 2) * step_stride(shape->hidden) + steps * step_stride(4 * shape->hidden));
}

static lstm_record lay_out_record(const lstm_shape *shape, int steps, float *at) {
  lstm_record record;
  record.steps = steps;
  record.x_stride = step_stride(shape->inputs);
  record.unit_stride = step_stride(shape->hidden);
  record.gate_stride = step_stride(4 * shape->hidden);
  record.x = at;
  record.h = record.x + steps * record.x_stride;
  record.c = record.h + shape->layers * (steps + 1) * record.unit_stride;
  record.tanh_c = record.c + shape->layers * (steps + 1) * record.unit_stride;
  record.gates = record.tanh_c + shape->layers * steps * record.unit_stride;
  return record;
}

static float *record_h(const lstm_record *r, int layer, int t) { return r->h + (layer * (r->steps + 1) + t) * r->unit_stride; }
static float *record_c(const lstm_record *r, int layer, int t) { return r->c + (layer * (r->steps + 1) + t) * r->unit_stride; }
static lstm_cells record_cells(const lstm_record *r, int layer, int t) {
  const ptrdiff_t step = layer * r->steps + t;
  return (lstm_cells){r->gates + step * r->gate_stride, r->tanh_c + step * r->unit_stride};
}

/* Steps per segment: all of them where the record fits its bound. */
static int segment_steps(const lstm_shape *shape, int steps) {
  const ptrdiff_t per_step = record_floats(shape, 1);
  ptrdiff_t fitting = MAX_RECORD_FLOATS / per_step;
  if (fitting < 1) fitting = 1;
  return fitting < steps ? (int)fitting : steps;
}

/* `lanes` numbers of each of `rows` rows, `stride` apart, to rows of LANES, padded with zeros. */
static void gather_rows(const float *from, ptrdiff_t stride, int rows, int lanes, float *to) {
  for (int row = 0; row < rows; row++) {
    if (lanes == LANES) {
      copy_floats(to, from, LANES);
    } else {
      for (int lane = 0; lane < LANES; lane++) to[lane] = lane < lanes ? from[lane] : 0.0f;
    }
    from += stride;
    to += LANES;
  }
}

static void scatter_rows(const float *from, int rows, int lanes, float *to, ptrdiff_t stride) {
  for (int row = 0; row < rows; row++) {
    if (lanes == LANES) {
      copy_floats(to, from, LANES);
    } else {
      for (int lane = 0; lane < lanes; lane++) to[lane] = from[lane];
    }
    from += LANES;
    to += stride;
  }
}

/* w_out·h + b_out of a block → out [LANES] */
static void linear_output(int hidden, const float *w_out, const float *h, float *out) {
  for (int lane = 0; lane < LANES; lane += VEC_LANES) {
    vec even = vec_splat(w_out[hidden]), odd = vec_zero();
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
int32_t KERNEL(lstm_packed_size)(int32_t inputs, int32_t hidden, int32_t layers) {
  const lstm_shape shape = {inputs, hidden, layers};
  return (int32_t)lstm_packed_floats(&shape);
}

/* Floats of the workspace of `lstm_forward`. */
int32_t KERNEL(lstm_forward_size)(int32_t inputs, int32_t hidden, int32_t layers) {
  return CACHE_LINE_FLOATS + LANES * (inputs + layers * 3 * hidden + 4 * hidden + 1);
}

/* Floats of the workspace of `lstm_backpropagate`. */
int32_t KERNEL(lstm_backward_size)(int32_t inputs, int32_t hidden, int32_t layers, int32_t steps) {
  const lstm_shape shape = {inputs, hidden, layers};
  const int segment = segment_steps(&shape, steps);
  const int segments = (steps + segment - 1) / segment;
  const ptrdiff_t state = (ptrdiff_t)layers * 2 * hidden * LANES;
  return (int32_t)(CACHE_LINE_FLOATS + round_up(lstm_weight_count(&shape), CACHE_LINE_FLOATS) + segments * state +
                   state + (ptrdiff_t)segment * LANES + record_floats(&shape, segment));
}

/* T steps of n coordinates: inputs [T, inputs, n], state in place, outputs [T, n]. */
void KERNEL(lstm_forward)(int32_t inputs, int32_t hidden, int32_t layers, int32_t n, int32_t steps, const float *weights,
                          const float *features, float *state, float *outputs, float *packed_workspace,
                          float *workspace) {
  const lstm_shape shape = {inputs, hidden, layers};
  const lstm_packed packed = packed_weights(&shape, weights, 0, packed_workspace);
  const float *w_out = weights + lstm_layer_offset(&shape, layers);
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES;

  float *x = aligned_floats(workspace), *out = x + inputs * LANES, *h_after = out + LANES;
  float *padded = h_after + layers * plane;
  const lstm_cells cells = {padded + 2 * layers * plane, 0};

  for (ptrdiff_t first = 0; first < n; first += LANES) {
    const int lanes = smaller(LANES, (int)(n - first));
    float *caller_state = state + first * layers * 2 * hidden;
    /* [layers][h, c][hidden][LANES]: the caller's own where the block is full. */
    float *block_state = lanes == LANES ? caller_state : padded;
    if (lanes < LANES) gather_rows(caller_state, lanes, layers * 2 * hidden, lanes, padded);
    for (ptrdiff_t t = 0; t < steps; t++) {
      gather_rows(features + t * inputs * n + first, n, inputs, lanes, x);
      const float *panel = packed.forward;
      const float *layer_x = x;
      for (int layer = 0; layer < layers; layer++) {
        float *h = block_state + layer * 2 * plane, *c = h + plane;
        panel = lstm_layer_forward(0, panel, layer_inputs(&shape, layer), layer_x, hidden, h, c, h_after + layer * plane, c,
                                   cells);
        layer_x = h_after + layer * plane;
      }
      linear_output(hidden, w_out, layer_x, out);
      scatter_rows(out, 1, lanes, outputs + t * n + first, n);
      for (int layer = 0; layer < layers; layer++) {
        copy_floats(block_state + layer * 2 * plane, h_after + layer * plane, plane);
      }
    }
    if (lanes < LANES) scatter_rows(padded, layers * 2 * hidden, lanes, caller_state, lanes);
  }
}

/* Everything that stays the same over blocks of one backpropagation. */
typedef struct {
  lstm_shape shape;
  lstm_packed packed;
  const float *w_out;
  const float *features, *cotangent;
  ptrdiff_t n;
  float *sums;        /* ∂L/∂weights of this call [weight count] */
  float *dh, *dc;     /* ∂L/∂h and ∂L/∂c of every layer, carried to the step before [layers][hidden] */
  float *cotangents;  /* of the segment [steps] */
  lstm_record record;
} lstm_backward;

/* Steps first_step … first_step + steps − 1 of a block, from the state in entry 0 of the record, recorded. */
static void record_segment(const lstm_backward *b, ptrdiff_t block, int lanes, ptrdiff_t first_step, int steps) {
  const lstm_shape *shape = &b->shape;
  for (int t = 0; t < steps; t++) {
    float *x = b->record.x + t * b->record.x_stride;
    const float *features = b->features + (first_step + t) * shape->inputs * b->n + block;
    const float *cotangent = b->cotangent + (first_step + t) * b->n + block;
    gather_rows(features, b->n, shape->inputs, lanes, x);
    gather_rows(cotangent, b->n, 1, lanes, b->cotangents + t * LANES);
    if (block + 2 * LANES <= b->n) {
      /* The next block's numbers lie a cache line further in each row, which hardware does not foresee. */
      for (int row = 0; row < shape->inputs; row++) __builtin_prefetch(features + row * b->n + LANES);
      __builtin_prefetch(cotangent + LANES);
    }
    const float *panel = b->packed.forward;
    const float *layer_x = x;
    for (int layer = 0; layer < shape->layers; layer++) {
      float *h = record_h(&b->record, layer, t + 1);
      panel = lstm_layer_forward(1, panel, layer_inputs(shape, layer), layer_x, shape->hidden,
                                 record_h(&b->record, layer, t), record_c(&b->record, layer, t), h,
                                 record_c(&b->record, layer, t + 1), record_cells(&b->record, layer, t));
      layer_x = h;
    }
  }
}

/* One recorded step: leaves ∂L/∂z in the record and carries ∂L/∂h, ∂L/∂c to the step before (not wanted before the first step of all). */
static void step_backward(const lstm_backward *b, int t, int carry) {
  const lstm_shape *shape = &b->shape;
  const int hidden = shape->hidden;
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES, panel = (ptrdiff_t)4 * hidden * hidden;
  for (int layer = shape->layers - 1; layer >= 0; layer--) {
    const lstm_cells cells = record_cells(&b->record, layer, t);
    float *dh = b->dh + layer * plane;
    const float *c_before = record_c(&b->record, layer, t);
    float *dc = b->dc + layer * plane;
    if (layer == shape->layers - 1) {
      lstm_cells_backward(1, hidden, cells, c_before, dh, dc, b->w_out, b->cotangents + t * LANES);
    } else {
      lstm_cells_backward(0, hidden, cells, c_before, dh, dc, 0, 0);
    }
    /* The first layer has one panel, each other layer two. */
    const float *w_hidden = b->packed.backward + (layer == 0 ? 0 : 2 * layer - 1) * panel;
    if (carry) packed_product(w_hidden, hidden, 4 * hidden, cells.gates, 0, dh);
    if (layer > 0) packed_product(w_hidden + panel, hidden, 4 * hidden, cells.gates, 1, dh - plane);
  }
}

/* Adds the weight gradients of steps first … first + steps − 1 of the record, all with ∂L/∂z in place. */
static void add_weight_gradients(const lstm_backward *b, int first, int steps) {
  const lstm_shape *shape = &b->shape;
  const lstm_record *r = &b->record;
  const int hidden = shape->hidden;
  for (int layer = 0; layer < shape->layers; layer++) {
    const int inputs = layer_inputs(shape, layer);
    const float *dz = record_cells(r, layer, first).gates;
    float *d_input = b->sums + lstm_layer_offset(shape, layer);
    float *d_hidden = d_input + (ptrdiff_t)4 * hidden * inputs;
    float *d_bias = d_hidden + (ptrdiff_t)4 * hidden * hidden;
    const float *x = layer == 0 ? r->x + first * r->x_stride : record_h(r, layer - 1, first + 1);
    const ptrdiff_t x_stride = layer == 0 ? r->x_stride : r->unit_stride;
    lane_product(4 * hidden, inputs, steps, dz, r->gate_stride, x, x_stride, d_input, inputs, 0);
    lane_product(4 * hidden, hidden, steps, dz, r->gate_stride, record_h(r, layer, first), r->unit_stride, d_hidden, hidden,
                 d_bias);
  }
  float *d_out = b->sums + lstm_layer_offset(shape, shape->layers);
  const float *cotangents = b->cotangents + first * LANES;
  lane_product(1, hidden, steps, cotangents, LANES, record_h(r, shape->layers - 1, first + 1), r->unit_stride, d_out, hidden,
               d_out + hidden);
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

/* Adds ∂L/∂weights of L = Σ cotangent·output over T steps to `gradient`; inputs [T, inputs, n], cotangent [T, n]. */
void KERNEL(lstm_backpropagate)(int32_t inputs, int32_t hidden, int32_t layers, int32_t n, int32_t steps,
                                const float *weights, const float *initial_state, const float *features,
                                const float *cotangent, float *gradient, float *packed_workspace, float *workspace) {
  const lstm_shape shape = {inputs, hidden, layers};
  const ptrdiff_t weight_count = lstm_weight_count(&shape);
  const ptrdiff_t plane = (ptrdiff_t)hidden * LANES, state_size = (ptrdiff_t)layers * 2 * plane;
  const int segment = segment_steps(&shape, steps), segments = (steps + segment - 1) / segment;

  lstm_backward b = {.shape = shape,
                     .packed = packed_weights(&shape, weights, 1, packed_workspace),
                     .w_out = weights + lstm_layer_offset(&shape, layers),
                     .features = features,
                     .cotangent = cotangent,
                     .n = n};
  b.sums = aligned_floats(workspace);
  float *checkpoints = b.sums + round_up(weight_count, CACHE_LINE_FLOATS);
  b.dh = checkpoints + segments * state_size;
  b.dc = b.dh + layers * plane;
  b.cotangents = b.dc + layers * plane;
  b.record = lay_out_record(&shape, segment, b.cotangents + (ptrdiff_t)segment * LANES);
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
    zero_floats(b.dh, 2 * layers * plane);
    for (int s = segments - 1; s >= 0; s--) {
      const ptrdiff_t first_step = (ptrdiff_t)s * segment;
      const int segment_length = smaller(segment, (int)(steps - first_step));
      move_state(&b, 0, checkpoints + s * state_size, 1);
      record_segment(&b, block, lanes, first_step, segment_length);
      for (int end = segment_length; end > 0;) {
        /* Runs of nearly equal length, so that none is so short that summing its lanes costs more than its products. */
        const int runs = (end + GRADIENT_STEPS - 1) / GRADIENT_STEPS;
        const int run = (end + runs - 1) / runs;
        for (int t = end - 1; t >= end - run; t--) step_backward(&b, t, first_step + t > 0);
        add_weight_gradients(&b, end - run, run);
        end -= run;
      }
    }
  }
  for (ptrdiff_t i = 0; i < weight_count; i++) gradient[i] += b.sums[i];
}
