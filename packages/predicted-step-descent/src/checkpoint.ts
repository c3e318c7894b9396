import {
  checkArgument,
  packPlainData,
  parsePlainData,
  printable,
  UserError,
  type Tensor,
  type TensorFile,
} from '@metadescent/core';
import {
  metaAdam,
  metaTrainingStateFromTensors,
  metaTrainingStateToTensors,
} from '@metadescent/meta-learning';
import type { FineTuningState } from './fine-tuning.js';
import type { PsdTrainingState } from './meta-training.js';
import type { PsdWeights } from './psd-rule.js';

const SEARCH = 'metadescent/predicted-step-descent/meta-training-state';
const FINE_TUNING = 'predicted-step-descent/fine-tuning';

/** A meta-training state as tensors, for a checkpoint: every bit comes back. */
export function trainingStateToTensors(state: PsdTrainingState): TensorFile {
  return toTensors(SEARCH, state);
}

/** @throws UserError if the tensors are something else. */
export function trainingStateFromTensors(file: TensorFile): PsdTrainingState {
  checkFile('trainingStateFromTensors', file);
  return fromTensors<PsdTrainingState>(SEARCH, file);
}

/** A fine-tuning state as tensors, for a checkpoint: every bit comes back. */
export function fineTuningStateToTensors(state: FineTuningState): TensorFile {
  return metaTrainingStateToTensors(FINE_TUNING, state);
}

/**
 * @param start the weights that fine-tuning started from
 * @throws UserError if the tensors are something else, or belong to another rule.
 */
export function fineTuningStateFromTensors(start: PsdWeights, file: TensorFile): FineTuningState {
  checkArgument(
    'fineTuningStateFromTensors',
    'the start',
    start,
    ['lstm'],
    "pass the weights of pretrained('psd')",
  );
  checkFile('fineTuningStateFromTensors', file);
  const { lstm: point } = start;
  return metaTrainingStateFromTensors({ training: FINE_TUNING, updater: metaAdam(), point }, file);
}

function checkFile(caller: string, file: unknown): void {
  const advice = 'pass { tensors, metadata }, as readSafetensors gives them';
  checkArgument(caller, 'the file', file, ['tensors', 'metadata'], advice);
}

function toTensors(format: string, state: unknown): TensorFile {
  const tensors: Record<string, Tensor> = {};
  const structure = JSON.stringify(packPlainData(state, 'state', tensors));
  return { tensors, metadata: { format, structure } };
}

function fromTensors<S>(wanted: string, { tensors, metadata: { format, structure } }: TensorFile): S {
  if (format !== wanted || structure === undefined)
    throw new UserError(
      `the checkpoint is of format ${format === undefined ? '(none)' : `"${printable(format)}"`}, but "${wanted}" was expected; ` +
        'resume the run that wrote it, or start a new run folder',
    );
  return parsePlainData(structure, tensors, 'the checkpoint') as S;
}
