/* Backpropagation through an LSTM of one output, to its weights alone. */
#define COMPLETE 0
#include "lstm-backpropagation.h"

/* Floats of the workspace of `lstm_backpropagate` and of `lstm_backward`. */
int32_t KERNEL(lstm_backward_size)(int32_t inputs, int32_t hidden, int32_t layers, int32_t outputs, int32_t steps) {
  const lstm_shape shape = {inputs, hidden, layers, outputs};
  const int segment = segment_steps(&shape, steps);
  const int segments = (steps + segment - 1) / segment;
  const ptrdiff_t state = (ptrdiff_t)layers * 2 * hidden * LANES;
  return (int32_t)(CACHE_LINE_FLOATS + round_up(lstm_weight_count(&shape), CACHE_LINE_FLOATS) + segments * state +
                   state + (ptrdiff_t)segment * outputs * LANES + inputs_gradient_floats(&shape) +
                   record_floats(&shape, segment));
}

/* Adds ∂L/∂weights to `gradient`; see lstm_backpropagate_all. */
void KERNEL(lstm_backpropagate)(int32_t inputs, int32_t hidden, int32_t layers, int32_t n, int32_t steps, const float *weights, const float *initial_state, const float *features,
                                const float *cotangent, float *gradient, float *packed_workspace, float *workspace,
                                float *trace_floats, int32_t traced_blocks, int32_t trace_capacity) {
  const lstm_shape shape = {inputs, hidden, layers, 1};
  lstm_backpropagate_all(shape, n, steps, weights, initial_state, features, cotangent, gradient, packed_workspace, workspace, trace_floats,
                         traced_blocks, trace_capacity, 0, 0, 0);
}
