import type { ParameterLayout } from '@metadescent/core';
import { requireArray, requireCount, requireMultiple, requireWorkspace } from '../engine/array-checks.js';
import { mlpParameterLayout } from './mlp-parameter-layout.js';
import type { Activation, NetworkLoss, NetworkSpecification } from './network-kernel.js';

/** One dense layer with what follows it, in the flat parameter vector. */
export interface PlannedLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** W [inputs, outputs] */
  readonly weights: number;
  /** b [outputs] */
  readonly bias: number;
  readonly activation: Activation | 'identity';
}

/** What a network computes, in the order in which it computes it, and where its parameters are. */
export interface NetworkPlan {
  readonly inputs: number;
  readonly layers: readonly PlannedLayer[];
  readonly loss: NetworkLoss;
  readonly parameterCount: number;
  /** Width of the last layer. */
  readonly outputs: number;
  readonly layout: ParameterLayout;
  /** Widths of the input and of all layers. */
  readonly sizes: readonly number[];
}

/** What a caller knows as the widths of a network, for errors. */
export interface ArgumentNames {
  readonly inputs: string;
  /** All widths together. */
  readonly widths: string;
  /** That of a layer, by its place among all layers and among the dense ones. */
  layer(index: number, dense: number): string;
}

/**
 * The plan of a network.
 *
 * @param caller names the function in errors: `network` or `mlp`
 * @throws RangeError if there is no layer, if one is of an unknown kind, if a width is not a positive
 *   integer, if an activation is unknown or does not follow a dense layer, if the loss is unknown, or if the
 *   network is too large to be counted with 32 bits.
 */
export function networkPlan(
  caller: string,
  { inputs, layers: given, loss }: NetworkSpecification,
  nameOf: ArgumentNames,
): NetworkPlan {
  requireCount(caller, nameOf.inputs, inputs);
  if (!Array.isArray(given) || given.length === 0)
    throw new RangeError(`${caller}: \`layers\` needs at least one dense layer, but has none`);
  const layers: PlannedLayer[] = [];
  let at = 0;
  let width = inputs;
  given.forEach((layer: NetworkSpecification['layers'][number], i) => {
    const before = given[i - 1] as NetworkSpecification['layers'][number] | undefined;
    switch (layer.kind) {
      case 'dense': {
        const { outputs } = layer;
        requireCount(caller, nameOf.layer(i, layers.length), outputs);
        const bias = at + width * outputs;
        layers.push({ inputs: width, outputs, weights: at, bias, activation: 'identity' });
        at = bias + outputs;
        width = outputs;
        break;
      }
      case 'activation':
        if (!(layer.activation in ACTIVATION_CODES) || (layer.activation as string) === 'identity')
          throw new RangeError(
            `${caller}: \`activation\` must be sigmoid, tanh or relu, but is ${layer.activation}`,
          );
        if (before?.kind !== 'dense')
          throw new RangeError(`${caller}: \`layers[${i}]\`, an activation, must follow a dense layer`);
        layers[layers.length - 1] = { ...layers[layers.length - 1]!, activation: layer.activation };
        break;
      default:
        throw new RangeError(
          `${caller}: \`layers[${i}].kind\` must be dense or activation, but is ${String((layer as { kind?: unknown }).kind)}`,
        );
    }
  });
  if (!(loss in LOSS_CODES))
    throw new RangeError(
      `${caller}: \`loss\` must be softmax-cross-entropy or squared-error, but is ${loss}`,
    );
  const sizes = [inputs, ...layers.map(({ outputs }) => outputs)];
  requireWorkspace(caller, workspaceFloats(sizes, at), `\`${nameOf.widths}\` of [${sizes}]`);
  return {
    inputs,
    layers,
    loss,
    parameterCount: at,
    outputs: width,
    layout: mlpParameterLayout(sizes),
    sizes,
  };
}

/**
 * At least what `network_size` in c/network.c tells: two planes of all units for 256 examples, a transposed
 * block, and the weights once more.
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
  plan: NetworkPlan,
  inputs: Float32Array,
  targets: Uint8Array | Float32Array,
): { rows: number; targets: Uint8Array | Float32Array } {
  const caller = 'NetworkKernel.setBatch';
  const rows = requireMultiple(
    caller,
    'inputs',
    inputs,
    'Float32Array',
    plan.inputs,
    `[rows, ${plan.inputs}]`,
  );
  if (plan.loss === 'squared-error') {
    const meaning = `[rows = ${rows}, ${plan.outputs}]`;
    requireArray(caller, 'targets', targets, 'Float32Array', rows * plan.outputs, meaning);
    return { rows, targets };
  }
  requireArray(caller, 'targets', targets, 'Uint8Array', rows, `[rows = ${rows}]`);
  const labels = Uint8Array.from(targets);
  for (let row = 0; row < rows; row++) {
    if ((labels[row] as number) >= plan.outputs) {
      throw new RangeError(
        `${caller}: labels must be below ${plan.outputs}, the last width, but targets[${row}] is ${labels[row]}`,
      );
    }
  }
  return { rows, targets: labels };
}

/** The numbers by which the C side knows activations and losses. */
export const ACTIVATION_CODES = { sigmoid: 0, tanh: 1, relu: 2, identity: 3 } as const;
export const LOSS_CODES = { 'softmax-cross-entropy': 0, 'squared-error': 1 } as const;
