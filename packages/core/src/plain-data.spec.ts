import { expect, test } from '@jest/globals';
import { packPlainData, parsePlainData } from './plain-data.js';
import { readSafetensors, writeSafetensors, type Tensor } from './safetensors.js';
import { UserError } from './user-error.js';

/** Through the bytes of a file and back. */
function stored(value: unknown): unknown {
  const tensors: Record<string, Tensor> = {};
  const structure = JSON.stringify(packPlainData(value, 'state', tensors));
  const file = readSafetensors(writeSafetensors({ tensors, metadata: { structure } }));
  return parsePlainData(file.metadata['structure'] as string, file.tensors);
}

test('every bit comes back: typed arrays by their kind, numbers that JSON lacks, nothing of what is undefined', () => {
  const value = {
    point: Float32Array.of(0.1, -0, NaN),
    moments: [Float64Array.of(1 / 3), new Float64Array(0)],
    best: { score: Infinity, worst: -Infinity, none: NaN, zero: -0 },
    name: 'lstm',
    flag: true,
    nothing: null,
  };
  expect(stored({ ...value, missing: undefined })).toEqual(value);
});

test.each([
  ['a map', new Map()],
  ['a function', () => 1],
  ['a 64-bit integer', 1n],
  ['a record that reads like a stand-in', { $number: 'NaN' }],
])('%s is refused, with its place', (_, value) => {
  expect(() => packPlainData({ a: [value] }, 'state', {})).toThrow(UserError);
  expect(() => packPlainData({ a: [value] }, 'state', {})).toThrow(
    /"state\.a\.0" is .*, which cannot be stored/,
  );
});

test.each([
  ['{"$tensor":"state.x"}', /tensor "state\.x" is missing/],
  ['{"$number":"0x10"}', /a number is written as "0x10"/],
  ['{', /the structure is not JSON/],
])('%s is refused, in the name of the caller', (json, message) => {
  expect(() => parsePlainData(json, {}, 'the checkpoint')).toThrow(UserError);
  expect(() => parsePlainData(json, {}, 'the checkpoint')).toThrow(message);
  expect(() => parsePlainData(json, {}, 'the checkpoint')).toThrow(/^the checkpoint: /);
});
