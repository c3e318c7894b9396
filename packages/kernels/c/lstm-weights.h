/*
 * The weights of an LSTM, as the caller stores them (LstmKernel in lstm-kernel.ts) and as the kernels read them, in panels (see panel.h):
 *
 *   forward    per layer the 4H gate rows, tile after tile: bias [rows of the tile], then W_input and W_hidden, [I + H][rows of the tile].
 *              Rows are scaled so that the product is the binary exponent that the gate's activation starts from
 *   backward   per layer: W_hiddenᵀ, then for all but the first layer W_inputᵀ
 *
 * Packing costs as much as one step of about a hundred coordinates, so the packed weights are kept with a copy of what they were made from, and made
 * again only when the weights have changed.
 */
#ifndef METADESCENT_LSTM_WEIGHTS_H
#define METADESCENT_LSTM_WEIGHTS_H

#include "elementary.h"
#include "panel.h"
#include "workspace.h"

typedef struct {
  int inputs, hidden, layers, outputs;
} lstm_shape;

INLINE int layer_inputs(const lstm_shape *shape, int layer) { return layer == 0 ? shape->inputs : shape->hidden; }

static inline ptrdiff_t lstm_layer_weights(const lstm_shape *shape, int layer) {
  return (ptrdiff_t)4 * shape->hidden * (layer_inputs(shape, layer) + shape->hidden + 1);
}

/* Where layer `layer` starts in the caller's weights; for layer = layers: where the linear output starts. */
static inline ptrdiff_t lstm_layer_offset(const lstm_shape *shape, int layer) {
  ptrdiff_t at = 0;
  for (int l = 0; l < layer; l++) at += lstm_layer_weights(shape, l);
  return at;
}

static inline ptrdiff_t lstm_weight_count(const lstm_shape *shape) {
  return lstm_layer_offset(shape, shape->layers) + (ptrdiff_t)shape->outputs * (shape->hidden + 1);
}

/* What the packed workspace starts with. */
typedef struct {
  /* Its own address: a workspace that was moved or never used is packed afresh. */
  uintptr_t self;
  int32_t forward_ready, backward_ready;
} lstm_packed_header;

typedef struct {
  const float *forward, *backward;
} lstm_packed;

/* Floats of the workspace of `packed_weights`: its header, the copy, the panels of both directions (neither is larger than the weights). */
static inline ptrdiff_t lstm_packed_floats(const lstm_shape *shape) {
  ptrdiff_t count = lstm_weight_count(shape);
  return 3 * CACHE_LINE_FLOATS + 3 * round_up(count, CACHE_LINE_FLOATS);
}

static inline void pack_forward(const lstm_shape *shape, const float *weights, float *packed) {
  const int hidden = shape->hidden;
  for (int layer = 0; layer < shape->layers; layer++) {
    const int inputs = layer_inputs(shape, layer);
    const float *input = weights + lstm_layer_offset(shape, layer);
    const float *recurrent = input + (ptrdiff_t)4 * hidden * inputs;
    const float *bias = recurrent + (ptrdiff_t)4 * hidden * hidden;
    for (int first = 0, height; first < 4 * hidden; first += height) {
      height = tile_rows(4 * hidden - first);
      for (int k = -1; k < inputs + hidden; k++) {
        for (ptrdiff_t row = first; row < first + height; row++) {
          const float scale = row / hidden == 2 ? TANH_EXPONENT : SIGMOID_EXPONENT;
          *packed++ = scale * (k < 0 ? bias[row] : k < inputs ? input[row * inputs + k] : recurrent[row * hidden + k - inputs]);
        }
      }
    }
  }
}

static inline void pack_backward(const lstm_shape *shape, const float *weights, float *packed) {
  const int hidden = shape->hidden;
  for (int layer = 0; layer < shape->layers; layer++) {
    const int inputs = layer_inputs(shape, layer);
    const float *input = weights + lstm_layer_offset(shape, layer);
    const float *recurrent = input + (ptrdiff_t)4 * hidden * inputs;
    packed = pack_panels(recurrent, 1, hidden, hidden, 4 * hidden, packed);
    if (layer > 0) packed = pack_panels(input, 1, inputs, inputs, 4 * hidden, packed);
  }
}

static inline int same_bits(const float *a, const float *b, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count;) {
    /* In runs, so that the inner loop can be done with vectors. */
    const ptrdiff_t end = count - i < 256 ? count : i + 256;
    uint32_t difference = 0;
    for (; i < end; i++) {
      uint32_t x, y;
      __builtin_memcpy(&x, a + i, 4);
      __builtin_memcpy(&y, b + i, 4);
      difference |= x ^ y;
    }
    if (difference) return 0;
  }
  return 1;
}

/* The packed form of `weights`, made in `workspace` [lstm_packed_floats] unless it is there already. */
static inline lstm_packed packed_weights(const lstm_shape *shape, const float *weights, int backward, float *workspace) {
  float *base = aligned_floats(workspace);
  lstm_packed_header *header = (lstm_packed_header *)base;
  const ptrdiff_t count = lstm_weight_count(shape), room = round_up(count, CACHE_LINE_FLOATS);
  float *original = base + CACHE_LINE_FLOATS, *forward_panels = original + room, *backward_panels = forward_panels + room;
  if (header->self != (uintptr_t)base || !header->forward_ready || !same_bits(original, weights, count)) {
    copy_floats(original, weights, count);
    pack_forward(shape, weights, forward_panels);
    header->self = (uintptr_t)base;
    header->forward_ready = 1;
    header->backward_ready = 0;
  }
  if (backward && !header->backward_ready) {
    pack_backward(shape, weights, backward_panels);
    header->backward_ready = 1;
  }
  return (lstm_packed){forward_panels, backward_panels};
}

#endif
