import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';
import type { BareLstm } from './bare-lstm.js';
import type { LstmShape } from './lstm-kernel.js';

/** Floats by which the C side may move the start of a trace to reach a cache line boundary. */
const ALIGNMENT_SLACK = 16;

/**
 * Declares the functions of c/lstm-forward.c and c/lstm-backward.c; returns what makes an LSTM of them.
 * Arrays are passed as they are, without copies.
 */
export function nativeLstm(
  library: NativeLibrary,
  target: NativeTarget,
): (shape: Required<LstmShape>) => BareLstm<Float32Array> {
  const packedSize = library.func(`int lstm_packed_size_${target}(int, int, int, int)`);
  const forwardSize = library.func(`int lstm_forward_size_${target}(int, int, int)`);
  const backwardSize = library.func(`int lstm_backward_size_${target}(int, int, int, int, int)`);
  const lstmForward = library.func(
    `void lstm_forward_${target}(int, int, int, int, int, int, const float *, const float *, float *, float *, float *, float *, float *, int, int, int)`,
  );
  const lstmBackpropagate = library.func(
    `void lstm_backpropagate_${target}(int, int, int, int, int, const float *, const float *, const float *, const float *, float *, float *, float *, float *, int, int)`,
  );
  const lstmBackward = library.func(
    `void lstm_backward_${target}(int, int, int, int, int, int, const float *, const float *, const float *, const float *, float *, float *, float *, float *, int, int, const float *, float *, float *)`,
  );
  const adviseTrace = library.func(`void lstm_trace_advise_${target}(float *, double)`);

  return ({ inputs: width, hidden, layers, outputs: outputCount }) => {
    // Packed weights live on between calls; the library notices when the array's address or the weights have changed.
    const packed = new Float32Array(packedSize(width, hidden, layers, outputCount));
    const forwardWorkspace = new Float32Array(forwardSize(width, hidden, layers));
    let backwardWorkspace = new Float32Array(0);

    return {
      forward(weights, inputs, state, outputs, n, steps, trace) {
        lstmForward(
          width,
          hidden,
          layers,
          outputCount,
          n,
          steps,
          weights,
          inputs,
          state,
          outputs,
          packed,
          forwardWorkspace,
          trace?.storage ?? null,
          trace?.blocks ?? 0,
          trace?.capacity ?? 0,
          trace?.first ?? 0,
        );
      },
      backpropagate(weights, initialState, inputs, cotangent, weightGradient, n, steps, trace, beside) {
        const size = backwardSize(width, hidden, layers, outputCount, steps);
        if (backwardWorkspace.length < size) backwardWorkspace = new Float32Array(size);
        if (outputCount === 1 && !beside) {
          lstmBackpropagate(
            width,
            hidden,
            layers,
            n,
            steps,
            weights,
            initialState,
            inputs,
            cotangent,
            weightGradient,
            packed,
            backwardWorkspace,
            trace?.storage ?? null,
            trace?.blocks ?? 0,
            trace?.capacity ?? 0,
          );
          return;
        }
        lstmBackward(
          width,
          hidden,
          layers,
          outputCount,
          n,
          steps,
          weights,
          initialState,
          inputs,
          cotangent,
          weightGradient,
          packed,
          backwardWorkspace,
          trace?.storage ?? null,
          trace?.blocks ?? 0,
          trace?.capacity ?? 0,
          beside?.stateCotangent ?? null,
          beside?.inputGradient ?? null,
          beside?.stateGradient ?? null,
        );
      },
      allocateTrace(floats) {
        const storage = new Float32Array(floats + ALIGNMENT_SLACK);
        adviseTrace(storage, floats);
        return { storage, bytes: storage.byteLength };
      },
      // Nothing but the trace refers to the array: it is collected with the trace's reference.
      freeTrace() {},
    };
  };
}
