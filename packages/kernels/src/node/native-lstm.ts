import type { LstmKernel, LstmShape } from '../engine.js';
import {
  checkBackpropagation,
  checkSequence,
  checkStep,
  lstmLayout,
  lstmStateIndex,
} from '../lstm-layout.js';
import { CountedTrace, appendToTrace, traceExtent, traceOfSegment } from '../lstm-trace.js';
import type { NativeLibrary, NativeTarget } from './native-library.js';

/** Floats by which the C side may move the start of a trace to reach a cache line boundary. */
const ALIGNMENT_SLACK = 16;

/** Declares the functions of c/lstm-forward.c and c/lstm-backward.c; returns what makes an LSTM of them. Arrays are passed as they are, without copies. */
export function nativeLstm(library: NativeLibrary, target: NativeTarget): (shape: LstmShape) => LstmKernel {
  const packedSize = library.func(`int lstm_packed_size_${target}(int, int, int)`);
  const forwardSize = library.func(`int lstm_forward_size_${target}(int, int, int)`);
  const backwardSize = library.func(`int lstm_backward_size_${target}(int, int, int, int)`);
  const lstmForward = library.func(
    `void lstm_forward_${target}(int, int, int, int, int, const float *, const float *, float *, float *, float *, float *, float *, int, int, int)`,
  );
  const lstmBackpropagate = library.func(
    `void lstm_backpropagate_${target}(int, int, int, int, int, const float *, const float *, const float *, const float *, float *, float *, float *, float *, int, int)`,
  );
  const adviseTrace = library.func(`void lstm_trace_advise_${target}(float *, double)`);

  return (shape) => {
    const layout = lstmLayout(shape);
    const { inputs: width, hidden, layers } = shape;
    // Packed weights live on between calls; the library notices when the array's address or the weights have changed.
    const packed = new Float32Array(packedSize(width, hidden, layers));
    const forwardWorkspace = new Float32Array(forwardSize(width, hidden, layers));
    let backwardWorkspace = new Float32Array(0);

    /** Marks the traces of this kernel. */
    const identity = {};

    const forward = (
      weights: Float32Array,
      inputs: Float32Array,
      state: Float32Array,
      outputs: Float32Array,
      n: number,
      steps: number,
      appended: { trace: CountedTrace<Float32Array>; first: number } | undefined,
    ): void => {
      lstmForward(
        width,
        hidden,
        layers,
        n,
        steps,
        weights,
        inputs,
        state,
        outputs,
        packed,
        forwardWorkspace,
        appended?.trace.storage ?? null,
        appended?.trace.blocks ?? 0,
        appended?.trace.capacity ?? 0,
        appended?.first ?? 0,
      );
    };

    return {
      shape,
      weightCount: layout.weightCount,
      stateSize: (n) => layout.statePerCoordinate * n,
      stateIndex: (n, coordinate, layer, part, unit) =>
        lstmStateIndex(shape, n, coordinate, layer, part, unit),
      createTrace(n, capacity, maxBytes) {
        const { blocks, floats } = traceExtent(shape, n, capacity, maxBytes);
        const storage = new Float32Array(floats + ALIGNMENT_SLACK);
        adviseTrace(storage, floats);
        return new CountedTrace(identity, n, capacity, blocks, storage);
      },
      step(weights, inputs, state, outputs, trace) {
        const n = checkStep(shape, layout, weights, inputs, state, outputs);
        const appended = appendToTrace<Float32Array>('step', identity, trace, n, 1);
        forward(weights, inputs, state, outputs, n, 1, appended);
      },
      sequence(weights, inputs, state, outputs, trace) {
        const { n, steps } = checkSequence(shape, layout, weights, inputs, state, outputs);
        const appended = appendToTrace<Float32Array>('sequence', identity, trace, n, steps);
        forward(weights, inputs, state, outputs, n, steps, appended);
      },
      backpropagate(weights, initialState, inputs, cotangent, weightGradient, trace) {
        const { n, steps } = checkBackpropagation(
          shape,
          layout,
          weights,
          initialState,
          inputs,
          cotangent,
          weightGradient,
        );
        const traced = traceOfSegment<Float32Array>(identity, trace, n, steps);
        const size = backwardSize(width, hidden, layers, steps);
        if (backwardWorkspace.length < size) backwardWorkspace = new Float32Array(size);
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
          traced?.storage ?? null,
          traced?.blocks ?? 0,
          traced?.capacity ?? 0,
        );
      },
    };
  };
}
