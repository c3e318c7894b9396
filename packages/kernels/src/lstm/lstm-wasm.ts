import type { BareLstm } from './bare-lstm.js';
import type { LstmShape } from './lstm-kernel.js';
import type { LstmLayout } from './lstm-layout.js';
import { layOutRegions } from '../wasm/kernel-memory.js';
import { createKernelMemory } from '../wasm/kernels-module.js';
import { createFreeList } from '../wasm/free-list.js';

type SegmentPlaces = [
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
];

/** The functions of c/lstm-forward.c and c/lstm-backward.c; pointers are byte addresses. */
interface LstmExports {
  lstm_packed_size(inputs: number, hidden: number, layers: number, outputs: number): number;
  lstm_forward_size(inputs: number, hidden: number, layers: number): number;
  lstm_backward_size(inputs: number, hidden: number, layers: number, outputs: number, steps: number): number;
  lstm_forward(
    inputs: number,
    hidden: number,
    layers: number,
    outputCount: number,
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
    ...segment: SegmentPlaces
  ): void;
  lstm_backward(
    inputs: number,
    hidden: number,
    layers: number,
    outputCount: number,
    n: number,
    steps: number,
    ...segment: [...SegmentPlaces, stateCotangent: number, inputGradient: number, stateGradient: number]
  ): void;
}

/** An LSTM in a WebAssembly instance of its own. */
export function lstm(shape: Required<LstmShape>, layout: LstmLayout): BareLstm<number> {
  const { inputs: width, hidden, layers, outputs: outputCount } = shape;
  const memory = createKernelMemory();
  const kernels = memory.exports as unknown as LstmExports;
  // The packed weights stay where they are from call to call; what depends on n and T lies behind them.
  const fixed = layOutRegions(memory.base, {
    packed: kernels.lstm_packed_size(width, hidden, layers, outputCount),
    weights: layout.weightCount,
    gradient: layout.weightCount,
  });
  // Behind the traces the memory of single calls begins.
  const traces = createFreeList(fixed.end);
  const forwardSize = kernels.lstm_forward_size(width, hidden, layers);

  return {
    forward(weights, inputs, state, outputs, n, steps, trace) {
      const at = layOutRegions(traces.end(), {
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
        outputCount,
        n,
        steps,
        fixed.weights,
        at.inputs,
        at.state,
        at.outputs,
        fixed.packed,
        at.workspace,
        trace?.storage ?? 0,
        trace?.blocks ?? 0,
        trace?.capacity ?? 0,
        trace?.first ?? 0,
      );
      memory.read(at.state, state);
      memory.read(at.outputs, outputs);
    },
    backpropagate(weights, initialState, inputs, cotangent, weightGradient, n, steps, trace, beside) {
      const at = layOutRegions(traces.end(), {
        workspace: kernels.lstm_backward_size(width, hidden, layers, outputCount, steps),
        inputs: inputs.length,
        state: initialState.length,
        cotangent: cotangent.length,
        stateCotangent: beside?.stateCotangent?.length ?? 0,
        inputGradient: beside?.inputGradient?.length ?? 0,
        stateGradient: beside?.stateGradient?.length ?? 0,
      });
      memory.reserve(at.end);
      memory.write(fixed.weights, weights);
      memory.write(fixed.gradient, weightGradient);
      memory.write(at.inputs, inputs);
      memory.write(at.state, initialState);
      memory.write(at.cotangent, cotangent);
      if (beside?.stateCotangent) memory.write(at.stateCotangent, beside.stateCotangent);
      const segment: SegmentPlaces = [
        fixed.weights,
        at.state,
        at.inputs,
        at.cotangent,
        fixed.gradient,
        fixed.packed,
        at.workspace,
        trace?.storage ?? 0,
        trace?.blocks ?? 0,
        trace?.capacity ?? 0,
      ];
      if (outputCount === 1 && !beside) {
        kernels.lstm_backpropagate(width, hidden, layers, n, steps, ...segment);
      } else {
        kernels.lstm_backward(
          width,
          hidden,
          layers,
          outputCount,
          n,
          steps,
          ...segment,
          beside?.stateCotangent ? at.stateCotangent : 0,
          beside?.inputGradient ? at.inputGradient : 0,
          beside?.stateGradient ? at.stateGradient : 0,
        );
      }
      memory.read(fixed.gradient, weightGradient);
      if (beside?.inputGradient) memory.read(at.inputGradient, beside.inputGradient);
      if (beside?.stateGradient) memory.read(at.stateGradient, beside.stateGradient);
    },
    allocateTrace(floats) {
      const bytes = 4 * floats;
      const storage = traces.take(bytes);
      try {
        memory.reserve(traces.end());
      } catch (error) {
        traces.give(storage);
        throw error;
      }
      return { storage, bytes };
    },
    freeTrace(storage) {
      traces.give(storage);
    },
  };
}
