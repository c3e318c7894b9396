import { createKey, writeSafetensors } from '@metadescent/core';
import { expect, test } from '@jest/globals';
import { initialPsdWeights } from './initial-weights.js';
import { psdRuleSchema } from './psd-rule.js';
import { readWeights, writeWeights } from './weights-file.js';

const weights = initialPsdWeights(psdRuleSchema.parse({ hidden: 4, inputs: 'psi+scale', gradientScale: 16 }), createKey(1), 0.03);

test('a weights file gives back rule, weights and provenance, every bit', () => {
  const bytes = writeWeights(weights, { seed: '7', config: '{"horizon":40}' });
  expect(readWeights(bytes)).toEqual({ weights, provenance: { seed: '7', config: '{"horizon":40}' } });
  expect(writeWeights(readWeights(bytes).weights, { seed: '7', config: '{"horizon":40}' })).toEqual(bytes);
});

test('other files are refused with what is wrong', () => {
  expect(() => readWeights(new Uint8Array(3))).toThrow(/not a weights file/);
  expect(() => readWeights(writeSafetensors({ tensors: {}, metadata: { format: 'x' } }))).toThrow(/of format x/);
  expect(() => readWeights(writeSafetensors({ tensors: {}, metadata: { format: 'metadescent/predicted-step-descent' } }))).toThrow(/which rule/);
  const short = { ...weights, lstm: weights.lstm.subarray(4) };
  expect(() => writeWeights(short)).toThrow(/"lstm" must have/);
});
