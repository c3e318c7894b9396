/* Losses of a network for a block of 16 examples: value, and gradient with respect to the last layer. */
#ifndef METADESCENT_NETWORK_LOSS_H
#define METADESCENT_NETWORK_LOSS_H

#include "elementary.h"
#include "workspace.h"

/*
 * Softmax cross-entropy −ln softmax(z)_label of examples 0 … rows − 1 of a block, stable for logits of any size. z [width][LANES] becomes
 * (softmax(z) − onehot(label)) · weight, and 0 in lanes without an example. Returns the sum of losses.
 */
static inline double softmax_cross_entropy(int width, float *z, const uint8_t *labels, int rows, float weight) {
  float at_label[LANES] = {0}, log_total[LANES], highest[LANES];
  for (int lane = 0; lane < rows; lane++) at_label[lane] = z[labels[lane] * LANES + lane];
  for (int lane = 0; lane < LANES; lane += VEC_LANES) {
    vec top = vec_load(z + lane);
    for (int k = 1; k < width; k++) top = vec_max_or_nan(vec_load(z + k * LANES + lane), top);
    vec total = vec_zero();
    for (int k = 0; k < width; k++) {
      const vec e = vec_exp(vec_sub(vec_load(z + k * LANES + lane), top));
      vec_store(z + k * LANES + lane, e);
      total = vec_add(total, e);
    }
    const vec scale = vec_div(vec_splat(weight), total);
    for (int k = 0; k < width; k++) {
      vec_store(z + k * LANES + lane, vec_mul(vec_load(z + k * LANES + lane), scale));
    }
    vec_store(log_total + lane, vec_log(total));
    vec_store(highest + lane, top);
  }
  double sum = 0;
  for (int lane = 0; lane < rows; lane++) {
    /* The two large numbers first: their difference is exact where they are close. */
    sum += (double)log_total[lane] + ((double)highest[lane] - (double)at_label[lane]);
    z[labels[lane] * LANES + lane] -= weight;
  }
  for (int k = 0; k < width; k++) {
    for (int lane = rows; lane < LANES; lane++) z[k * LANES + lane] = 0.0f;
  }
  return sum;
}

/* Squared error Σ_k (z_k − y_k)², y [rows][width]; z becomes 2(z − y) · weight, and 0 in lanes without an example. Returns the sum of losses. */
static inline double squared_error(int width, float *z, const float *targets, int rows, float weight) {
  double sum = 0;
  for (int k = 0; k < width; k++) {
    for (int lane = 0; lane < LANES; lane++) {
      float *at = z + k * LANES + lane;
      if (lane >= rows) {
        *at = 0.0f;
        continue;
      }
      const float difference = *at - targets[(ptrdiff_t)lane * width + k];
      sum += (double)difference * difference;
      *at = 2.0f * weight * difference;
    }
  }
  return sum;
}

#endif
