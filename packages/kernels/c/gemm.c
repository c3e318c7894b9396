/*
 * C ← αAB + βC, row-major, single precision. Columns of C fill the lanes, rows are broadcast: the panel product of panel.h with both operands packed,
 * a block of the inner dimension at a time.
 */
#include "panel.h"
#include "workspace.h"

/* One panel of B (GEMM_DEPTH × 16 floats) and one of A (TILE_ROWS × GEMM_DEPTH) fit the first-level cache, a block of B the second. */
enum { GEMM_DEPTH = 256, GEMM_COLUMNS = 512 };

/* B[depth, 16 columns from `column` on], padded with zeros: [depth][LANES] */
static void pack_columns(const float *b, ptrdiff_t row_stride, ptrdiff_t column_stride, int depth, int columns,
                         float *packed) {
  for (int k = 0; k < depth; k++) {
    const float *from = b + k * row_stride;
    if (columns == LANES && column_stride == 1) {
      copy_floats(packed, from, LANES);
    } else {
      for (int j = 0; j < LANES; j++) packed[j] = j < columns ? from[j * column_stride] : 0.0f;
    }
    packed += LANES;
  }
}

/* C[rows, columns] ← α·product + β·C for one tile, `product` [rows][LANES] */
static void update_tile(const float *product, int rows, int columns, float alpha, float beta, float *c, ptrdiff_t stride) {
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) {
      float held = beta == 0.0f ? 0.0f : beta * c[j];
      c[j] = alpha * product[j] + held;
    }
    product += LANES;
    c += stride;
  }
}

/* Floats of the workspace of `gemm`. */
int32_t KERNEL(gemm_size)(int32_t n, int32_t k) {
  const int depth = smaller(k, GEMM_DEPTH);
  return (int32_t)(CACHE_LINE_FLOATS + round_up(smaller(n, GEMM_COLUMNS), LANES) * depth +
                   round_up(TILE_ROWS * depth, CACHE_LINE_FLOATS) + TILE_ROWS * LANES);
}

/* A [m, k] or, transposed, [k, m]; B [k, n] or [n, k]; C [m, n]. */
void KERNEL(gemm)(int32_t m, int32_t n, int32_t k, const float *a, int32_t transpose_a, const float *b,
                  int32_t transpose_b, float *c, float alpha, float beta, float *workspace) {
  const ptrdiff_t a_row = transpose_a ? 1 : k, a_column = transpose_a ? m : 1;
  const ptrdiff_t b_row = transpose_b ? 1 : n, b_column = transpose_b ? k : 1;
  const int deepest = smaller(k, GEMM_DEPTH);
  float *b_panels = aligned_floats(workspace);
  float *a_panel = b_panels + round_up(smaller(n, GEMM_COLUMNS), LANES) * deepest;
  float *product = a_panel + round_up(TILE_ROWS * deepest, CACHE_LINE_FLOATS);

  for (int first_k = 0; first_k < k; first_k += GEMM_DEPTH) {
    const int depth = smaller(GEMM_DEPTH, k - first_k);
    /* Only the first block of the inner dimension sees the caller's β; the others add. */
    const float scale = first_k == 0 ? beta : 1.0f;
    for (int first_j = 0; first_j < n; first_j += GEMM_COLUMNS) {
      const int columns = smaller(GEMM_COLUMNS, n - first_j);
      for (int j = 0; j < columns; j += LANES) {
        pack_columns(b + first_k * b_row + (first_j + j) * b_column, b_row, b_column, depth, smaller(LANES, columns - j),
                     b_panels + (ptrdiff_t)j * depth);
      }
#define GEMM_TILE(rows)                                                                                             \
  pack_panels(a + row * a_row + first_k * a_column, a_row, a_column, rows, depth, a_panel);                         \
  for (int j = 0; j < columns; j += LANES) {                                                                        \
    for (int lane = 0; lane < LANES; lane += TILE_LANES) {                                                          \
      tile acc;                                                                                                     \
      tile_zero(rows, &acc);                                                                                        \
      panel_product(rows, a_panel, 1, rows, b_panels + (ptrdiff_t)j * depth + lane, LANES, depth, &acc);            \
      tile_store(rows, product + lane, LANES, &acc);                                                                \
    }                                                                                                               \
    update_tile(product, rows, smaller(LANES, columns - j), alpha, scale, c + (ptrdiff_t)row * n + first_j + j, n); \
  }
      FOR_TILES(row, m, GEMM_TILE)
#undef GEMM_TILE
    }
  }
}
