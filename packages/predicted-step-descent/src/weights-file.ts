import { readSafetensors, UserError, writeSafetensors, type TensorFile } from '@metadescent/core';
import { checkWeights, psdRuleSchema, type PsdWeights } from './psd-rule.js';

const FORMAT = 'metadescent/predicted-step-descent';

/** Learned weights with the provenance that they were stored with: configuration, seed, cost, results. */
export interface TrainedPsd {
  readonly weights: PsdWeights;
  readonly provenance: Readonly<Record<string, string>>;
}

/** Weights as tensors, e.g. for a checkpoint that holds more. */
export function weightsToTensors({ rule, lstm, mean, deviation, outputScale }: PsdWeights): TensorFile {
  const networks = rule.networks.length;
  const table = (data: Float32Array | Float64Array) => ({ shape: [networks, data.length / networks], data });
  return {
    tensors: {
      lstm: table(lstm),
      'input/mean': table(mean),
      'input/deviation': table(deviation),
      'output/scale': { shape: [networks], data: outputScale },
    },
    metadata: { format: FORMAT, rule: JSON.stringify(rule) },
  };
}

/** Learned weights as a safetensors file. */
export function writeWeights(weights: PsdWeights, provenance: Readonly<Record<string, string>> = {}): Uint8Array {
  checkWeights(weights);
  const { tensors, metadata } = weightsToTensors(weights);
  return writeSafetensors({ tensors, metadata: { ...provenance, ...metadata } });
}

/**
 * Reads what `writeWeights` wrote.
 *
 * @throws UserError if the file holds something else or its tensors do not fit its rule.
 */
export function readWeights(bytes: Uint8Array): TrainedPsd {
  let file: TensorFile;
  try {
    file = readSafetensors(bytes);
  } catch (error) {
    throw new UserError(`readWeights: not a weights file: ${(error as Error).message}; give a .safetensors file written by a training run`);
  }
  return weightsFromTensors(file);
}

/**
 * The weights that `weightsToTensors` stored; the rest of the metadata is their provenance.
 *
 * @throws UserError as `readWeights` does.
 */
export function weightsFromTensors({ tensors, metadata }: TensorFile): TrainedPsd {
  const { format, rule: ruleText, ...provenance } = metadata;
  if (format !== FORMAT)
    throw new UserError(`readWeights: the file is of format ${format ?? '(none)'}, but "${FORMAT}" was expected; give weights of Predicted Step Descent`);
  const parsed = psdRuleSchema.safeParse(safeJson(ruleText));
  if (!parsed.success) throw new UserError('readWeights: the file does not say which rule it holds (metadata "rule"); it was written by another version');
  const take = (name: string): Float64Array => Float64Array.from(tensors[name]?.data ?? []);
  const weights: PsdWeights = {
    rule: parsed.data,
    lstm: Float32Array.from(tensors['lstm']?.data ?? []),
    mean: take('input/mean'),
    deviation: take('input/deviation'),
    outputScale: take('output/scale'),
  };
  checkWeights(weights);
  return { weights, provenance };
}

function safeJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
