import type { LstmKernel, LstmShape } from '../engine.js';
import {
  checkBackpropagation,
  checkSequence,
  checkStep,
  lstmLayout,
  lstmStateIndex,
} from '../lstm-layout.js';
import { CountedTrace, appendToTrace, traceExtent, traceOfSegment } from '../lstm-trace.js';
import { createKernelMemory, layOutRegions } from './kernel-memory.js';

/** The functions of c/lstm-forward.c and c/lstm-backward.c; pointers are byte addresses. */
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
    trace: number,
    tracedBlocks: number,
    traceCapacity: number,
    traceStep: number,
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
    trace: number,
    tracedBlocks: number,
    traceCapacity: number,
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
  // Where the memory of single calls begins: behind the traces.
  let free = fixed.end;
  /** Marks the traces of this kernel. */
  const identity = {};
  const forwardSize = kernels.lstm_forward_size(width, hidden, layers);

  const forward = (
    weights: Float32Array,
    inputs: Float32Array,
    state: Float32Array,
    outputs: Float32Array,
    n: number,
    steps: number,
    appended: { trace: CountedTrace<number>; first: number } | undefined,
  ): void => {
    const at = layOutRegions(free, {
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
      appended?.trace.storage ?? 0,
      appended?.trace.blocks ?? 0,
      appended?.trace.capacity ?? 0,
      appended?.first ?? 0,
    );
    memory.read(at.state, state);
    memory.read(at.outputs, outputs);
  };

  return {
    shape,
    weightCount: layout.weightCount,
    stateSize: (n) => layout.statePerCoordinate * n,
    stateIndex: (n, coordinate, layer, part, unit) => lstmStateIndex(shape, n, coordinate, layer, part, unit),
    createTrace(n, capacity, maxBytes) {
      const { blocks, floats } = traceExtent(shape, n, capacity, maxBytes);
      const at = layOutRegions(free, { trace: floats });
      memory.reserve(at.end);
      free = at.end;
      return new CountedTrace(identity, n, capacity, blocks, at.trace);
    },
    step(weights, inputs, state, outputs, trace) {
      const n = checkStep(shape, layout, weights, inputs, state, outputs);
      const appended = appendToTrace<number>('step', identity, trace, n, 1);
      forward(weights, inputs, state, outputs, n, 1, appended);
    },
    sequence(weights, inputs, state, outputs, trace) {
      const { n, steps } = checkSequence(shape, layout, weights, inputs, state, outputs);
      const appended = appendToTrace<number>('sequence', identity, trace, n, steps);
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
      const traced = traceOfSegment<number>(identity, trace, n, steps);
      const at = layOutRegions(free, {
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
        traced?.storage ?? 0,
        traced?.blocks ?? 0,
        traced?.capacity ?? 0,
      );
      memory.read(fixed.gradient, weightGradient);
    },
  };
}
