import type { LstmShape } from './engine.js';
import { requireLength, requireMultiple, requirePositiveInteger } from './array-lengths.js';

/** Coordinates that the kernels carry together: one AVX-512 vector, two AVX2 vectors, four of WebAssembly or NEON. */
export const LSTM_LANES = 16;

/** Where the weights of one layer start in the flat weight vector. */
export interface LstmLayerOffsets {
  /** I_layer: width of the layer's input. */
  readonly inputs: number;
  /** W_input [4H, I_layer] */
  readonly inputWeights: number;
  /** W_hidden [4H, H] */
  readonly hiddenWeights: number;
  /** b [4H] */
  readonly bias: number;
}

/** The places of all weights of an LSTM, and its state layout, which are the same for all engines. */
export interface LstmLayout {
  readonly layers: readonly LstmLayerOffsets[];
  /** w_out [H] */
  readonly outputWeights: number;
  /** b_out [1] */
  readonly outputBias: number;
  readonly weightCount: number;
  /** Floats of state per coordinate: h and c of every unit of every layer. */
  readonly statePerCoordinate: number;
}

/**
 * The layout of an LSTM of this shape.
 *
 * @throws RangeError if `inputs`, `hidden` or `layers` is not a positive integer.
 */
export function lstmLayout(shape: LstmShape): LstmLayout {
  const { inputs, hidden, layers } = shape;
  requirePositiveInteger('lstm', 'inputs', inputs);
  requirePositiveInteger('lstm', 'hidden', hidden);
  requirePositiveInteger('lstm', 'layers', layers);
  const offsets: LstmLayerOffsets[] = [];
  let at = 0;
  for (let layer = 0; layer < layers; layer++) {
    const width = layer === 0 ? inputs : hidden;
    const inputWeights = at;
    const hiddenWeights = inputWeights + 4 * hidden * width;
    const bias = hiddenWeights + 4 * hidden * hidden;
    offsets.push({ inputs: width, inputWeights, hiddenWeights, bias });
    at = bias + 4 * hidden;
  }
  return {
    layers: offsets,
    outputWeights: at,
    outputBias: at + hidden,
    weightCount: at + hidden + 1,
    statePerCoordinate: 2 * layers * hidden,
  };
}

/**
 * Place of one state number: [block, layer, h | c, unit, lane] with blocks of 16 coordinates; the last block has as many lanes as coordinates
 * are left, so that the length of the state array tells their number.
 *
 * @throws RangeError if the coordinate, layer or unit lies outside the state.
 */
export function lstmStateIndex(
  shape: LstmShape,
  n: number,
  coordinate: number,
  layer: number,
  part: 'h' | 'c',
  unit: number,
): number {
  requireIndex('coordinate', coordinate, n);
  requireIndex('layer', layer, shape.layers);
  requireIndex('unit', unit, shape.hidden);
  const block = Math.floor(coordinate / LSTM_LANES);
  const lanes = Math.min(LSTM_LANES, n - block * LSTM_LANES);
  const row = (2 * layer + (part === 'h' ? 0 : 1)) * shape.hidden + unit;
  return (
    block * LSTM_LANES * 2 * shape.layers * shape.hidden + row * lanes + (coordinate - block * LSTM_LANES)
  );
}

function requireIndex(name: string, value: number, bound: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= bound) {
    throw new RangeError(
      `LstmKernel.stateIndex: \`${name}\` must be an integer in [0, ${bound}), but is ${value}`,
    );
  }
}

/** Checks the arrays of `step`; returns the number of coordinates. */
export function checkStep(
  shape: LstmShape,
  layout: LstmLayout,
  weights: Float32Array,
  inputs: Float32Array,
  state: Float32Array,
  outputs: Float32Array,
): number {
  const caller = 'LstmKernel.step';
  const n = requireMultiple(caller, 'outputs', outputs, 1, '[n]');
  requireLength(caller, 'weights', weights, layout.weightCount, '[weightCount]');
  requireLength(caller, 'inputs', inputs, shape.inputs * n, '[inputs, n]');
  requireLength(caller, 'state', state, layout.statePerCoordinate * n, '[stateSize(n)]');
  return n;
}

/** Checks the arrays of `sequence`; returns n and T. */
export function checkSequence(
  shape: LstmShape,
  layout: LstmLayout,
  weights: Float32Array,
  inputs: Float32Array,
  state: Float32Array,
  outputs: Float32Array,
): { n: number; steps: number } {
  return checkSeries(
    'LstmKernel.sequence',
    shape,
    layout,
    weights,
    inputs,
    ['state', state],
    ['outputs', outputs],
  );
}

/** Checks the arrays of `backpropagate`; returns n and T. */
export function checkBackpropagation(
  shape: LstmShape,
  layout: LstmLayout,
  weights: Float32Array,
  initialState: Float32Array,
  inputs: Float32Array,
  cotangent: Float32Array,
  weightGradient: Float32Array,
): { n: number; steps: number } {
  const caller = 'LstmKernel.backpropagate';
  requireLength(caller, 'weightGradient', weightGradient, layout.weightCount, '[weightCount]');
  return checkSeries(
    caller,
    shape,
    layout,
    weights,
    inputs,
    ['initialState', initialState],
    ['cotangent', cotangent],
  );
}

/** The length of the state tells n, that of the series over time (outputs or cotangent) then T. */
function checkSeries(
  caller: string,
  shape: LstmShape,
  layout: LstmLayout,
  weights: Float32Array,
  inputs: Float32Array,
  [stateName, state]: readonly [name: string, array: Float32Array],
  [seriesName, series]: readonly [name: string, array: Float32Array],
): { n: number; steps: number } {
  requireLength(caller, 'weights', weights, layout.weightCount, '[weightCount]');
  const n = requireMultiple(caller, stateName, state, layout.statePerCoordinate, '[stateSize(n)]');
  const steps = requireMultiple(caller, seriesName, series, n, `[T, n = ${n}]`);
  requireLength(caller, 'inputs', inputs, steps * shape.inputs * n, `[T = ${steps}, inputs, n = ${n}]`);
  return { n, steps };
}
