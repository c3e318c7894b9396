import {
  checkArgument,
  describeIssues,
  describeKind,
  isTypedArray,
  isUserError,
  printable,
  readSafetensors,
  UserError,
  writeSafetensors,
  type TensorFile,
} from '@metadescent/core';
import { checkWeights, psdRuleSchema, type PsdWeights } from './psd-rule.js';

const FORMAT = 'metadescent/predicted-step-descent';

/**
 * Learned weights with the provenance that they were stored with: configuration, seed, engine, results. No
 * clock: the same training gives the same bytes.
 */
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

/**
 * Learned weights as a safetensors file.
 *
 * @throws UserError if `readWeights` would refuse the file: lengths that do not fit the rule, numbers that
 *   are not finite.
 */
export function writeWeights(
  weights: PsdWeights,
  provenance: Readonly<Record<string, string>> = {},
): Uint8Array {
  checkWeights(weights, 'writeWeights');
  const { tensors, metadata } = weightsToTensors(weights);
  checkNumbers(tensors, 'writeWeights');
  return writeSafetensors({ tensors, metadata: { ...provenance, ...metadata } });
}

/**
 * Reads what `writeWeights` wrote.
 *
 * @param file what the bytes come from, for messages, e.g. the path
 * @throws UserError if the file holds something else, if its tensors do not fit its rule, or if one of their
 *   numbers is not finite.
 */
export function readWeights(bytes: Uint8Array, file?: string): TrainedPsd {
  const from = file === undefined ? 'readWeights' : `readWeights: ${printable(file, 200)}`;
  let content: TensorFile;
  try {
    content = readSafetensors(bytes);
  } catch (error) {
    if (!isUserError(error)) throw error;
    throw new UserError(
      `${from}: not a weights file: ${error.message}; give a .safetensors file written by a training run`,
    );
  }
  return trainedPsdOf(content, from);
}

/**
 * The weights that `weightsToTensors` stored; the rest of the metadata is their provenance.
 *
 * @throws UserError as `readWeights` does.
 */
export function weightsFromTensors(file: TensorFile): TrainedPsd {
  checkArgument(
    'weightsFromTensors',
    'the file',
    file,
    ['tensors', 'metadata'],
    'pass { tensors, metadata }, as readSafetensors gives them',
  );
  return trainedPsdOf(file, 'weightsFromTensors');
}

function trainedPsdOf({ tensors, metadata }: TensorFile, from: string): TrainedPsd {
  const { format, rule: ruleText, ...provenance } = metadata;
  if (format !== FORMAT) {
    const given = format === undefined ? '(none)' : `"${printable(format)}"`;
    throw new UserError(
      `${from}: the file is of format ${given}, but "${FORMAT}" was expected; give weights of Predicted Step Descent`,
    );
  }
  const stored = parsedJson(ruleText);
  const parsed = psdRuleSchema.safeParse(stored);
  if (!parsed.success) {
    throw new UserError(
      `${from}: the file does not say which rule it holds (metadata "rule"); it is damaged, ` +
        `or was written by another version:\n${describeIssues(parsed.error.issues, stored)}`,
    );
  }
  const take = <Name extends 'Float32Array' | 'Float64Array'>(name: string, type: Name) => {
    const data = Object.hasOwn(tensors, name) ? tensors[name]?.data : undefined;
    if (isTypedArray(data, type)) return data;
    throw new UserError(
      `${from}: tensor "${name}" must be a ${type}, but ${data === undefined ? 'is missing' : `is ${describeKind(data)}`}; ` +
        'the file is damaged or of another version',
    );
  };
  const weights: PsdWeights = {
    rule: parsed.data,
    lstm: take('lstm', 'Float32Array'),
    mean: take('input/mean', 'Float64Array'),
    deviation: take('input/deviation', 'Float64Array'),
    outputScale: take('output/scale', 'Float64Array'),
  };
  checkWeights(weights, from);
  checkNumbers(tensors, from);
  return { weights, provenance };
}

/** A single number that is not finite spoils every step; a deviation of 0 makes one. */
function checkNumbers(tensors: TensorFile['tensors'], from: string): void {
  for (const name of ['lstm', 'input/mean', 'input/deviation', 'output/scale']) {
    const data = tensors[name]!.data as Float32Array | Float64Array;
    const sound = (value: number) => Number.isFinite(value) && (name !== 'input/deviation' || value > 0);
    const at = data.findIndex((value) => !sound(value));
    if (at < 0) continue;
    const rule = name === 'input/deviation' ? 'finite and above 0' : 'finite';
    throw new UserError(
      `${from}: tensor "${name}" must be ${rule}, but entry ${at} is ${data[at]}; the training diverged, ` +
        'or the file is damaged: use other weights',
    );
  }
}

/** Undefined where the text is missing or no JSON: a schema then says what is wrong. */
function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
