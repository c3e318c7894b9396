import { expect, test } from '@jest/globals';
import { readSafetensors, UserError, writeSafetensors, type TensorFile } from '@metadescent/core';
import { metaTrainingStateFromTensors, metaTrainingStateToTensors } from './checkpoint.js';
import type { MetaTrainingState } from './meta-training-state.js';
import { metaAdam } from './updater.js';

const state: MetaTrainingState = {
  round: 3,
  point: Float32Array.of(0.1, -0),
  updater: { first: Float64Array.of(1 / 3, 0), second: Float64Array.of(2, 3), count: 7 },
  cursors: [{ steps: 2, parameters: Float32Array.of(5) }],
  recorded: 2,
  window: { objectiveSum: 0.5, steps: 10, norms: [1, Infinity], clipped: 1, failed: 0 },
  best: { point: Float32Array.of(0.2, 0), score: Infinity, round: -1 },
};
const fits = { training: 'rule', updater: metaAdam(), point: new Float32Array(2) };
const file = metaTrainingStateToTensors('rule', state);
const withStructure = (change: (json: string) => string): TensorFile => ({
  ...file,
  metadata: { ...file.metadata, structure: change(file.metadata['structure'] as string) },
});

test('every bit comes back through the bytes of a file', () => {
  expect(metaTrainingStateFromTensors(fits, readSafetensors(writeSafetensors(file)))).toEqual(state);
});

test.each<[string, typeof fits, TensorFile, RegExp]>([
  [
    'an older format',
    fits,
    { tensors: {}, metadata: { format: 'metadescent/lstm-optimizer/meta-training-state' } },
    /is of format "metadescent\/lstm-optimizer\/meta-training-state", but "metadescent\/meta-training-state\/1" is read; resume the run with the version that wrote it/,
  ],
  ['no format', fits, { tensors: {}, metadata: {} }, /is of format \(none\)/],
  ['another training', { ...fits, training: 'psd' }, file, /of a training of "rule", but "psd" was expected/],
  [
    'another number of meta-parameters',
    { ...fits, point: new Float32Array(3) },
    file,
    /"state\.point" is a Float32Array of 2, but a Float32Array of 3 is needed: it belongs to another rule/,
  ],
  [
    'a missing part',
    fits,
    withStructure((json) => json.replace('"recorded":2,', '')),
    /"state\.recorded" is undefined, but a number/,
  ],
  ['a missing tensor', fits, { ...file, tensors: {} }, /the checkpoint: tensor "state\.point" is missing/],
  [
    'a round that is none',
    fits,
    withStructure((json) => json.replace('"round":3', '"round":3.5')),
    /counters do not fit together/,
  ],
  [
    'a record of a later round',
    fits,
    withStructure((json) => json.replace('"recorded":2', '"recorded":9')),
    /counters do not fit together/,
  ],
  [
    'norms that are none',
    fits,
    withStructure((json) => json.replace('"norms":[1', '"norms":["1"')),
    /counters do not fit together/,
  ],
])('%s is refused with the next step', (_, training, stored, message) => {
  expect(() => metaTrainingStateFromTensors(training, stored)).toThrow(UserError);
  expect(() => metaTrainingStateFromTensors(training, stored)).toThrow(message);
});
