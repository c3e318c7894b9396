/* Loss and gradients of a network against one example after the other. */
#include "testing.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t KERNEL(network_size)(const int32_t *, int32_t);
double KERNEL(network_evaluate)(const int32_t *, const int32_t *, int32_t, int32_t, int32_t, const float *, const void *,
                                const float *, float *, float *, float *);

static double activate(int activation, double z) { return activation == 3 ? z : activation == 2 ? fmax(z, 0) : activation == 1 ? tanh(z) : sigmoid(z); }
static double slope(int activation, double a) { return activation == 3 ? 1 : activation == 2 ? a > 0 : activation == 1 ? 1 - a * a : a * (1 - a); }

static void test_network(const int32_t *sizes, const int32_t *activations, int layers, int loss, int rows) {
  long count = 0;
  int widest = sizes[0];
  for (int l = 0; l < layers; l++) {
    count += (long)(sizes[l] + 1) * sizes[l + 1];
    if (sizes[l + 1] > widest) widest = sizes[l + 1];
  }
  const int out = sizes[layers];
  float *parameters = random_floats(count, 0.7), *inputs = random_floats((long)rows * sizes[0], 1), *gradient = random_floats(count, 1);
  float *targets = random_floats((long)rows * out, 1);
  uint8_t *labels = malloc((size_t)rows);
  for (int i = 0; i < rows; i++) labels[i] = (uint8_t)((uniform() + 1) / 2 * 0.999 * out);
  float *workspace = floats(KERNEL(network_size)(sizes, layers));

  float *input_gradient = floats((long)rows * sizes[0]), *inputs_alone = floats((long)rows * sizes[0]);
  double *expected_inputs = malloc((size_t)rows * (size_t)sizes[0] * sizeof(double));
  double *expected = calloc((size_t)count, sizeof(double)), total = 0;
  double *a = malloc((size_t)(layers + 1) * widest * sizeof(double)), *delta = malloc((size_t)widest * sizeof(double)), *below = malloc((size_t)widest * sizeof(double));
  for (int row = 0; row < rows; row++) {
    for (int k = 0; k < sizes[0]; k++) a[k] = inputs[(long)row * sizes[0] + k];
    const float *w = parameters;
    for (int l = 0; l < layers; l++) {
      for (int j = 0; j < sizes[l + 1]; j++) {
        double z = w[(long)sizes[l] * sizes[l + 1] + j];
        for (int k = 0; k < sizes[l]; k++) z += a[l * widest + k] * w[(long)k * sizes[l + 1] + j];
        a[(l + 1) * widest + j] = activate(activations[l], z);
      }
      w += (long)(sizes[l] + 1) * sizes[l + 1];
    }
    const double *z = a + (long)layers * widest;
    if (loss == 0) {
      double top = z[0], sum = 0;
      for (int k = 1; k < out; k++) top = fmax(top, z[k]);
      for (int k = 0; k < out; k++) sum += exp(z[k] - top);
      total += log(sum) + top - z[labels[row]];
      for (int k = 0; k < out; k++) delta[k] = (exp(z[k] - top) / sum - (k == labels[row])) / rows;
    } else {
      for (int k = 0; k < out; k++) {
        const double difference = z[k] - targets[(long)row * out + k];
        total += difference * difference;
        delta[k] = 2 * difference / rows;
      }
    }
    long at = count;
    for (int l = layers - 1; l >= 0; l--) {
      at -= (long)(sizes[l] + 1) * sizes[l + 1];
      for (int j = 0; j < sizes[l + 1]; j++) delta[j] *= slope(activations[l], a[(l + 1) * widest + j]);
      for (int j = 0; j < sizes[l + 1]; j++) expected[at + (long)sizes[l] * sizes[l + 1] + j] += delta[j];
      for (int k = 0; k < sizes[l]; k++) {
        below[k] = 0;
        for (int j = 0; j < sizes[l + 1]; j++) {
          expected[at + (long)k * sizes[l + 1] + j] += a[l * widest + k] * delta[j];
          below[k] += delta[j] * parameters[at + (long)k * sizes[l + 1] + j];
        }
      }
      memcpy(delta, below, (size_t)sizes[l] * sizeof(double));
    }
    memcpy(expected_inputs + (long)row * sizes[0], delta, (size_t)sizes[0] * sizeof(double));
  }
  total /= rows;

  const void *given = loss == 0 ? (const void *)labels : (const void *)targets;
#define EVALUATE(gradient, input_gradient) \
  (float)KERNEL(network_evaluate)(sizes, activations, layers, loss, rows, inputs, given, parameters, gradient, input_gradient, workspace)
  const float actual = EVALUATE(gradient, input_gradient), alone = EVALUATE(NULL, NULL), other = EVALUATE(NULL, inputs_alone);
#undef EVALUATE
  char what[200];
  snprintf(what, sizeof what, "network %d-..-%d, %d layers, activation %d, loss %d, %d rows", sizes[0], out, layers, activations[0], loss, rows);
  compare(what, &actual, &total, 1, 1e-5);
  compare(what, &alone, &total, 1, 1e-5);
  compare(what, &other, &total, 1, 1e-5);
  compare(what, gradient, expected, count, 1e-5);
  compare(what, input_gradient, expected_inputs, (long)rows * sizes[0], 1e-5);
  check(memcmp(input_gradient, inputs_alone, (size_t)rows * (size_t)sizes[0] * sizeof(float)) == 0, "the same input gradient alone");
  release(parameters), release(inputs), release(gradient), release(targets), release(workspace), release(input_gradient), release(inputs_alone);
  free(labels), free(expected_inputs), free(expected), free(a), free(delta), free(below);
}

void test_network_kernels(void) {
  const int32_t networks[][6] = {{1, 1}, {3, 2}, {7, 5, 3}, {16, 20, 10}, {48, 48, 10}, {17, 33, 21, 4}, {50, 4, 4, 4, 2}};
  const int depth[] = {1, 1, 2, 2, 2, 3, 4};
  for (int network = 0; network < 7; network++) {
    for (int kind = 0; kind < 10; kind++) {
      const int rows[] = {1, 15, 16, 37, 300};
      /* One activation between the layers, or another one behind each, the last included. */
      int32_t activations[5];
      for (int l = 0; l < depth[network]; l++) activations[l] = kind % 5 < 3 ? l + 1 < depth[network] ? kind % 5 : 3 : (kind + l) % 4;
      for (int r = 0; r < 5; r++) test_network(networks[network], activations, depth[network], kind / 5, rows[r]);
    }
  }
}
