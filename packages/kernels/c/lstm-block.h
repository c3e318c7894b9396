/* How a block of 16 coordinates is taken out of the caller's arrays and put back, and where its trace is. */
#ifndef METADESCENT_LSTM_BLOCK_H
#define METADESCENT_LSTM_BLOCK_H

#include "lstm-cell.h"

/*
 * `lanes` numbers of each of `rows` rows, `stride` apart, to rows of LANES, padded with copies of the last. A padded lane's cotangents are 0: its gradients are 0
 * wherever the last lane's are finite. (Zeros in its place would make NaN of an infinite weight.)
 */
static inline void gather_rows(const float *from, ptrdiff_t stride, int rows, int lanes, float *to) {
  for (int row = 0; row < rows; row++) {
    if (lanes == LANES) {
      copy_floats(to, from, LANES);
    } else {
      for (int lane = 0; lane < LANES; lane++) to[lane] = from[smaller(lane, lanes - 1)];
    }
    from += stride;
    to += LANES;
  }
}

static inline void scatter_rows(const float *from, int rows, int lanes, float *to, ptrdiff_t stride) {
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

/*
 * A trace keeps the gates of a forward pass, so that backpropagation need not compute them again: [traced blocks][capacity in steps][layers][4H][LANES]. Blocks
 * beyond the traced ones are computed again.
 */
typedef struct {
  float *gates;
  int blocks, capacity;
} lstm_trace;

/* Where a trace is larger than this (8 MB), writing it past the cache is faster. */
enum { STREAMED_TRACE_FLOATS = 2 << 20 };

static inline ptrdiff_t lstm_trace_step_floats(const lstm_shape *shape) { return (ptrdiff_t)shape->layers * 4 * shape->hidden * LANES; }

/* The gates of all layers of a block (by its first coordinate) at a step; null where they are not kept. */
static inline float *lstm_traced_gates(const lstm_shape *shape, const lstm_trace *trace, ptrdiff_t first, ptrdiff_t step) {
  const ptrdiff_t block = first / LANES;
  return block < trace->blocks ? trace->gates + (block * trace->capacity + step) * lstm_trace_step_floats(shape) : 0;
}

#endif
