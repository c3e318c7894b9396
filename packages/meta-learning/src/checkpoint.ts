import {
  describeKind,
  packPlainData,
  parsePlainData,
  printable,
  UserError,
  type Tensor,
  type TensorFile,
} from '@metadescent/core';
import type { Vector } from './gradient-estimator.js';
import type { MetaTrainingState } from './meta-training-state.js';
import type { Updater } from './updater.js';

const FORMAT = 'metadescent/meta-training-state/1';

/**
 * The state of a meta-training as tensors, for a checkpoint: every bit comes back.
 *
 * @param training what is trained, such as `lstm-optimizer`; a checkpoint of another training is refused
 */
export function metaTrainingStateToTensors<Point extends Vector>(
  training: string,
  state: MetaTrainingState<unknown, unknown, Point>,
): TensorFile {
  const tensors: Record<string, Tensor> = {};
  const structure = JSON.stringify(packPlainData(state, 'state', tensors));
  return { tensors, metadata: { format: FORMAT, training, structure } };
}

/** What a stored state must fit. */
export interface StoredTraining<UpdaterState, Signal, Point extends Vector> {
  /** As given to `metaTrainingStateToTensors`. */
  readonly training: string;
  readonly updater: Updater<UpdaterState, Signal, Point>;
  /** φ of this training, for its kind and length [n]. */
  readonly point: Point;
}

/**
 * The state that `metaTrainingStateToTensors` stored. What the cursors hold is the estimator's alone, and is
 * not looked into.
 *
 * @throws UserError if the tensors are something else, of another training, of another number of
 *   meta-parameters, or damaged.
 */
export function metaTrainingStateFromTensors<Cursors, UpdaterState, Signal, Point extends Vector>(
  { training: wanted, updater, point }: StoredTraining<UpdaterState, Signal, Point>,
  { tensors, metadata }: TensorFile,
): MetaTrainingState<Cursors, UpdaterState, Point> {
  const { format, training, structure } = metadata;
  if (format !== FORMAT || structure === undefined)
    throw new UserError(
      `the checkpoint is of format ${quoted(format)}, but "${FORMAT}" is read; ` +
        'resume the run with the version that wrote it, or start a new run folder',
    );
  if (training !== wanted)
    throw new UserError(
      `the checkpoint is of a training of ${quoted(training)}, but "${wanted}" was expected; ` +
        'resume the run that wrote it, or start a new run folder',
    );
  const stored = parsePlainData(structure, tensors, 'the checkpoint');
  const example = {
    round: 0,
    point,
    updater: updater.init(point.length),
    recorded: 0,
    window: { objectiveSum: 0, steps: 0, clipped: 0, failed: 0 },
    best: { point, score: 0, round: 0 },
  };
  const fault = difference(stored, example, 'state');
  if (fault !== undefined)
    throw new UserError(
      `the checkpoint's "${fault.path}" is ${fault.is}, but ${fault.wanted} is needed: it belongs to another rule, ` +
        'or is damaged; start a new run folder',
    );
  const state = stored as MetaTrainingState<Cursors, UpdaterState, Point>;
  const { round, recorded, window, best } = state;
  const sound =
    [round, recorded + 1, best.round + 1, window.clipped, window.failed].every(
      (count) => Number.isSafeInteger(count) && count >= 0,
    ) &&
    Math.max(recorded, best.round) <= round &&
    Array.isArray(window.norms) &&
    window.norms.every((norm) => typeof norm === 'number') &&
    'cursors' in state;
  if (!sound)
    throw new UserError(
      "the checkpoint's counters do not fit together: it is damaged; start a new run folder",
    );
  return state;
}

interface Difference {
  readonly path: string;
  readonly is: string;
  readonly wanted: string;
}

/** The first place where a value has not the structure of the example: kinds, lengths of arrays, names of fields. */
function difference(value: unknown, example: unknown, path: string): Difference | undefined {
  const fault = { path, is: sizedKind(value), wanted: sizedKind(example) };
  if (ArrayBuffer.isView(example)) return fault.is === fault.wanted ? undefined : fault;
  if (typeof example !== 'object' || example === null)
    return typeof value === typeof example ? undefined : fault;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return fault;
  for (const [name, part] of Object.entries(example)) {
    const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    const found = difference(own, part, `${path}.${name}`);
    if (found) return found;
  }
  return undefined;
}

function sizedKind(value: unknown): string {
  return ArrayBuffer.isView(value)
    ? `${describeKind(value)} of ${(value as Float64Array).length}`
    : describeKind(value);
}

function quoted(text: string | undefined): string {
  return text === undefined ? '(none)' : `"${printable(text)}"`;
}
