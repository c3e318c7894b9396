import { requireCount } from '../engine/array-checks.js';
import type { BareEngine } from '../engine/bare-engine.js';
import type { LstmKernel, LstmShape } from './lstm-kernel.js';
import { checkBackpropagation, checkBackward, checkSequence, checkStep } from './lstm-checks.js';
import { lstmLayout, lstmStateIndex } from './lstm-layout.js';
import { CountedTrace, traceExtent, traceForSegment, traceWithRoom } from './lstm-trace.js';

/** An LSTM whose arguments are checked, and whose traces are counted. */
export function checkedLstm(bare: Pick<BareEngine, 'lstm'>, given: LstmShape): LstmKernel {
  const { inputs, hidden, layers, outputs = 1 } = given;
  const shape: Required<LstmShape> = { inputs, hidden, layers, outputs };
  const layout = lstmLayout(shape);
  const kernel = bare.lstm(shape, layout);
  const stateSize = (n: number): number => {
    requireCount('LstmKernel.stateSize', 'n', n, 0);
    return layout.statePerCoordinate * n;
  };

  return {
    shape,
    inputs,
    outputs,
    weightCount: layout.weightCount,
    stateSize,
    stateIndex: (n, coordinate, layer, part, unit) => lstmStateIndex(shape, n, coordinate, layer, part, unit),
    createTrace(n, capacity, maxBytes) {
      const { blocks, floats } = traceExtent(shape, n, capacity, maxBytes);
      const { storage, bytes } = kernel.allocateTrace(floats);
      return new CountedTrace(kernel, n, capacity, blocks, bytes, storage);
    },
    step(weights, inputs, state, outputs, trace) {
      const n = checkStep(shape, layout, weights, inputs, state, outputs);
      const own = traceWithRoom('step', kernel, trace, n, 1);
      kernel.forward(weights, inputs, state, outputs, n, 1, own?.place);
      own?.append(1);
    },
    sequence(weights, inputs, state, outputs, trace) {
      const { n, steps } = checkSequence(shape, layout, weights, inputs, state, outputs);
      const own = traceWithRoom('sequence', kernel, trace, n, steps);
      kernel.forward(weights, inputs, state, outputs, n, steps, own?.place);
      own?.append(steps);
    },
    forward({ coordinates, weights, inputs, state, outputs, trace }) {
      const { n, steps } = checkSequence(shape, layout, weights, inputs, state, outputs, coordinates ?? NaN);
      const own = traceWithRoom('forward', kernel, trace, n, steps);
      kernel.forward(weights, inputs, state, outputs, n, steps, own?.place);
      own?.append(steps);
    },
    backward(run) {
      const { coordinates, weights, initialState, inputs, outputCotangent, weightGradient, trace } = run;
      const { stateCotangent, inputGradient, stateGradient } = run;
      const beside = { stateCotangent, inputGradient, stateGradient };
      const { n, steps } = checkBackward(shape, layout, {
        coordinates: coordinates ?? NaN,
        weights,
        initialState,
        inputs,
        outputCotangent,
        weightGradient,
        ...beside,
      });
      const place = traceForSegment(kernel, trace, n, steps, 'backward')?.place;
      kernel.backpropagate(
        weights,
        initialState,
        inputs,
        outputCotangent,
        weightGradient,
        n,
        steps,
        place,
        beside,
      );
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
      const own = traceForSegment(kernel, trace, n, steps);
      kernel.backpropagate(weights, initialState, inputs, cotangent, weightGradient, n, steps, own?.place);
    },
  };
}
