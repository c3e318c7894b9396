import type { LstmKernel, LstmShape } from '../engine.js';
import { requireLength } from '../array-lengths.js';
import { checkSeries, checkStep, lstmLayout, lstmStateIndex } from '../lstm-layout.js';
import type { NativeLibrary, NativeTarget } from './native-library.js';

/** Declares the functions of c/lstm.c; returns what makes an LSTM of them. Arrays are passed as they are, without copies. */
export function nativeLstm(library: NativeLibrary, target: NativeTarget): (shape: LstmShape) => LstmKernel {
  const packedSize = library.func(`int lstm_packed_size_${target}(int, int, int)`);
  const forwardSize = library.func(`int lstm_forward_size_${target}(int, int, int)`);
  const backwardSize = library.func(`int lstm_backward_size_${target}(int, int, int, int)`);
  const lstmForward = library.func(
    `void lstm_forward_${target}(int, int, int, int, int, const float *, const float *, float *, float *, float *, float *)`,
  );
  const lstmBackpropagate = library.func(
    `void lstm_backpropagate_${target}(int, int, int, int, int, const float *, const float *, const float *, const float *, float *, float *, float *)`,
  );

  return (shape) => {
    const layout = lstmLayout(shape);
    const { inputs: width, hidden, layers } = shape;
    // Packed weights live on between calls; the library notices when the array's address or the weights have changed.
    const packed = new Float32Array(packedSize(width, hidden, layers));
    const forwardWorkspace = new Float32Array(forwardSize(width, hidden, layers));
    let backwardWorkspace = new Float32Array(0);

    return {
      shape,
      weightCount: layout.weightCount,
      stateSize: (n) => layout.statePerCoordinate * n,
      stateIndex: (n, coordinate, layer, part, unit) =>
        lstmStateIndex(shape, n, coordinate, layer, part, unit),
      step(weights, inputs, state, outputs) {
        const n = checkStep(shape, layout, weights, inputs, state, outputs);
        lstmForward(
          width,
          hidden,
          layers,
          n,
          1,
          weights,
          inputs,
          state,
          outputs,
          packed,
          forwardWorkspace,
        );
      },
      sequence(weights, inputs, state, outputs) {
        const { n, steps } = checkSeries('sequence', shape, layout, weights, inputs, state, outputs);
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
        );
      },
      backpropagate(weights, initialState, inputs, cotangent, weightGradient) {
        const { n, steps } = checkSeries(
          'backpropagate',
          shape,
          layout,
          weights,
          inputs,
          initialState,
          cotangent,
        );
        requireLength(
          'LstmKernel.backpropagate',
          'weightGradient',
          weightGradient,
          layout.weightCount,
          '[weightCount]',
        );
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
        );
      },
    };
  };
}
