/*
 * A network of dense layers: mean loss over a batch and its gradients. See NetworkKernel in network-kernel.ts for the contract.
 *
 * Examples fill the lanes: activations are [unit][16 examples]. A run of at most MAX_BLOCKS blocks of 16 examples goes through the whole network, forward and
 * backward, before the next one, so that the workspace does not grow with the batch.
 */
#include "lane-product.h"
#include "network-loss.h"
#include "panel.h"

enum { MAX_BLOCKS = 16 };
enum { SIGMOID = 0, TANH = 1, RELU = 2, IDENTITY = 3 };
enum { CROSS_ENTROPY = 0, SQUARED_ERROR = 1 };

/* φ in place on `count` vectors */
INLINE void activate(const int activation, const int count, vec *z) {
  if (activation == RELU) {
    UNROLL for (int i = 0; i < count; i++) z[i] = vec_max_or_nan(z[i], vec_zero());
  } else if (activation == TANH) {
    vec_tanhs(count, z);
  } else {
    vec_sigmoids(count, z);
  }
}

/* φ′(z) · d in terms of a = φ(z); the slope of ReLU at 0 is 0. */
INLINE vec through_activation(const int activation, vec a, vec d) {
  const vec one = vec_splat(1.0f);
  if (activation == RELU) return vec_select_less(vec_zero(), a, d, vec_zero());
  if (activation == TANH) return vec_mul(d, vec_fnma(a, a, one));
  return vec_mul(d, vec_mul(a, vec_sub(one, a)));
}

/* φ in place on [rows][LANES] */
static void activate_rows(int activation, float *z, int rows) {
  enum { ROW_VECTORS = LANES / VEC_LANES, IN_STEP = 4 };
  const ptrdiff_t vectors = (ptrdiff_t)rows * ROW_VECTORS;
#define ACTIVATE(kind)                                                                           \
  for (; at + IN_STEP <= vectors; at += IN_STEP) {                                               \
    vec several[IN_STEP];                                                                        \
    UNROLL for (int i = 0; i < IN_STEP; i++) several[i] = vec_load(z + (at + i) * VEC_LANES);    \
    activate(kind, IN_STEP, several);                                                            \
    UNROLL for (int i = 0; i < IN_STEP; i++) vec_store(z + (at + i) * VEC_LANES, several[i]);    \
  }                                                                                              \
  for (; at < vectors; at++) {                                                                   \
    vec one = vec_load(z + at * VEC_LANES);                                                      \
    activate(kind, 1, &one);                                                                     \
    vec_store(z + at * VEC_LANES, one);                                                          \
  }
  ptrdiff_t at = 0;
  if (activation == SIGMOID) {
    ACTIVATE(SIGMOID)
  } else if (activation == TANH) {
    ACTIVATE(TANH)
  } else {
    ACTIVATE(RELU)
  }
#undef ACTIVATE
}

static void activation_backward(int activation, const float *a, float *d, ptrdiff_t count) {
#define BACKWARD(kind)                                 \
  for (ptrdiff_t i = 0; i < count; i += VEC_LANES) {   \
    vec_store(d + i, through_activation(kind, vec_load(a + i), vec_load(d + i))); \
  }
  if (activation == SIGMOID) {
    BACKWARD(SIGMOID)
  } else if (activation == TANH) {
    BACKWARD(TANH)
  } else {
    BACKWARD(RELU)
  }
#undef BACKWARD
}

/* Rows of a batch [rows][width] → [width][LANES]. Lanes without a row repeat the last: finite where it is, and their deltas are 0. */
static void transpose_block(const float *from, int width, int rows, float *to) {
  int feature = 0;
  if (rows == LANES) {
    for (; feature + 4 <= width; feature += 4) {
      for (int lane = 0; lane < LANES; lane += 4) {
        const float *corner = from + (ptrdiff_t)lane * width + feature;
        quad q[4] = {quad_load(corner), quad_load(corner + width), quad_load(corner + 2 * (ptrdiff_t)width),
                     quad_load(corner + 3 * (ptrdiff_t)width)};
        quad_transpose(q);
        UNROLL for (int i = 0; i < 4; i++) quad_store(to + (feature + i) * LANES + lane, q[i]);
      }
    }
  }
  for (; feature < width; feature++) {
    for (int lane = 0; lane < LANES; lane++) {
      to[feature * LANES + lane] = from[(ptrdiff_t)smaller(lane, rows - 1) * width + feature];
    }
  }
}

/* z = Wᵀa + b for one block: W [inputs, outputs] as it stands, since a step of the sum reads its outputs side by side. */
static void dense_forward(int inputs, int outputs, const float *weights, const float *bias, const float *a, float *z) {
#define DENSE_TILE(rows)                                                                              \
  for (int lane = 0; lane < LANES; lane += TILE_LANES) {                                              \
    tile acc;                                                                                         \
    tile_splat(rows, bias + row, &acc);                                                               \
    panel_product(rows, weights + row, 1, outputs, a + lane, LANES, inputs, &acc);                    \
    tile_store(rows, z + row * LANES + lane, LANES, &acc);                                            \
  }
  FOR_TILES(row, outputs, DENSE_TILE)
#undef DENSE_TILE
}

/* Adds a tile [rows][VEC_LANES features] to the gradient [features][outputs], transposed. */
INLINE void add_transposed(const int rows, int features, const vec *acc, float *gradient, ptrdiff_t stride) {
  float turned[VEC_LANES][MAX_TILE];
  UNROLL for (int row = 0; row < rows; row += 4) {
#define TURN(part)                                                                                                 \
  if ((part) * 4 < VEC_LANES) {                                                                                    \
    quad q[4];                                                                                                     \
    UNROLL for (int i = 0; i < 4; i++) q[i] = vec_quad(acc[row + i < rows ? row + i : row], part);                 \
    quad_transpose(q);                                                                                             \
    UNROLL for (int i = 0; i < 4; i++) quad_store(&turned[(part) * 4 + i][row], q[i]);                             \
  }
    TURN(0)
#if defined(__AVX2__)
    TURN(1)
#endif
#if defined(__AVX512F__)
    TURN(2)
    TURN(3)
#endif
#undef TURN
  }
  for (int feature = 0; feature < features; feature++) {
    float *to = gradient + feature * stride;
    int row = 0;
    UNROLL for (; row + 4 <= rows; row += 4) quad_store(to + row, quad_add(quad_load(to + row), quad_load(&turned[feature][row])));
    UNROLL for (; row < rows; row++) to[row] += turned[feature][row];
  }
}

/*
 * Adds inputsᵀ·delta to the gradient [width, outputs] of the first layer. Features fill the lanes here, so that the wide side of the product needs no sums over
 * lanes: inputs are the caller's [rows][stride], delta [blocks][outputs][LANES].
 */
static void first_layer_gradient(int width, int outputs, const float *inputs, ptrdiff_t stride, int rows, const float *delta,
                                 float *gradient) {
  for (int feature = 0; feature < width; feature += TILE_LANES) {
#define FIRST_LAYER_TILE(height)                                                                                     \
  tile acc;                                                                                                          \
  tile_zero(height, &acc);                                                                                           \
  for (int first = 0; first < rows; first += LANES) {                                                                \
    panel_product(height, delta + (ptrdiff_t)first * outputs + output * LANES, LANES, 1, inputs + first * stride + feature, \
                  stride, smaller(LANES, rows - first), &acc);                                                       \
  }                                                                                                                  \
  UNROLL for (int v = 0; v < TILE_VECTORS; v++) {                                                                    \
    vec sums[MAX_TILE];                                                                                              \
    UNROLL for (int i = 0; i < height; i++) sums[i] = acc.of[i][v];                                                  \
    const int from = feature + v * VEC_LANES;                                                                        \
    add_transposed(height, smaller(VEC_LANES, width - from), sums, gradient + (ptrdiff_t)from * outputs + output,    \
                   outputs);                                                                                         \
  }
    FOR_TILES(output, outputs, FIRST_LAYER_TILE)
#undef FIRST_LAYER_TILE
  }
}

/* Floats of a weight matrix, packed for the backward pass. */
static ptrdiff_t packed_floats(const int32_t *sizes, int layer) { return (ptrdiff_t)sizes[layer] * sizes[layer + 1]; }

/*
 * ∂L/∂inputs [rows][width] from the first layer's deltas [blocks][outputs][LANES], with its weights packed. Apart from the rest: the compiler would otherwise share
 * registers between what is always done and this.
 */
__attribute__((noinline)) static void gradient_to_inputs(const float *packed, int width, int outputs, int rows, const float *delta,
                                                         float *block_gradient, float *gradient) {
  for (int first = 0; first < rows; first += LANES) {
    packed_product(packed, width, outputs, delta + (ptrdiff_t)first * outputs, 0, block_gradient);
    for (int lane = 0; lane < smaller(LANES, rows - first); lane++) {
      float *to = gradient + (ptrdiff_t)(first + lane) * width;
      for (int feature = 0; feature < width; feature++) to[feature] = block_gradient[feature * LANES + lane];
    }
  }
}

/* Floats of the workspace of `network_evaluate` for a network of `layers` dense layers, sizes [layers + 1]. */
int32_t KERNEL(network_size)(const int32_t *sizes, int32_t layers) {
  ptrdiff_t units = 0, packed = 0;
  for (int l = 0; l <= layers; l++) units += sizes[l];
  for (int l = 0; l < layers; l++) packed += round_up(packed_floats(sizes, l), CACHE_LINE_FLOATS);
  /* Activations of all layers but the first (whose block is turned when it is needed), deltas of as many, the tail of wide inputs. */
  return (int32_t)(CACHE_LINE_FLOATS + LANES * (sizes[0] + MAX_BLOCKS * (2 * (units - sizes[0]))) +
                   MAX_BLOCKS * LANES * LANES + packed);
}

/*
 * Mean loss of `rows` examples, inputs [rows, sizes[0]], targets: bytes [rows] (cross-entropy) or floats [rows, last size] (squared error). activations [layers] come
 * behind the dense layers. `gradient` [parameter count] and `input_gradient` [rows, sizes[0]] are overwritten; null where they are not wanted.
 */
double KERNEL(network_evaluate)(const int32_t *sizes, const int32_t *activations, int32_t layers, int32_t loss, int32_t rows,
                                const float *inputs, const void *targets, const float *parameters, float *gradient,
                                float *input_gradient, float *workspace) {
  const int width = sizes[0], outputs = sizes[layers], last = activations[layers - 1];
  const float weight = 1.0f / (float)rows;
  float *turned = aligned_floats(workspace), *tail = turned + (ptrdiff_t)LANES * width;
  float *values = tail + MAX_BLOCKS * LANES * LANES;
  ptrdiff_t units = 0, parameter_count = 0, packed_count = 0;
  for (int l = 0; l < layers; l++) {
    units += sizes[l + 1];
    parameter_count += (ptrdiff_t)(sizes[l] + 1) * sizes[l + 1];
    if (l > 0) packed_count += round_up(packed_floats(sizes, l), CACHE_LINE_FLOATS);
  }
  float *deltas = values + MAX_BLOCKS * LANES * units, *packed = deltas + MAX_BLOCKS * LANES * units;
  float *packed_first = packed + packed_count;
  float *last_values = values + MAX_BLOCKS * LANES * (units - outputs);
  /* The last layer's values become their own deltas, but where an activation's slope still needs them: behind the deltas of the others there is room. */
  float *last_deltas = last == IDENTITY ? last_values : deltas + MAX_BLOCKS * LANES * (units - outputs);

  if (gradient) zero_floats(gradient, parameter_count);
  if (gradient || input_gradient) {
    const float *w = parameters;
    float *to = packed;
    for (int l = 0; l < layers; l++) {
      if (l > 0) {
        pack_panels(w, sizes[l + 1], 1, sizes[l], sizes[l + 1], to);
        to += round_up(packed_floats(sizes, l), CACHE_LINE_FLOATS);
      } else if (input_gradient) {
        pack_panels(w, sizes[1], 1, sizes[0], sizes[1], packed_first);
      }
      w += (ptrdiff_t)(sizes[l] + 1) * sizes[l + 1];
    }
  }

  double total = 0;
  for (ptrdiff_t first = 0; first < rows; first += MAX_BLOCKS * LANES) {
    const int run = smaller(MAX_BLOCKS * LANES, (int)(rows - first)), blocks = (run + LANES - 1) / LANES;
    const float *run_inputs = inputs + first * width;

    for (int block = 0; block < blocks; block++) {
      const int block_rows = smaller(LANES, run - block * LANES);
      transpose_block(run_inputs + (ptrdiff_t)block * LANES * width, width, block_rows, turned);
      const float *w = parameters, *a = turned;
      float *layer_values = values;
      for (int l = 0; l < layers; l++) {
        float *z = layer_values + (ptrdiff_t)block * LANES * sizes[l + 1];
        dense_forward(sizes[l], sizes[l + 1], w, w + packed_floats(sizes, l), a, z);
        if (activations[l] != IDENTITY) activate_rows(activations[l], z, sizes[l + 1]);
        a = z;
        w += (ptrdiff_t)(sizes[l] + 1) * sizes[l + 1];
        layer_values += (ptrdiff_t)MAX_BLOCKS * LANES * sizes[l + 1];
      }
      const ptrdiff_t row = first + block * LANES;
      float *z = last_deltas + (ptrdiff_t)block * LANES * outputs;
      if (z != a) copy_floats(z, a, (ptrdiff_t)LANES * outputs);
      total += loss == CROSS_ENTROPY ? softmax_cross_entropy(outputs, z, (const uint8_t *)targets + row, block_rows, weight)
                                     : squared_error(outputs, z, (const float *)targets + row * outputs, block_rows, weight);
      if (last != IDENTITY) activation_backward(last, a, z, (ptrdiff_t)LANES * outputs);
    }
    if (!gradient && !input_gradient) continue;

    const float *delta = last_deltas, *packed_layer = packed + packed_count;
    float *layer_deltas = deltas;
    const float *layer_values = last_values;
    ptrdiff_t at = parameter_count;
    for (int l = layers - 1; l >= 0; l--) {
      const int in = sizes[l], out = sizes[l + 1];
      at -= (ptrdiff_t)(in + 1) * out;
      if (gradient) lane_sums(out, blocks, delta, (ptrdiff_t)LANES * out, gradient + at + packed_floats(sizes, l));
      if (l == 0) break;
      layer_values -= (ptrdiff_t)MAX_BLOCKS * LANES * in;
      packed_layer -= round_up(packed_floats(sizes, l), CACHE_LINE_FLOATS);
      if (gradient) {
        lane_product(in, out, blocks, layer_values, (ptrdiff_t)LANES * in, delta, (ptrdiff_t)LANES * out, gradient + at, out, 0);
      }
      for (int block = 0; block < blocks; block++) {
        float *below = layer_deltas + (ptrdiff_t)block * LANES * in;
        packed_product(packed_layer, in, out, delta + (ptrdiff_t)block * LANES * out, 0, below);
        if (activations[l - 1] == IDENTITY) continue;
        activation_backward(activations[l - 1], layer_values + (ptrdiff_t)block * LANES * in, below, (ptrdiff_t)LANES * in);
      }
      delta = layer_deltas;
      layer_deltas += (ptrdiff_t)MAX_BLOCKS * LANES * in;
    }
    const int out = sizes[1];
    if (gradient) {
      const int whole = width / TILE_LANES * TILE_LANES;
      first_layer_gradient(whole, out, run_inputs, width, run, delta, gradient);
      if (whole < width) {
        for (ptrdiff_t i = 0; i < run; i++) {
          for (int j = 0; j < TILE_LANES; j++) {
            tail[i * TILE_LANES + j] = whole + j < width ? run_inputs[i * width + whole + j] : 0.0f;
          }
        }
        first_layer_gradient(width - whole, out, tail, TILE_LANES, run, delta, gradient + (ptrdiff_t)whole * out);
      }
    }
    if (input_gradient) gradient_to_inputs(packed_first, width, out, run, delta, turned, input_gradient + first * width);
  }
  return total / rows;
}
