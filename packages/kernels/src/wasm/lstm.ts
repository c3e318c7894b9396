import type { LstmKernel, LstmShape } from '../engine.js';
import { requireLength } from '../array-lengths.js';
import { checkSeries, checkStep, lstmLayout, lstmStateIndex } from '../lstm-layout.js';
import { createKernelMemory, layOutRegions } from './kernel-memory.js';

/** The functions of c/lstm.c; pointers are byte addresses. */
interface LstmExports {
  lstm_packed_size(inputs: number, hidden: number, layers: number): number;
  lstm_forward_size(inputs: number, hidden: number, layers: number): number;
  lstm_backward_size(inputs: number, hidden: number, layers: number, steps: number): number;
  lstm_forward(
    inputs: number,
    hidden: number,
    layers: number,
    n: number,
    steps: number,
    weights: number,
    features: number,
    state: number,
    outputs: number,
    packed: number,
    workspace: number,
  ): void;
  lstm_backpropagate(
    inputs: number,
    hidden: number,
    layers: number,
    n: number,
    steps: number,
    weights: number,
    initialState: number,
    features: number,
    cotangent: number,
    gradient: number,
    packed: number,
    workspace: number,
  ): void;
}

/** An LSTM in a WebAssembly instance of its own. */
export function lstm(shape: LstmShape): LstmKernel {
  const layout = lstmLayout(shape);
  const { inputs: width, hidden, layers } = shape;
  const memory = createKernelMemory();
  const kernels = memory.exports as unknown as LstmExports;
  // The packed weights stay where they are from call to call; what depends on n and T lies behind them.
  const fixed = layOutRegions(memory.base, {
    packed: kernels.lstm_packed_size(width, hidden, layers),
    weights: layout.weightCount,
    gradient: layout.weightCount,
  });
  const forwardSize = kernels.lstm_forward_size(width, hidden, layers);

  const forward = (
    weights: Float32Array,
    inputs: Float32Array,
    state: Float32Array,
    outputs: Float32Array,
    n: number,
    steps: number,
  ): void => {
    const at = layOutRegions(fixed.end, {
      workspace: forwardSize,
      inputs: inputs.length,
      state: state.length,
      outputs: outputs.length,
    });
    memory.reserve(at.end);
    memory.write(fixed.weights, weights);
    memory.write(at.inputs, inputs);
    memory.write(at.state, state);
    kernels.lstm_forward(
      width,
      hidden,
      layers,
      n,
      steps,
      fixed.weights,
      at.inputs,
      at.state,
      at.outputs,
      fixed.packed,
      at.workspace,
    );
    memory.read(at.state, state);
    memory.read(at.outputs, outputs);
  };

  return {
    shape,
    weightCount: layout.weightCount,
    stateSize: (n) => layout.statePerCoordinate * n,
    stateIndex: (n, coordinate, layer, part, unit) =>
      lstmStateIndex(shape, n, coordinate, layer, part, unit),
    step(weights, inputs, state, outputs) {
      const n = checkStep(shape, layout, weights, inputs, state, outputs);
      forward(weights, inputs, state, outputs, n, 1);
    },
    sequence(weights, inputs, state, outputs) {
      const { n, steps } = checkSeries('sequence', shape, layout, weights, inputs, state, outputs);
      forward(weights, inputs, state, outputs, n, steps);
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
      const at = layOutRegions(fixed.end, {
        workspace: kernels.lstm_backward_size(width, hidden, layers, steps),
        inputs: inputs.length,
        state: initialState.length,
        cotangent: cotangent.length,
      });
      memory.reserve(at.end);
      memory.write(fixed.weights, weights);
      memory.write(fixed.gradient, weightGradient);
      memory.write(at.inputs, inputs);
      memory.write(at.state, initialState);
      memory.write(at.cotangent, cotangent);
      kernels.lstm_backpropagate(
        width,
        hidden,
        layers,
        n,
        steps,
        fixed.weights,
        at.state,
        at.inputs,
        at.cotangent,
        fixed.gradient,
        fixed.packed,
        at.workspace,
      );
      memory.read(fixed.gradient, weightGradient);
    },
  };
}
