import {
  allFinite,
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
import {
  metaAdam,
  metaTrainingStateFromTensors,
  metaTrainingStateToTensors,
} from '@metadescent/meta-learning';
import { lstmRuleSchema, weightCount, type LstmRule } from './lstm-rule.js';
import type { LstmTrainingState } from './meta-training.js';

const FORMAT = 'metadescent/lstm-optimizer';
const TRAINING = 'lstm-optimizer';

/**
 * A trained rule as a safetensors file: tensor `weights` [weightCount], the rule as JSON in the metadata key
 * `rule`, and whatever provenance is given (configuration, seed, cost, results) beside it.
 *
 * @throws UserError if `readTrainedRule` would refuse the file: weights that are not finite, or of another
 *   number than the rule has.
 */
export function writeTrainedRule(
  rule: LstmRule,
  weights: Float32Array,
  provenance: Record<string, string>,
): Uint8Array {
  checkArgument(
    'writeTrainedRule',
    'the rule',
    rule,
    ['hidden', 'layers', 'networks', 'preprocessing'],
    'pass rule, weights and their origin',
  );
  checkWeights('writeTrainedRule', rule, weights);
  return writeSafetensors({
    tensors: { weights: { shape: [weights.length], data: weights } },
    metadata: { ...provenance, format: FORMAT, rule: JSON.stringify(rule) },
  });
}

/** A rule with its weights, and the provenance it was stored with. */
export interface TrainedRule {
  readonly rule: LstmRule;
  readonly weights: Float32Array;
  readonly provenance: Readonly<Record<string, string>>;
}

/**
 * Reads what `writeTrainedRule` wrote.
 *
 * @param file what the bytes come from, for messages, e.g. the path
 * @throws UserError if it is no weights file of this package, if its weights do not fit its rule, or if a
 *   weight is not finite.
 */
export function readTrainedRule(bytes: Uint8Array, file?: string): TrainedRule {
  const from = file === undefined ? 'readTrainedRule' : `readTrainedRule: ${printable(file, 200)}`;
  const refuse = (what: string): never => {
    throw new UserError(`${from}: ${what}`);
  };
  let content: TensorFile;
  try {
    content = readSafetensors(bytes);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return refuse(`not a weights file: ${error.message}; give a .safetensors file written by a training run`);
  }
  const { format, rule: ruleText, ...provenance } = content.metadata;
  if (format !== FORMAT) {
    const given = format === undefined ? '(none)' : `"${printable(format)}"`;
    refuse(
      `the weights are of format ${given}, but an LSTM optimizer ("${FORMAT}") was expected; ` +
        'give the weights of an andrychowicz experiment',
    );
  }
  const stored = parsedJson(ruleText);
  const parsed = lstmRuleSchema.safeParse(stored);
  if (!parsed.success) {
    return refuse(
      'the weights file does not say which rule it holds (metadata "rule"); it is damaged, ' +
        `or was written by another version:\n${describeIssues(parsed.error.issues, stored)}`,
    );
  }
  const weights = Object.hasOwn(content.tensors, 'weights') ? content.tensors['weights']?.data : undefined;
  checkWeights(from, parsed.data, weights);
  return { rule: parsed.data, weights, provenance };
}

function checkWeights(caller: string, rule: LstmRule, weights: unknown): asserts weights is Float32Array {
  const wanted = weightCount(rule);
  if (!isTypedArray(weights, 'Float32Array') || weights.length !== wanted) {
    const given = ArrayBuffer.isView(weights)
      ? `${describeKind(weights)} of ${(weights as Float64Array).length}`
      : 'none';
    throw new UserError(
      `${caller}: the rule has ${wanted} weights, a Float32Array, but there is ${given} ("weights"); ` +
        'the file is damaged or of another version',
    );
  }
  if (!allFinite(weights)) {
    const at = weights.findIndex((weight) => !Number.isFinite(weight));
    throw new UserError(
      `${caller}: tensor "weights" must be finite, but entry ${at} is ${weights[at]}; the training diverged, ` +
        'or the file is damaged: use other weights',
    );
  }
}

/** A meta-training state as tensors, for a checkpoint: every bit comes back. */
export function stateToTensors(state: LstmTrainingState): TensorFile {
  return metaTrainingStateToTensors(TRAINING, state);
}

/**
 * The state that `stateToTensors` stored.
 *
 * @throws UserError if the tensors are something else, or belong to another rule.
 */
export function stateFromTensors(rule: LstmRule, file: TensorFile): LstmTrainingState {
  const point = new Float32Array(weightCount(rule));
  return metaTrainingStateFromTensors({ training: TRAINING, updater: metaAdam(), point }, file);
}

/** Undefined where the text is missing or no JSON: a schema then says what is wrong. */
function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
