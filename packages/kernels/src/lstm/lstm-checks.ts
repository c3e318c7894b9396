import { requireArray, requireDisjoint, requireMultiple, requireWorkspace } from '../engine/array-checks.js';
import type { CoordinateBackward } from '../coordinate-network/coordinate-network.js';
import type { BesideWeights } from './bare-lstm.js';
import type { LstmShape } from './lstm-kernel.js';
import { LSTM_LANES, type LstmLayout } from './lstm-layout.js';

/** Checks the arrays of `step`; returns the number of coordinates. */
export function checkStep(
  shape: Required<LstmShape>,
  layout: LstmLayout,
  weights: Float32Array,
  inputs: Float32Array,
  state: Float32Array,
  outputs: Float32Array,
): number {
  const caller = 'LstmKernel.step';
  const n = requireMultiple(caller, 'outputs', outputs, 'Float32Array', shape.outputs, '[outputs, n]');
  requireArray(caller, 'weights', weights, 'Float32Array', layout.weightCount, '[weightCount]');
  requireArray(caller, 'inputs', inputs, 'Float32Array', shape.inputs * n, '[inputs, n]');
  requireArray(caller, 'state', state, 'Float32Array', layout.statePerCoordinate * n, '[stateSize(n)]');
  requireDisjoint(caller, { state, outputs }, { weights, inputs });
  return n;
}

/** Checks the arrays of `sequence`; returns n and T. */
export function checkSequence(
  shape: Required<LstmShape>,
  layout: LstmLayout,
  weights: Float32Array,
  inputs: Float32Array,
  state: Float32Array,
  outputs: Float32Array,
  coordinates?: number,
): { n: number; steps: number } {
  const caller = coordinates === undefined ? 'LstmKernel.sequence' : 'LstmKernel.forward';
  const series = ['outputs', outputs] as const;
  const extent = checkSeries(caller, shape, layout, weights, inputs, ['state', state], series, coordinates);
  requireDisjoint(caller, { state, outputs }, { weights, inputs });
  return extent;
}

/** Checks the arrays of `backpropagate`; returns n and T. */
export function checkBackpropagation(
  shape: Required<LstmShape>,
  layout: LstmLayout,
  weights: Float32Array,
  initialState: Float32Array,
  inputs: Float32Array,
  cotangent: Float32Array,
  weightGradient: Float32Array,
): { n: number; steps: number } {
  const caller = 'LstmKernel.backpropagate';
  requireArray(caller, 'weightGradient', weightGradient, 'Float32Array', layout.weightCount, '[weightCount]');
  const state = ['initialState', initialState] as const;
  const extent = checkSeries(caller, shape, layout, weights, inputs, state, ['cotangent', cotangent]);
  requireDisjoint(caller, { weightGradient }, { weights, initialState, inputs, cotangent });
  const floats = backwardFloats(shape, layout.weightCount, extent.steps);
  requireWorkspace(caller, floats, `\`cotangent\` of ${extent.steps} steps`);
  return extent;
}

/** Checks the arrays of `backward`; returns n and T. */
export function checkBackward(
  shape: Required<LstmShape>,
  layout: LstmLayout,
  run: Omit<CoordinateBackward, 'trace' | keyof BesideWeights> & BesideWeights,
): { n: number; steps: number } {
  const caller = 'LstmKernel.backward';
  const { weights, initialState, inputs, outputCotangent, stateCotangent, weightGradient } = run;
  const { inputGradient, stateGradient } = run;
  requireArray(caller, 'weightGradient', weightGradient, 'Float32Array', layout.weightCount, '[weightCount]');
  const state = ['initialState', initialState] as const;
  const series = ['outputCotangent', outputCotangent] as const;
  const extent = checkSeries(caller, shape, layout, weights, inputs, state, series, run.coordinates);
  for (const [name, array] of Object.entries({ stateCotangent, stateGradient }))
    if (array !== undefined)
      requireArray(
        caller,
        name,
        array,
        'Float32Array',
        layout.statePerCoordinate * extent.n,
        '[stateSize(n)]',
      );
  if (inputGradient !== undefined) {
    const length = extent.steps * shape.inputs * extent.n;
    requireArray(caller, 'inputGradient', inputGradient, 'Float32Array', length, '[T, inputs, n]');
  }
  const written = { weightGradient, inputGradient, stateGradient };
  requireDisjoint(caller, written, { weights, initialState, inputs, outputCotangent, stateCotangent });
  const floats = backwardFloats(shape, layout.weightCount, extent.steps);
  requireWorkspace(caller, floats, `\`outputCotangent\` of ${extent.steps} steps`);
  return extent;
}

/** The length of the state tells n, that of the series over time (outputs or cotangent) then T. */
function checkSeries(
  caller: string,
  shape: Required<LstmShape>,
  layout: LstmLayout,
  weights: Float32Array,
  inputs: Float32Array,
  [stateName, state]: readonly [name: string, array: Float32Array],
  [seriesName, series]: readonly [name: string, array: Float32Array],
  coordinates?: number,
): { n: number; steps: number } {
  requireArray(caller, 'weights', weights, 'Float32Array', layout.weightCount, '[weightCount]');
  const n = requireMultiple(
    caller,
    stateName,
    state,
    'Float32Array',
    layout.statePerCoordinate,
    '[stateSize(n)]',
  );
  if (coordinates !== undefined && coordinates !== n)
    throw new RangeError(
      `${caller}: \`coordinates\` must be ${n}, which the length of \`${stateName}\` tells, but is ${String(coordinates)}`,
    );
  const width = shape.outputs * n;
  const steps = requireMultiple(caller, seriesName, series, 'Float32Array', width, `[T, outputs, n = ${n}]`);
  const meaning = `[T = ${steps}, inputs, n = ${n}]`;
  requireArray(caller, 'inputs', inputs, 'Float32Array', steps * shape.inputs * n, meaning);
  return { n, steps };
}

/**
 * At least what `lstm_backward_size` in c/lstm-backward.c tells: sums, a checkpoint of the state for each
 * piece of the segment, and the record of a piece, of which as many steps are made as fit 8 million floats.
 */
function backwardFloats(
  { inputs, hidden, layers, outputs }: Required<LstmShape>,
  weightCount: number,
  steps: number,
): number {
  const stride = (rows: number) => LSTM_LANES * (rows + 16);
  const step = stride(inputs) + layers * (5 * stride(hidden) + stride(4 * hidden));
  const piece = Math.min(steps, Math.max(1, Math.floor(2 ** 23 / step)));
  const checkpoints = (Math.ceil(steps / piece) + 1) * layers * 2 * hidden * LSTM_LANES;
  const inputGradient = 4 * hidden * inputs + LSTM_LANES * (inputs + 1);
  return (
    weightCount +
    2 * LSTM_LANES +
    checkpoints +
    piece * outputs * LSTM_LANES +
    inputGradient +
    Math.max(2 ** 23, step)
  );
}
