import type { LstmShape } from './engine.js';
import {
  requireArray,
  requireCount,
  requireDisjoint,
  requireMultiple,
  requireWorkspace,
} from './array-checks.js';

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
 * @throws RangeError if `inputs`, `hidden` or `layers` is not a positive integer, or if the network is too
 *   large to be counted with 32 bits.
 */
export function lstmLayout(shape: LstmShape): LstmLayout {
  const { inputs, hidden, layers } = shape;
  requireCount('lstm', 'inputs', inputs);
  requireCount('lstm', 'hidden', hidden);
  requireCount('lstm', 'layers', layers);
  // Known before any layer is laid out: a count of layers may be too large for a list of them.
  const weightCount =
    4 * hidden * (inputs + hidden + 1) + (layers - 1) * 4 * hidden * (2 * hidden + 1) + hidden + 1;
  requireWorkspace(
    'lstm',
    workspaceFloats(shape, weightCount),
    `\`inputs\` ${inputs}, \`hidden\` ${hidden} and \`layers\` ${layers}`,
  );
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
    weightCount,
    statePerCoordinate: 2 * layers * hidden,
  };
}

/** At least what `lstm_packed_size` and `lstm_forward_size` in c/lstm-forward.c tell, together. */
function workspaceFloats({ inputs, hidden, layers }: LstmShape, weightCount: number): number {
  return 3 * (weightCount + 2 * LSTM_LANES) + LSTM_LANES * (inputs + (3 * layers + 4) * hidden + 2);
}

/**
 * At least what `lstm_backward_size` in c/lstm-backward.c tells: sums, a checkpoint of the state for each
 * piece of the segment, and the record of a piece, of which as many steps are made as fit 8 million floats.
 */
function backwardFloats({ inputs, hidden, layers }: LstmShape, weightCount: number, steps: number): number {
  const stride = (rows: number) => LSTM_LANES * (rows + 16);
  const step = stride(inputs) + layers * (5 * stride(hidden) + stride(4 * hidden));
  const piece = Math.min(steps, Math.max(1, Math.floor(2 ** 23 / step)));
  const checkpoints = (Math.ceil(steps / piece) + 1) * layers * 2 * hidden * LSTM_LANES;
  return weightCount + 2 * LSTM_LANES + checkpoints + piece * LSTM_LANES + Math.max(2 ** 23, step);
}

/**
 * Place of one state number: [block, layer, h | c, unit, lane] with blocks of 16 coordinates; the last block
 * has as many lanes as coordinates are left, so that the length of the state array tells their number.
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
  if (!Number.isInteger(value) || value < 0 || !(value < bound)) {
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
  const n = requireMultiple(caller, 'outputs', outputs, 'Float32Array', 1, '[n]');
  requireArray(caller, 'weights', weights, 'Float32Array', layout.weightCount, '[weightCount]');
  requireArray(caller, 'inputs', inputs, 'Float32Array', shape.inputs * n, '[inputs, n]');
  requireArray(caller, 'state', state, 'Float32Array', layout.statePerCoordinate * n, '[stateSize(n)]');
  requireDisjoint(caller, { state, outputs }, { weights, inputs });
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
  const caller = 'LstmKernel.sequence';
  const extent = checkSeries(caller, shape, layout, weights, inputs, ['state', state], ['outputs', outputs]);
  requireDisjoint(caller, { state, outputs }, { weights, inputs });
  return extent;
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
  requireArray(caller, 'weightGradient', weightGradient, 'Float32Array', layout.weightCount, '[weightCount]');
  const state = ['initialState', initialState] as const;
  const extent = checkSeries(caller, shape, layout, weights, inputs, state, ['cotangent', cotangent]);
  requireDisjoint(caller, { weightGradient }, { weights, initialState, inputs, cotangent });
  const floats = backwardFloats(shape, layout.weightCount, extent.steps);
  requireWorkspace(caller, floats, `\`cotangent\` of ${extent.steps} steps`);
  return extent;
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
  requireArray(caller, 'weights', weights, 'Float32Array', layout.weightCount, '[weightCount]');
  const n = requireMultiple(
    caller,
    stateName,
    state,
    'Float32Array',
    layout.statePerCoordinate,
    '[stateSize(n)]',
  );
  const steps = requireMultiple(caller, seriesName, series, 'Float32Array', n, `[T, n = ${n}]`);
  const meaning = `[T = ${steps}, inputs, n = ${n}]`;
  requireArray(caller, 'inputs', inputs, 'Float32Array', steps * shape.inputs * n, meaning);
  return { n, steps };
}
