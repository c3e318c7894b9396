/* The LSTM, forward and backward, against one coordinate after the other. */
#include "testing.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t KERNEL(lstm_packed_size)(int32_t, int32_t, int32_t, int32_t);
int32_t KERNEL(lstm_forward_size)(int32_t, int32_t, int32_t);
int32_t KERNEL(lstm_backward_size)(int32_t, int32_t, int32_t, int32_t, int32_t);
int32_t KERNEL(lstm_trace_block_size)(int32_t, int32_t, int32_t);
void KERNEL(lstm_trace_advise)(float *, double);
void KERNEL(lstm_forward)(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, const float *, const float *, float *, float *,
                          float *, float *, float *, int32_t, int32_t, int32_t);
void KERNEL(lstm_backpropagate)(int32_t, int32_t, int32_t, int32_t, int32_t, const float *, const float *, const float *,
                                const float *, float *, float *, float *, float *, int32_t, int32_t);
void KERNEL(lstm_backward)(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, const float *, const float *, const float *,
                           const float *, float *, float *, float *, float *, int32_t, int32_t, const float *, float *, float *);

typedef struct {
  int inputs, hidden, layers, outputs;
} shape;

static long weight_count(shape s) {
  long count = (long)s.outputs * (s.hidden + 1);
  for (int l = 0; l < s.layers; l++) count += 4L * s.hidden * ((l ? s.hidden : s.inputs) + s.hidden + 1);
  return count;
}

/* The place of a state number: see lstmStateIndex in lstm-layout.ts. */
static long state_at(shape s, int n, int j, int layer, int part, int unit) {
  const int block = j / 16, lanes = n - 16 * block < 16 ? n - 16 * block : 16;
  return (long)block * 16 * 2 * s.layers * s.hidden + ((2L * layer + part) * s.hidden + unit) * lanes + j % 16;
}

/*
 * One coordinate, T steps: outputs, last state (h and c per layer, in place of the first), and gradients for its cotangents; the last state's cotangent becomes the
 * first one's gradient.
 */
static void naive_lstm(shape s, int steps, const float *w, const double *x, const double *cotangent, double *h0, double *outputs,
                       double *gradient, double *d_x, double *d_state) {
  const int H = s.hidden, L = s.layers, O = s.outputs;
  double *h = calloc((size_t)(steps + 1) * L * H, sizeof(double)), *c = calloc((size_t)(steps + 1) * L * H, sizeof(double));
  double *g = calloc((size_t)steps * L * 4 * H, sizeof(double));
  for (int l = 0; l < L; l++) {
    for (int u = 0; u < H; u++) {
      h[l * H + u] = h0[(2 * l) * H + u];
      c[l * H + u] = h0[(2 * l + 1) * H + u];
    }
  }
#define STATE(a, t, l) (a + ((long)(t) * L + (l)) * H)
  for (int t = 0; t < steps; t++) {
    const float *layer_w = w;
    for (int l = 0; l < L; l++) {
      const int I = l ? H : s.inputs;
      const double *in = l ? STATE(h, t + 1, l - 1) : x + (long)t * s.inputs;
      double *gates = g + ((long)t * L + l) * 4 * H;
      for (int r = 0; r < 4 * H; r++) {
        double z = layer_w[4L * H * (I + H) + r];
        for (int k = 0; k < I; k++) z += layer_w[(long)r * I + k] * in[k];
        for (int k = 0; k < H; k++) z += layer_w[4L * H * I + (long)r * H + k] * STATE(h, t, l)[k];
        gates[r] = r / H == 2 ? tanh(z) : sigmoid(z);
      }
      for (int u = 0; u < H; u++) {
        STATE(c, t + 1, l)[u] = gates[H + u] * STATE(c, t, l)[u] + gates[u] * gates[2 * H + u];
        STATE(h, t + 1, l)[u] = gates[3 * H + u] * tanh(STATE(c, t + 1, l)[u]);
      }
      layer_w += 4L * H * (I + H + 1);
    }
    for (int o = 0; o < O; o++) {
      outputs[t * O + o] = layer_w[O * H + o];
      for (int u = 0; u < H; u++) outputs[t * O + o] += layer_w[o * H + u] * STATE(h, t + 1, L - 1)[u];
    }
  }
  for (int l = 0; l < L; l++) {
    for (int u = 0; u < H; u++) {
      h0[(2 * l) * H + u] = STATE(h, steps, l)[u];
      h0[(2 * l + 1) * H + u] = STATE(c, steps, l)[u];
    }
  }
  double *dh = calloc((size_t)L * H, sizeof(double)), *dc = calloc((size_t)L * H, sizeof(double)), *dz = malloc((size_t)4 * H * sizeof(double));
  for (int l = 0; l < L; l++) {
    for (int u = 0; u < H; u++) dh[l * H + u] = d_state[2 * l * H + u], dc[l * H + u] = d_state[(2 * l + 1) * H + u];
  }
  const long out_at = weight_count(s) - (long)O * (H + 1);
  for (int t = steps - 1; t >= 0; t--) {
    for (int o = 0; o < O; o++) {
      const double from = cotangent[t * O + o];
      for (int u = 0; u < H; u++) {
        dh[(L - 1) * H + u] += from * w[out_at + o * H + u];
        gradient[out_at + o * H + u] += from * STATE(h, t + 1, L - 1)[u];
      }
      gradient[out_at + O * H + o] += from;
    }
    for (int i = 0; i < s.inputs; i++) d_x[(long)t * s.inputs + i] = 0;
    long at = out_at;
    for (int l = L - 1; l >= 0; l--) {
      const int I = l ? H : s.inputs;
      at -= 4L * H * (I + H + 1);
      const double *gates = g + ((long)t * L + l) * 4 * H, *in = l ? STATE(h, t + 1, l - 1) : x + (long)t * s.inputs;
      for (int u = 0; u < H; u++) {
        const double i = gates[u], f = gates[H + u], gg = gates[2 * H + u], o = gates[3 * H + u];
        const double tc = tanh(STATE(c, t + 1, l)[u]), d = dh[l * H + u];
        const double e = dc[l * H + u] + d * o * (1 - tc * tc);
        dz[u] = e * gg * i * (1 - i);
        dz[H + u] = e * STATE(c, t, l)[u] * f * (1 - f);
        dz[2 * H + u] = e * i * (1 - gg * gg);
        dz[3 * H + u] = d * tc * o * (1 - o);
        dc[l * H + u] = e * f;
        dh[l * H + u] = 0;
      }
      for (int r = 0; r < 4 * H; r++) {
        gradient[at + 4L * H * (I + H) + r] += dz[r];
        for (int k = 0; k < I; k++) {
          gradient[at + (long)r * I + k] += dz[r] * in[k];
          *(l ? &dh[(l - 1) * H + k] : &d_x[(long)t * I + k]) += dz[r] * w[at + (long)r * I + k];
        }
        for (int k = 0; k < H; k++) {
          gradient[at + 4L * H * I + (long)r * H + k] += dz[r] * STATE(h, t, l)[k];
          dh[l * H + k] += dz[r] * w[at + 4L * H * I + (long)r * H + k];
        }
      }
    }
  }
  for (int l = 0; l < L; l++) {
    for (int u = 0; u < H; u++) d_state[2 * l * H + u] = dh[l * H + u], d_state[(2 * l + 1) * H + u] = dc[l * H + u];
  }
  free(h), free(c), free(g), free(dh), free(dc), free(dz);
}

/* `complete`: with the cotangent of the last state, and the gradients to inputs and first state. */
static void test_lstm_backward(shape s, int n, int steps, int traced_blocks, int complete) {
  const int O = s.outputs;
  const long count = weight_count(s), per = 2L * s.layers * s.hidden;
  float *w = random_floats(count, 1.7 / sqrt(s.hidden)), *x = random_floats((long)steps * s.inputs * n, 1.5);
  float *state = random_floats(per * n, 0.8), *cotangent = random_floats((long)steps * O * n, 1);
  float *end = random_floats(per * n, complete ? 1 : 0), *d_x = floats((long)steps * s.inputs * n), *d_start = floats(per * n);
  float *start = floats(per * n), *outputs = floats((long)steps * O * n), *gradient = zeros(count);
  memcpy(start, state, (size_t)(per * n) * sizeof(float));
  float *packed = zeros(KERNEL(lstm_packed_size)(s.inputs, s.hidden, s.layers, O));
  float *forward = floats(KERNEL(lstm_forward_size)(s.inputs, s.hidden, s.layers));
  float *backward = floats(KERNEL(lstm_backward_size)(s.inputs, s.hidden, s.layers, O, steps));
  const int blocks = (n + 15) / 16;
  if (traced_blocks > blocks) traced_blocks = blocks;
  const long trace_floats = (long)traced_blocks * KERNEL(lstm_trace_block_size)(s.hidden, s.layers, steps + 1) + 16;
  float *trace = floats(trace_floats);
  KERNEL(lstm_trace_advise)(trace, (double)trace_floats);

  double *expected_outputs = calloc((size_t)steps * O * n, sizeof(double)), *expected_state = calloc((size_t)(per * n), sizeof(double));
  double *expected_gradient = calloc((size_t)count, sizeof(double)), *one_x = malloc((size_t)steps * s.inputs * sizeof(double));
  double *one_cotangent = malloc((size_t)steps * O * sizeof(double)), *one_state = malloc((size_t)per * sizeof(double));
  double *one_outputs = malloc((size_t)steps * O * sizeof(double)), *one_d_x = malloc((size_t)steps * s.inputs * sizeof(double));
  double *one_d_state = malloc((size_t)per * sizeof(double)), *expected_d_x = malloc((size_t)steps * s.inputs * n * sizeof(double));
  double *expected_d_start = malloc((size_t)(per * n) * sizeof(double));
  for (int j = 0; j < n; j++) {
    for (int t = 0; t < steps; t++) {
      for (int i = 0; i < s.inputs; i++) one_x[t * s.inputs + i] = x[((long)t * s.inputs + i) * n + j];
      for (int o = 0; o < O; o++) one_cotangent[t * O + o] = cotangent[((long)t * O + o) * n + j];
    }
    for (int row = 0; row < 2 * s.layers; row++) {
      for (int u = 0; u < s.hidden; u++) {
        one_state[row * s.hidden + u] = state[state_at(s, n, j, row / 2, row % 2, u)];
        one_d_state[row * s.hidden + u] = end[state_at(s, n, j, row / 2, row % 2, u)];
      }
    }
    naive_lstm(s, steps, w, one_x, one_cotangent, one_state, one_outputs, expected_gradient, one_d_x, one_d_state);
    for (int t = 0; t < steps; t++) {
      for (int o = 0; o < O; o++) expected_outputs[((long)t * O + o) * n + j] = one_outputs[t * O + o];
      for (int i = 0; i < s.inputs; i++) expected_d_x[((long)t * s.inputs + i) * n + j] = one_d_x[t * s.inputs + i];
    }
    for (int row = 0; row < 2 * s.layers; row++) {
      for (int u = 0; u < s.hidden; u++) {
        expected_state[state_at(s, n, j, row / 2, row % 2, u)] = one_state[row * s.hidden + u];
        expected_d_start[state_at(s, n, j, row / 2, row % 2, u)] = one_d_state[row * s.hidden + u];
      }
    }
  }

  /* The first step alone, the others in one call. */
  const int split = steps > 1 ? 1 : 0;
  if (split) {
    KERNEL(lstm_forward)(s.inputs, s.hidden, s.layers, O, n, 1, w, x, state, outputs, packed, forward, trace, traced_blocks, steps + 1, 0);
  }
  KERNEL(lstm_forward)(s.inputs, s.hidden, s.layers, O, n, steps - split, w, x + (long)split * s.inputs * n, state,
                       outputs + (long)split * O * n, packed, forward, trace, traced_blocks, steps + 1, split);
  if (complete) {
    KERNEL(lstm_backward)(s.inputs, s.hidden, s.layers, O, n, steps, w, start, x, cotangent, gradient, packed, backward, trace,
                          traced_blocks, steps + 1, end, d_x, d_start);
  } else {
    KERNEL(lstm_backpropagate)(s.inputs, s.hidden, s.layers, n, steps, w, start, x, cotangent, gradient, packed, backward, trace,
                               traced_blocks, steps + 1);
  }
  char what[200];
  snprintf(what, sizeof what, "LSTM %dx%d, %d inputs, %d outputs, n %d, T %d, %d traced blocks", s.layers, s.hidden, s.inputs, O, n, steps,
           traced_blocks);
  compare(what, outputs, expected_outputs, (long)steps * O * n, 5e-6);
  compare(what, state, expected_state, per * n, 5e-6);
  compare(what, gradient, expected_gradient, count, 3e-5);
  if (complete) {
    compare(what, d_x, expected_d_x, (long)steps * s.inputs * n, 3e-5);
    compare(what, d_start, expected_d_start, per * n, 3e-5);
  }

  release(w), release(x), release(state), release(cotangent), release(start), release(outputs), release(gradient);
  release(end), release(d_x), release(d_start), release(packed), release(forward), release(backward), release(trace);
  free(expected_outputs), free(expected_state), free(expected_gradient), free(one_x), free(one_cotangent), free(one_state), free(one_outputs);
  free(one_d_x), free(one_d_state), free(expected_d_x), free(expected_d_start);
}

static void test_lstm(shape s, int n, int steps, int traced_blocks) {
  test_lstm_backward(s, n, steps, traced_blocks, 0);
}

void test_lstm_kernels(void) {
  const int hidden[] = {1, 2, 3, 4, 5, 7, 8, 13, 16, 20, 33};
  for (unsigned i = 0; i < sizeof hidden / sizeof *hidden; i++) {
    for (int layers = 1; layers <= 3; layers++) {
      const shape s = {1 + (int)(i % 5), hidden[i], layers, 1};
      test_lstm(s, 1 + (int)(7 * i) % 40, 1 + (int)i % 4, layers == 2 ? 99 : 0);
      test_lstm(s, 33, 3, layers - 1);
      test_lstm_backward((shape){s.inputs, s.hidden, layers, 1 + (int)i % 4}, 19, 3, layers - 1, 1);
    }
  }
  for (int n = 1; n <= 34; n++) test_lstm((shape){2, 6, 2, 1}, n, 2, n % 3);
  test_lstm((shape){2, 20, 2, 1}, 40, 45, 1);
  test_lstm((shape){3, 128, 1, 1}, 17, 3, 1);
  /* A trace that is larger than the cache, and a segment whose record is made from checkpoints. */
  test_lstm((shape){2, 20, 1, 1}, 900, 30, 99);
  test_lstm((shape){1, 128, 1, 1}, 3, 700, 0);
  test_lstm((shape){1, 128, 1, 1}, 3, 700, 1);
  test_lstm_backward((shape){1, 128, 1, 2}, 3, 700, 1, 1);
}
