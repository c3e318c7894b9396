import type { LstmShape } from './lstm-kernel.js';
import { requireCount, requireWorkspace } from '../engine/array-checks.js';

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
  /** w_out [O, H] */
  readonly outputWeights: number;
  /** b_out [O] */
  readonly outputBias: number;
  readonly weightCount: number;
  /** Floats of state per coordinate: h and c of every unit of every layer. */
  readonly statePerCoordinate: number;
}

/**
 * The layout of an LSTM of this shape.
 *
 * @throws RangeError if `inputs`, `hidden`, `layers` or `outputs` is not a positive integer, or if the network is too
 *   large to be counted with 32 bits.
 */
export function lstmLayout(shape: Required<LstmShape>): LstmLayout {
  const { inputs, hidden, layers, outputs } = shape;
  requireCount('lstm', 'inputs', inputs);
  requireCount('lstm', 'hidden', hidden);
  requireCount('lstm', 'layers', layers);
  requireCount('lstm', 'outputs', outputs);
  // Known before any layer is laid out: a count of layers may be too large for a list of them.
  const weightCount =
    4 * hidden * (inputs + hidden + 1) +
    (layers - 1) * 4 * hidden * (2 * hidden + 1) +
    outputs * (hidden + 1);
  requireWorkspace(
    'lstm',
    workspaceFloats(shape, weightCount),
    `\`inputs\` ${inputs}, \`hidden\` ${hidden}, \`layers\` ${layers} and \`outputs\` ${outputs}`,
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
    outputBias: at + outputs * hidden,
    weightCount,
    statePerCoordinate: 2 * layers * hidden,
  };
}

/** At least what `lstm_packed_size` and `lstm_forward_size` in c/lstm-forward.c tell, together. */
function workspaceFloats({ inputs, hidden, layers }: LstmShape, weightCount: number): number {
  return 3 * (weightCount + 2 * LSTM_LANES) + LSTM_LANES * (inputs + (3 * layers + 4) * hidden + 2);
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
