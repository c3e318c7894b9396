/*
 * Lane product: sums of outer products over coordinates and steps, the weight gradients of all kernels,
 *
 *     out[row, column] += Σ_step Σ_lane a[step, row, lane] · b[step, column, lane]
 *
 * Four columns and a few rows are held as vectors of partial sums over all steps; the lanes are summed once at the end.
 */
#ifndef METADESCENT_LANE_PRODUCT_H
#define METADESCENT_LANE_PRODUCT_H

#include "vector.h"

/* Columns whose data stay in the first-level cache while all rows pass. */
enum { PRODUCT_COLUMN_BLOCK = 16 };

/* Lanes are not unrolled where there are many: compilers to WebAssembly would load them all ahead, and run out of registers. */
#if defined(__clang__)
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED
#endif

/* `sums`, where given, adds the sums of the rows of `a`: the additions run beside the multiply-adds. */
INLINE void lane_product_tile(const int rows, const int columns, int steps, const float *a, ptrdiff_t a_stride,
                              const float *b, ptrdiff_t b_stride, float *out, ptrdiff_t out_stride, float *sums) {
  vec acc[PRODUCT_ROWS][4], row_sums[PRODUCT_ROWS];
  UNROLL for (int row = 0; row < rows; row++) {
    row_sums[row] = vec_zero();
    UNROLL for (int column = 0; column < 4; column++) acc[row][column] = vec_zero();
  }
  for (int step = 0; step < steps; step++) {
    ROLLED for (int lane = 0; lane < LANES; lane += VEC_LANES) {
      vec right[4];
      UNROLL for (int column = 0; column < columns; column++) right[column] = vec_load(b + column * LANES + lane);
      UNROLL for (int row = 0; row < rows; row++) {
        vec left = vec_load(a + row * LANES + lane);
        if (sums) row_sums[row] = vec_add(row_sums[row], left);
        UNROLL for (int column = 0; column < columns; column++) {
          acc[row][column] = vec_fma(left, right[column], acc[row][column]);
        }
      }
    }
    a += a_stride;
    b += b_stride;
  }
  UNROLL for (int row = 0; row < rows; row++) {
    quad total = vec_sums4(acc[row][0], acc[row][1], acc[row][2], acc[row][3]);
    float *to = out + row * out_stride;
    if (columns == 4) {
      quad_store(to, quad_add(quad_load(to), total));
    } else {
      float separate[4];
      quad_store(separate, total);
      UNROLL for (int column = 0; column < columns; column++) to[column] += separate[column];
    }
    if (sums) sums[row] += vec_sum(row_sums[row]);
  }
}

INLINE void lane_product_columns(const int rows, int columns, int steps, const float *a, ptrdiff_t a_stride,
                                 const float *b, ptrdiff_t b_stride, float *out, ptrdiff_t out_stride, float *sums) {
#define COLUMNS(count, row_sums) \
  lane_product_tile(rows, count, steps, a, a_stride, b + column * LANES, b_stride, out + column, out_stride, row_sums)
  int column = 0;
  if (sums) {
    /* The sums go with the first columns; all kinds of tile with sums would be as much code again. */
    if (columns >= 4) {
      COLUMNS(4, sums);
      column = 4;
    } else {
      COLUMNS(1, sums);
      column = 1;
    }
  }
  for (; column + 4 <= columns; column += 4) COLUMNS(4, 0);
  switch (columns - column) {
    case 3: COLUMNS(3, 0); break;
    case 2: COLUMNS(2, 0); break;
    case 1: COLUMNS(1, 0); break;
    default: break;
  }
#undef COLUMNS
}

/*
 * a [steps][rows][LANES], b [steps][columns][LANES], steps a_stride and b_stride floats apart; out [rows][columns], rows out_stride apart. Where `sums` is given,
 * sums[row] += Σ_step Σ_lane a[step, row, lane].
 */
static inline void lane_product(int rows, int columns, int steps, const float *a, ptrdiff_t a_stride, const float *b,
                                ptrdiff_t b_stride, float *out, ptrdiff_t out_stride, float *sums) {
  for (int first = 0; first < columns; first += PRODUCT_COLUMN_BLOCK) {
    const int width = columns - first < PRODUCT_COLUMN_BLOCK ? columns - first : PRODUCT_COLUMN_BLOCK;
    float *row_sums = first == 0 ? sums : 0;
#define ROWS(count)                                                                                                       \
  lane_product_columns(count, width, steps, a + row * LANES, a_stride, b + first * LANES, b_stride,                       \
                       out + row * out_stride + first, out_stride, row_sums ? row_sums + row : 0)
    ptrdiff_t row = 0;
    for (; row + PRODUCT_ROWS <= rows; row += PRODUCT_ROWS) ROWS(PRODUCT_ROWS);
    for (; row < rows; row++) ROWS(1);
#undef ROWS
  }
}

/* out[row] += Σ_step Σ_lane a[step, row, lane] */
static inline void lane_sums(int rows, int steps, const float *a, ptrdiff_t a_stride, float *out) {
  for (int row = 0; row < rows; row++) {
    vec acc = vec_zero();
    for (int step = 0; step < steps; step++) {
      const float *from = a + step * a_stride + row * LANES;
      for (int lane = 0; lane < LANES; lane += VEC_LANES) acc = vec_add(acc, vec_load(from + lane));
    }
    out[row] += vec_sum(acc);
  }
}

#endif
