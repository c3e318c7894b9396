/* Backpropagation through an LSTM of any number of outputs, to weights, inputs and first state. */
#define COMPLETE 1
#include "lstm-backpropagation.h"

/* See lstm_backpropagate_all. */
void KERNEL(lstm_backward)(int32_t inputs, int32_t hidden, int32_t layers, int32_t outputs, int32_t n, int32_t steps, const float *weights, const float *initial_state, const float *features,
                                const float *cotangent, float *gradient, float *packed_workspace, float *workspace,
                                float *trace_floats, int32_t traced_blocks, int32_t trace_capacity,
                           const float *state_cotangent, float *inputs_gradient, float *state_gradient) {
  const lstm_shape shape = {inputs, hidden, layers, outputs};
  lstm_backpropagate_all(shape, n, steps, weights, initial_state, features, cotangent, gradient, packed_workspace, workspace, trace_floats,
                         traced_blocks, trace_capacity, state_cotangent, inputs_gradient, state_gradient);
}
