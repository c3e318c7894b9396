import type { LstmShape } from '../lstm/lstm-kernel.js';
import type { MlpShape } from '../network/mlp-kernel.js';
import { f32, type WrapperCall } from './wrapper-call.js';

const lstmShape: LstmShape = { inputs: 2, hidden: 5, layers: 2 };
const LSTM_WEIGHTS = 4 * 5 * (2 + 5 + 1) + 4 * 5 * (5 + 5 + 1) + 6;
const COORDINATES = 19;
const STATE = 2 * 2 * 5 * COORDINATES;
const STEPS = 3;

export const mlpCalls = (loss: MlpShape['loss']): WrapperCall[] => {
  const shape: MlpShape = { sizes: [7, 6, 3], activation: 'tanh', loss };
  const rows = 21;
  const parameterCount = 8 * 6 + 7 * 3;
  const batch = () => ({
    inputs: f32('inputs', 7 * rows),
    targets:
      loss === 'squared-error'
        ? f32('targets', 3 * rows)
        : Uint8Array.from({ length: rows }, (_, i) => i % 3),
  });
  return [
    {
      caller: 'NetworkKernel.setBatch',
      variant: loss,
      arrays: () => ({ read: batch(), written: {} }),
      run({ kernels }, { inputs, targets }) {
        const kernel = kernels.mlp(shape);
        kernel.setBatch(inputs as Float32Array, targets as Uint8Array);
        const gradient = new Float32Array(parameterCount);
        return [kernel.evaluate(f32('parameters', parameterCount), gradient), ...gradient];
      },
    },
    {
      caller: 'NetworkKernel.evaluate',
      variant: loss,
      arrays: () => ({
        read: { parameters: f32('parameters', parameterCount) },
        written: {
          gradient: new Float32Array(parameterCount),
          inputGradient: new Float32Array(7 * rows),
        },
      }),
      optional: ['gradient', 'inputGradient'],
      run({ kernels }, { parameters, gradient, inputGradient }) {
        const kernel = kernels.mlp(shape);
        const { inputs, targets } = batch();
        kernel.setBatch(inputs, targets);
        return [
          kernel.evaluate(
            parameters as Float32Array,
            gradient as Float32Array | undefined,
            inputGradient as Float32Array | undefined,
          ),
        ];
      },
    },
  ];
};

export const lstmCalls: WrapperCall[] = [
  {
    caller: 'LstmKernel.step',
    arrays: () => ({
      read: { weights: f32('weights', LSTM_WEIGHTS), inputs: f32('inputs', 2 * COORDINATES) },
      written: { state: f32('state', STATE), outputs: new Float32Array(COORDINATES) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float32Array>;
      kernels.lstm(lstmShape).step(args['weights']!, args['inputs']!, args['state']!, args['outputs']!);
    },
  },
  {
    caller: 'LstmKernel.sequence',
    arrays: () => ({
      read: { weights: f32('weights', LSTM_WEIGHTS), inputs: f32('inputs', STEPS * 2 * COORDINATES) },
      written: { state: f32('state', STATE), outputs: new Float32Array(STEPS * COORDINATES) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float32Array>;
      kernels.lstm(lstmShape).sequence(args['weights']!, args['inputs']!, args['state']!, args['outputs']!);
    },
  },
  ...[false, true].map((traced): WrapperCall => ({
    caller: 'LstmKernel.backpropagate',
    variant: traced ? 'with a trace' : 'without a trace',
    looseInfinities: true,
    arrays: () => ({
      read: {
        weights: f32('weights', LSTM_WEIGHTS),
        initialState: f32('state', STATE),
        inputs: f32('inputs', STEPS * 2 * COORDINATES),
        cotangent: f32('cotangent', STEPS * COORDINATES),
      },
      written: { weightGradient: f32('gradient', LSTM_WEIGHTS) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float32Array>;
      const kernel = kernels.lstm(lstmShape);
      const [weights, state] = [args['weights']!, args['initialState']!];
      const trace = traced ? kernel.createTrace(COORDINATES, STEPS) : undefined;
      if (trace) {
        try {
          kernel.sequence(
            weights,
            args['inputs']!,
            state.slice(),
            new Float32Array(STEPS * COORDINATES),
            trace,
          );
        } catch {
          // The trace stays empty: what is wrong with these arrays is the backpropagation's to say.
        }
      }
      kernel.backpropagate(
        weights,
        state,
        args['inputs']!,
        args['cotangent']!,
        args['weightGradient']!,
        trace,
      );
      trace?.dispose();
    },
  })),
  {
    caller: 'LstmKernel.forward',
    counts: { coordinates: COORDINATES },
    arrays: () => ({
      read: { weights: f32('weights 2', LSTM_WEIGHTS + 6), inputs: f32('inputs', STEPS * 2 * COORDINATES) },
      written: { state: f32('state', STATE), outputs: new Float32Array(STEPS * 2 * COORDINATES) },
    }),
    run({ kernels }, args) {
      const kernel = kernels.lstm({ ...lstmShape, outputs: 2 });
      kernel.forward(args as unknown as Parameters<typeof kernel.forward>[0]);
    },
  },
  {
    caller: 'LstmKernel.backward',
    looseInfinities: true,
    optional: ['stateCotangent', 'inputGradient', 'stateGradient'],
    counts: { coordinates: COORDINATES },
    arrays: () => ({
      read: {
        weights: f32('weights 2', LSTM_WEIGHTS + 6),
        initialState: f32('state', STATE),
        inputs: f32('inputs', STEPS * 2 * COORDINATES),
        outputCotangent: f32('cotangent', STEPS * 2 * COORDINATES),
        stateCotangent: f32('state cotangent', STATE),
      },
      written: {
        weightGradient: f32('gradient', LSTM_WEIGHTS + 6),
        inputGradient: new Float32Array(STEPS * 2 * COORDINATES),
        stateGradient: new Float32Array(STATE),
      },
    }),
    run({ kernels }, args) {
      const kernel = kernels.lstm({ ...lstmShape, outputs: 2 });
      kernel.backward(args as unknown as Parameters<typeof kernel.backward>[0]);
    },
  },
  {
    caller: 'LstmKernel.createTrace',
    arrays: () => ({ read: {}, written: {} }),
    counts: { n: COORDINATES, capacity: STEPS },
    run({ kernels }, { n, capacity }) {
      const trace = kernels.lstm(lstmShape).createTrace(n as number, capacity as number, 2 ** 20);
      return [trace.coordinates, trace.capacity];
    },
  },
  {
    caller: 'lstm',
    arrays: () => ({ read: {}, written: {} }),
    counts: { inputs: 2, hidden: 5, layers: 2, outputs: 1 },
    run: ({ kernels }, shape) => [kernels.lstm(shape as unknown as LstmShape).weightCount],
  },
];
