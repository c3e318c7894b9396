import { writeSafetensors } from '@metadescent/core';
import { expect, test } from '@jest/globals';
import { decodeState, encodeState } from './checkpoint.js';

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

test('another file is refused', () => {
  expect(() => decodeState(writeSafetensors({ tensors: {}, metadata: { format: 'other' } }))).toThrow(
    /not "metadescent guided-policy-search state 1", but "other"/,
  );
  expect(() => decodeState(new Uint8Array(3))).toThrow(/8-byte/);
});
