import { readSafetensors, UserError, writeSafetensors, type TensorFile } from '@metadescent/core';
import { lstmRuleSchema, weightCount, type LstmRule } from './lstm-rule.js';
import type { MetaTrainingState } from './meta-training.js';

/**
 * A trained rule as a safetensors file: tensor `weights` [weightCount], the rule as JSON in the metadata key `rule`, and whatever provenance is given
 * (configuration, seed, cost, results) beside it.
 */
export function writeTrainedRule(rule: LstmRule, weights: Float32Array, provenance: Record<string, string>): Uint8Array {
  return writeSafetensors({
    tensors: { weights: { shape: [weights.length], data: weights } },
    metadata: { ...provenance, format: 'metadescent/lstm-optimizer', rule: JSON.stringify(rule) },
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
 * @throws UserError if the file is no weights file of this package or its weights do not fit its rule.
 */
export function readTrainedRule(bytes: Uint8Array): TrainedRule {
  let file: TensorFile;
  try {
    file = readSafetensors(bytes);
  } catch (error) {
    throw new UserError(`not a weights file: ${(error as Error).message}; give a .safetensors file written by a training run`);
  }
  const { format, rule: ruleText, ...provenance } = file.metadata;
  if (format !== 'metadescent/lstm-optimizer') {
    throw new UserError(`the weights are of format ${format ?? '(none)'}, but an LSTM optimizer was expected; give the weights of an andrychowicz experiment`);
  }
  const parsed = lstmRuleSchema.safeParse(safeJson(ruleText));
  if (!parsed.success) throw new UserError('the weights file does not say which rule it holds (metadata "rule"); it was written by another version');
  const weights = file.tensors['weights']?.data;
  const wanted = weightCount(parsed.data);
  if (!isFloat32(weights) || weights.length !== wanted) {
    throw new UserError(`the rule in the weights file has ${wanted} weights, but the file holds ${weights?.length ?? 'none'}; the file is damaged or of another version`);
  }
  return { rule: parsed.data, weights, provenance };
}

/** A meta-training state as tensors, for a checkpoint. */
export function stateToTensors(state: MetaTrainingState): TensorFile {
  const vector = (data: Float32Array | Float64Array) => ({ shape: [data.length], data });
  return {
    tensors: {
      weights: vector(state.weights),
      'adam/first': vector(state.moments.first),
      'adam/second': vector(state.moments.second),
      'best/weights': vector(state.best.weights),
      'best/score': { shape: [], data: Float64Array.of(state.best.score) },
      counters: { shape: [3], data: Int32Array.of(state.epoch, state.moments.step, state.best.epoch) },
    },
    metadata: { format: 'metadescent/lstm-optimizer/meta-training-state' },
  };
}

/**
 * The state that `stateToTensors` stored.
 *
 * @throws UserError if tensors are missing or of another length than the rule has weights.
 */
export function stateFromTensors(rule: LstmRule, { tensors }: TensorFile): MetaTrainingState {
  const wanted = weightCount(rule);
  const take = <T extends Float32Array | Float64Array | Int32Array>(name: string, length: number): T => {
    const data = tensors[name]?.data;
    if (data?.length !== length) {
      throw new UserError(`the checkpoint's "${name}" has ${data?.length ?? 'no'} entries, but ${length} are needed: it belongs to another rule; start a new run folder`);
    }
    return data as T;
  };
  const [epoch, step, bestEpoch] = take<Int32Array>('counters', 3) as unknown as [number, number, number];
  return {
    epoch,
    weights: take<Float32Array>('weights', wanted),
    moments: { first: take<Float64Array>('adam/first', wanted), second: take<Float64Array>('adam/second', wanted), step },
    best: { weights: take<Float32Array>('best/weights', wanted), score: take<Float64Array>('best/score', 1)[0] as number, epoch: bestEpoch },
  };
}

function safeJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function isFloat32(data: unknown): data is Float32Array {
  return Object.prototype.toString.call(data) === '[object Float32Array]';
}
