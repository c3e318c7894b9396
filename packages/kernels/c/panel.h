/*
 * Panel product: the inner loop of everything that multiplies a few rows of weights with lanes of data,
 *
 *     acc[row] += Σ_k weight[row, k] · data[k, lanes]
 *
 * Each weight is broadcast over the lanes; the accumulators stay in registers for the whole sum. `weight[row, k]` stands at
 * w[row · row_stride + k · step_stride]: packed weights have row_stride 1 and step_stride = rows.
 */
#ifndef METADESCENT_PANEL_H
#define METADESCENT_PANEL_H

#include "vector.h"

enum { MAX_TILE = 24 };

/* Accumulators of one tile: TILE_VECTORS vectors of lanes for each row. Rows beyond the tile's are never touched and cost nothing. */
typedef struct {
  vec of[MAX_TILE][TILE_VECTORS];
} tile;

INLINE void tile_zero(const int rows, tile *acc) {
  UNROLL for (int row = 0; row < rows; row++) {
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) acc->of[row][v] = vec_zero();
  }
}

/* Every lane of a row starts at that row's number, e.g. its bias. */
INLINE void tile_splat(const int rows, const float *numbers, tile *acc) {
  UNROLL for (int row = 0; row < rows; row++) {
    vec number = vec_splat(numbers[row]);
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) acc->of[row][v] = number;
  }
}

INLINE void tile_load(const int rows, const float *from, ptrdiff_t stride, tile *acc) {
  UNROLL for (int row = 0; row < rows; row++) {
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) acc->of[row][v] = vec_load(from + row * stride + v * VEC_LANES);
  }
}

INLINE void tile_store(const int rows, float *to, ptrdiff_t stride, const tile *acc) {
  UNROLL for (int row = 0; row < rows; row++) {
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) vec_store(to + row * stride + v * VEC_LANES, acc->of[row][v]);
  }
}

INLINE void panel_product(const int rows, const float *w, const ptrdiff_t row_stride, ptrdiff_t step_stride,
                          const float *data, ptrdiff_t data_stride, ptrdiff_t steps, tile *acc) {
  for (ptrdiff_t k = 0; k < steps; k++) {
    vec lanes[TILE_VECTORS];
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) lanes[v] = vec_load(data + v * VEC_LANES);
    UNROLL for (int row = 0; row < rows; row++) {
      vec weight = vec_splat(w[row * row_stride]);
      UNROLL for (int v = 0; v < TILE_VECTORS; v++) acc->of[row][v] = vec_fma(weight, lanes[v], acc->of[row][v]);
    }
    w += step_stride;
    data += data_stride;
  }
}

/* Rows are cut into tiles of TILE_ROWS, then of 4, then of 1. */
INLINE int tile_rows(int rows_left) { return rows_left >= TILE_ROWS ? TILE_ROWS : rows_left >= 4 ? 4 : 1; }

/*
 * Runs `body(rows)` for the tiles that `count` rows are cut into, with `rows` a compile-time constant and `first` the first row of the tile.
 */
#define FOR_TILES(first, count, body)                                              \
  for (int first = 0, tile_height_; first < (count); first += tile_height_) {      \
    tile_height_ = tile_rows((count) - first);                                     \
    if (tile_height_ == TILE_ROWS) {                                               \
      body(TILE_ROWS);                                                             \
    } else if (tile_height_ == 4) {                                                \
      body(4);                                                                     \
    } else {                                                                       \
      body(1);                                                                     \
    }                                                                              \
  }

/* Packs weight[row, k] = w[row · row_stride + k · step_stride] tile after tile, each [steps][rows of the tile]; returns the end. */
static inline float *pack_panels(const float *w, ptrdiff_t row_stride, ptrdiff_t step_stride, int rows, int steps,
                                 float *packed) {
  for (int first = 0, height; first < rows; first += height) {
    height = tile_rows(rows - first);
    for (int k = 0; k < steps; k++) {
      const float *from = w + first * row_stride + k * step_stride;
      for (int row = 0; row < height; row++) *packed++ = from[row * row_stride];
    }
  }
  return packed;
}

/*
 * out[row, 16 lanes] = bias[row] + Σ_k weight[row, k] · a[k] + Σ_k weight[row, a_steps + k] · b[k], weights and biases packed by pack_biased_panels. Rows of `a`,
 * `b` and `out` are LANES floats.
 */
static inline const float *biased_product(const float *packed, int rows, const float *a, int a_steps, const float *b,
                                          int b_steps, float *out) {
#define BIASED_TILE(height)                                                                       \
  for (int lane = 0; lane < LANES; lane += TILE_LANES) {                                          \
    tile acc;                                                                                     \
    tile_splat(height, packed, &acc);                                                             \
    const float *weights = packed + (height);                                                     \
    panel_product(height, weights, 1, height, a + lane, LANES, a_steps, &acc);                    \
    weights += (ptrdiff_t)(height) * a_steps;                                                     \
    panel_product(height, weights, 1, height, b + lane, LANES, b_steps, &acc);                    \
    tile_store(height, out + first * LANES + lane, LANES, &acc);                                  \
  }                                                                                               \
  packed += (ptrdiff_t)(height) * (1 + a_steps + b_steps);
  FOR_TILES(first, rows, BIASED_TILE)
#undef BIASED_TILE
  return packed;
}

/* out[row, 16 lanes] (+)= Σ_k weight[row, k] · data[k, 16 lanes] for weights packed by pack_panels. */
static inline void packed_product(const float *packed, int rows, int steps, const float *data, int accumulate,
                                  float *out) {
#define PACKED_TILE(height)                                                                       \
  for (int lane = 0; lane < LANES; lane += TILE_LANES) {                                          \
    tile acc;                                                                                     \
    if (accumulate) {                                                                             \
      tile_load(height, out + first * LANES + lane, LANES, &acc);                                 \
    } else {                                                                                      \
      tile_zero(height, &acc);                                                                    \
    }                                                                                             \
    panel_product(height, packed, 1, height, data + lane, LANES, steps, &acc);                    \
    tile_store(height, out + first * LANES + lane, LANES, &acc);                                  \
  }                                                                                               \
  packed += (ptrdiff_t)(height) * steps;
  FOR_TILES(first, rows, PACKED_TILE)
#undef PACKED_TILE
}

#endif
