import type { MlpShape } from './mlp-kernel.js';
import { requireArray, requireCount, requireMultiple, requireWorkspace } from '../engine/array-checks.js';

/** One dense layer in the flat parameter vector. */
export interface MlpLayerOffsets {
  readonly inputs: number;
  readonly outputs: number;
  /** W [inputs, outputs] */
  readonly weights: number;
  /** b [outputs] */
  readonly bias: number;
}

/** The places of all parameters of a multilayer perceptron. */
export interface MlpLayout {
  readonly layers: readonly MlpLayerOffsets[];
  readonly parameterCount: number;
  /** Width of the last layer. */
  readonly outputs: number;
}

/**
 * The layout of an MLP of this shape.
 *
 * @throws RangeError if there are fewer than two sizes, if one is not a positive integer, if activation or
 *   loss is unknown, or if
 *   the network is too large to be counted with 32 bits.
 */
export function mlpLayout(shape: MlpShape): MlpLayout {
  const { sizes, activation, loss } = shape;
  if (!Array.isArray(sizes) || sizes.length < 2)
    throw new RangeError(
      `mlp: \`sizes\` needs at least an input and an output width, but is [${String(sizes)}]`,
    );
  sizes.forEach((size, i) => requireCount('mlp', `sizes[${i}]`, size));
  if (!['sigmoid', 'tanh', 'relu'].includes(activation)) {
    throw new RangeError(`mlp: \`activation\` must be sigmoid, tanh or relu, but is ${activation}`);
  }
  if (!['softmax-cross-entropy', 'squared-error'].includes(loss)) {
    throw new RangeError(`mlp: \`loss\` must be softmax-cross-entropy or squared-error, but is ${loss}`);
  }
  const layers: MlpLayerOffsets[] = [];
  let at = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    const inputs = sizes[l] as number;
    const outputs = sizes[l + 1] as number;
    layers.push({ inputs, outputs, weights: at, bias: at + inputs * outputs });
    at += (inputs + 1) * outputs;
  }
  requireWorkspace('mlp', workspaceFloats(sizes, at), `\`sizes\` [${sizes}]`);
  return { layers, parameterCount: at, outputs: sizes[sizes.length - 1] as number };
}

/**
 * At least what `mlp_size` in c/mlp.c tells: two planes of all units for 256 examples, a transposed block,
 * and the weights once more.
 */
function workspaceFloats(sizes: readonly number[], parameterCount: number): number {
  const units = sizes.reduce((sum, size) => sum + size, 0);
  return 16 * (sizes[0] as number) + 512 * units + parameterCount + 16 * (sizes.length + 1) + 4096;
}

/**
 * Checks a batch; returns its number of rows, and the targets as they may be kept: labels as a copy, because
 * C indexes with them, and so they must not change after they were checked.
 */
export function checkBatch(
  shape: MlpShape,
  layout: MlpLayout,
  inputs: Float32Array,
  targets: Uint8Array | Float32Array,
): { rows: number; targets: Uint8Array | Float32Array } {
  const caller = 'MlpKernel.setBatch';
  const width = shape.sizes[0] as number;
  const rows = requireMultiple(caller, 'inputs', inputs, 'Float32Array', width, `[rows, ${width}]`);
  if (shape.loss === 'squared-error') {
    const meaning = `[rows = ${rows}, ${layout.outputs}]`;
    requireArray(caller, 'targets', targets, 'Float32Array', rows * layout.outputs, meaning);
    return { rows, targets };
  }
  requireArray(caller, 'targets', targets, 'Uint8Array', rows, `[rows = ${rows}]`);
  const labels = Uint8Array.from(targets);
  for (let row = 0; row < rows; row++) {
    if ((labels[row] as number) >= layout.outputs) {
      throw new RangeError(
        `${caller}: labels must be below ${layout.outputs}, the last width, but targets[${row}] is ${labels[row]}`,
      );
    }
  }
  return { rows, targets: labels };
}

/** The numbers by which the C side knows activations and losses. */
export const ACTIVATION_CODES = { sigmoid: 0, tanh: 1, relu: 2 } as const;
export const LOSS_CODES = { 'softmax-cross-entropy': 0, 'squared-error': 1 } as const;
