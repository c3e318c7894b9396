import type { MlpShape } from './engine.js';
import { requireLength, requireMultiple, requirePositiveInteger } from './array-lengths.js';

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
 * @throws RangeError if there are fewer than two sizes, if one is not a positive integer, or if activation or loss is unknown.
 */
export function mlpLayout(shape: MlpShape): MlpLayout {
  const { sizes, activation, loss } = shape;
  if (sizes.length < 2)
    throw new RangeError(`mlp: \`sizes\` needs at least an input and an output width, but is [${sizes}]`);
  sizes.forEach((size, i) => requirePositiveInteger('mlp', `sizes[${i}]`, size));
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
  return { layers, parameterCount: at, outputs: sizes[sizes.length - 1] as number };
}

/** Checks a batch; returns its number of rows. Labels are checked too: C code indexes with them. */
export function checkBatch(
  shape: MlpShape,
  layout: MlpLayout,
  inputs: Float32Array,
  targets: Uint8Array | Float32Array,
): number {
  const caller = 'MlpKernel.setBatch';
  const width = shape.sizes[0] as number;
  const rows = requireMultiple(caller, 'inputs', inputs, width, `[rows, ${width}]`);
  if (shape.loss === 'squared-error') {
    if (targets.BYTES_PER_ELEMENT !== 4)
      throw new RangeError(`${caller}: squared-error needs \`targets\` as a Float32Array, but got bytes`);
    requireLength(caller, 'targets', targets, rows * layout.outputs, `[rows = ${rows}, ${layout.outputs}]`);
    return rows;
  }
  if (targets.BYTES_PER_ELEMENT !== 1)
    throw new RangeError(
      `${caller}: softmax-cross-entropy needs \`targets\` as class labels in a Uint8Array, but got floats`,
    );
  requireLength(caller, 'targets', targets, rows, `[rows = ${rows}]`);
  for (let row = 0; row < rows; row++) {
    if ((targets[row] as number) >= layout.outputs) {
      throw new RangeError(
        `${caller}: labels must be below ${layout.outputs}, the last width, but targets[${row}] is ${targets[row]}`,
      );
    }
  }
  return rows;
}

/** Checks the arrays of `evaluate`, and that there is a batch. */
export function checkEvaluate(
  layout: MlpLayout,
  rows: number,
  parameters: Float32Array,
  gradient: Float32Array | undefined,
): void {
  const caller = 'MlpKernel.evaluate';
  if (rows === 0) throw new Error(`${caller}: there is no batch; call setBatch(inputs, targets) first`);
  requireLength(caller, 'parameters', parameters, layout.parameterCount, '[parameterCount]');
  if (gradient) requireLength(caller, 'gradient', gradient, layout.parameterCount, '[parameterCount]');
}

/** The numbers by which the C side knows activations and losses. */
export const ACTIVATION_CODES = { sigmoid: 0, tanh: 1, relu: 2 } as const;
export const LOSS_CODES = { 'softmax-cross-entropy': 0, 'squared-error': 1 } as const;
