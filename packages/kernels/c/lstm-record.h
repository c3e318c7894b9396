/* What backpropagation through a segment needs of one block of 16 coordinates: small enough for the second-level cache. */
#ifndef METADESCENT_LSTM_RECORD_H
#define METADESCENT_LSTM_RECORD_H

#include "lstm-block.h"

/* Records of more floats than this (32 MB) are made a segment at a time, from checkpoints of the state. */
enum { MAX_RECORD_FLOATS = 8 << 20 };

/* Steps of `rows` cache lines lie an odd multiple of 8 lines apart, lest all of them fall into the same cache sets. */
static inline ptrdiff_t step_stride(int rows) {
  ptrdiff_t lines = round_up(rows, 8);
  if ((lines / 8) % 2 == 0) lines += 8;
  return lines * LANES;
}

/* One block's steps t = 0 … T − 1, for backpropagation. State arrays have T + 1 entries: entry t is the state before step t. */
typedef struct {
  float *x;              /* [T][inputs], x_stride apart */
  float *h, *c, *tanh_c; /* [layers][T + 1][hidden], tanh_c [layers][T][hidden] */
  float *gates;          /* [layers][T][4 hidden]; overwritten with ∂L/∂z */
  ptrdiff_t x_stride, unit_stride, gate_stride;
  int steps;
} lstm_record;

static inline ptrdiff_t record_floats(const lstm_shape *shape, int steps) {
  return steps * step_stride(shape->inputs) +
         shape->layers * ((3 * steps + 2) * step_stride(shape->hidden) + steps * step_stride(4 * shape->hidden));
}

static inline lstm_record lay_out_record(const lstm_shape *shape, int steps, float *at) {
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

static inline float *record_x(const lstm_record *r, int t) { return r->x + t * r->x_stride; }
static inline float *record_h(const lstm_record *r, int layer, int t) { return r->h + (layer * (r->steps + 1) + t) * r->unit_stride; }
static inline float *record_c(const lstm_record *r, int layer, int t) { return r->c + (layer * (r->steps + 1) + t) * r->unit_stride; }
static inline float *record_tanh_c(const lstm_record *r, int layer, int t) {
  return r->tanh_c + (layer * r->steps + t) * r->unit_stride;
}
static inline float *record_gates(const lstm_record *r, int layer, int t) {
  return r->gates + (layer * r->steps + t) * r->gate_stride;
}

/* Steps per segment: all of them where the record fits its bound. */
static inline int segment_steps(const lstm_shape *shape, int steps) {
  const ptrdiff_t per_step = record_floats(shape, 1);
  ptrdiff_t fitting = MAX_RECORD_FLOATS / per_step;
  if (fitting < 1) fitting = 1;
  return fitting < steps ? (int)fitting : steps;
}

#endif
