import type { TensorFile } from '@metadescent/core';
import {
  cmaUpdater,
  metaTrainingStateFromTensors,
  metaTrainingStateToTensors,
} from '@metadescent/meta-learning';
import type { LstmRule } from './lstm-rule.js';
import { readoutDimensions, type ReadoutSearchState } from './readout-search.js';

const TRAINING = 'lstm-optimizer/readout-search';

/** A search's state as tensors, for a checkpoint: every bit comes back. */
export function searchStateToTensors(state: ReadoutSearchState): TensorFile {
  return metaTrainingStateToTensors(TRAINING, state);
}

/**
 * The state that `searchStateToTensors` stored.
 *
 * @throws UserError if the tensors are something else, or belong to a rule whose search has other dimensions.
 */
export function searchStateFromTensors(rule: LstmRule, file: TensorFile): ReadoutSearchState {
  const point = new Float64Array(readoutDimensions(rule));
  return metaTrainingStateFromTensors({ training: TRAINING, updater: cmaUpdater(), point }, file);
}
