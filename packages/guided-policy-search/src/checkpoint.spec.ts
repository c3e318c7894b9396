import { SafetensorsError, UserError, writeSafetensors } from '@metadescent/core';
import { expect, test } from '@jest/globals';
import { decodeState, encodeState, stateFromTensors, stateToTensors } from './checkpoint.js';

test('every kind of value comes back, to the bit', () => {
  const state = {
    iteration: 3,
    controllers: [],
    duals: [],
    eta: [Infinity, -0, 1e-300, 0.1 + 0.2],
    stepMultiplier: NaN,
    policy: {
      weights: Float32Array.of(1.5, -0),
      deep: { values: Float64Array.of(Math.PI), absent: undefined },
      name: 'mlp',
      flags: [true, null],
    },
    policyCovariances: [Float64Array.of(2), new Float64Array(0)],
    untrained: true as const,
    worse: 0,
  };
  const back = decodeState<typeof state.policy>(encodeState(state));
  expect(back.eta).toEqual([Infinity, -0, 1e-300, 0.1 + 0.2]);
  expect(back.stepMultiplier).toBeNaN();
  expect(back.policy.deep.values[0]).toBe(Math.PI);
  expect(Object.prototype.toString.call(back.policy.weights)).toBe('[object Float32Array]');
  expect(Object.is(back.policy.weights[1], -0)).toBe(true);
  expect(back.policyCovariances[1]!.length).toBe(0);
  expect(back.policy.flags).toEqual([true, null]);
  expect(back.untrained).toBe(true);
  expect('absent' in back.policy.deep).toBe(false);
});

const plain = {
  iteration: 3,
  controllers: [
    {
      stateSize: 2,
      actionSize: 1,
      horizon: 3,
      K: new Float64Array(6),
      k: new Float64Array(3),
      G: new Float64Array(3),
    },
  ],
  duals: [{ lambda: new Float64Array(3), nu: new Float64Array(3) }],
  eta: [1],
  stepMultiplier: 1,
  policy: {},
  policyCovariances: [Float64Array.of(2)],
  worse: 0,
};
/** The file of a state whose structure was changed after it was written. */
const withStructure = (change: (json: string) => string): Uint8Array => {
  const { tensors, metadata } = stateToTensors(plain);
  return writeSafetensors({ tensors, metadata: { ...metadata, structure: change(metadata['structure']!) } });
};

test.each<[string, Uint8Array, RegExp]>([
  [
    'another format',
    writeSafetensors({ tensors: {}, metadata: { format: 'ot\u001bher' } }),
    /not "metadescent guided-policy-search state 1", but "ot\\u\{1b\}her"/,
  ],
  [
    'no format',
    writeSafetensors({ tensors: {}, metadata: {} }),
    /but has no format; pass one that encodeState wrote/,
  ],
  [
    'a structure that is no JSON',
    withStructure((json) => json.slice(1)),
    /decodeState: the structure is not JSON/,
  ],
  ['a structure that is no record', withStructure(() => '[1]'), /no state of guided policy search/],
  [
    'a state without controllers',
    withStructure((json) => json.replace('"controllers"', '"others"')),
    /controllers/,
  ],
  [
    'half an iteration',
    withStructure((json) => json.replace('"iteration":3', '"iteration":3.5')),
    /iteration/,
  ],
  [
    'gains of another length',
    withStructure((json) => json.replace('"horizon":3', '"horizon":4')),
    /K \[T, U, D\], k .* must have the lengths/,
  ],
  [
    'a tensor that is missing',
    withStructure((json) => json.replace('state.duals.0.nu', 'state.duals.9.nu')),
    /tensor "state.duals.9.nu" is missing/,
  ],
  [
    'a tensor of an inherited name',
    withStructure((json) => json.replace('state.duals.0.nu', 'constructor')),
    /tensor "constructor" is missing/,
  ],
  [
    'a tensor without a name',
    withStructure((json) => json.replace('"state.duals.0.nu"', '7')),
    /the name of a tensor is a number/,
  ],
  [
    'a number that is none',
    withStructure((json) => json.replace('"worse":0', '"worse":{"$number":"0x10"}')),
    /a number is written as "0x10"/,
  ],
])('%s is refused', (_, bytes, message) => {
  expect(() => decodeState(bytes)).toThrow(UserError);
  expect(() => decodeState(bytes)).toThrow(message);
});

test('bytes that are no safetensors are refused as such', () => {
  expect(() => decodeState(new Uint8Array(3))).toThrow(SafetensorsError);
  expect(() => decodeState(new Uint8Array(3))).toThrow(/8-byte/);
  expect(() => stateFromTensors({ tensors: {}, metadata: {} })).toThrow(/^stateFromTensors: /);
});

test('arrays whose paths read the same stay apart; names of object members are only names', () => {
  const policy = JSON.parse('{"a.b": 1, "a": {"b": 2}, "__proto__": {"x": 3}}') as Record<string, unknown>;
  policy['a.b'] = Float32Array.of(1);
  (policy['a'] as Record<string, unknown>)['b'] = Float32Array.of(2);
  const back = decodeState<Record<string, unknown>>(encodeState({ ...plain, policy })).policy;
  expect(back['a.b']).toEqual(Float32Array.of(1));
  expect(back['a']).toEqual({ b: Float32Array.of(2) });
  expect(Object.keys(back)).toEqual(['a.b', 'a', '__proto__']);
});

test.each<[string, unknown]>([
  ['a map', new Map()],
  ['a function', () => 1],
  ['a 64-bit integer', 1n],
  ['a record that reads like a stand-in', { $tensor: 'state.eta' }],
])('%s in a state is refused on writing', (_, policy) => {
  expect(() => encodeState({ ...plain, policy })).toThrow(
    /packPlainData: "state.policy" is .*, which cannot be stored/,
  );
});
