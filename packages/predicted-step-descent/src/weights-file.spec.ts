import { createKey, UserError, writeSafetensors, type TensorData } from '@metadescent/core';
import { expect, test } from '@jest/globals';
import { initialPsdWeights } from './initial-weights.js';
import { psdRuleSchema } from './psd-rule.js';
import { readWeights, weightsToTensors, writeWeights } from './weights-file.js';

const weights = initialPsdWeights(
  psdRuleSchema.parse({ hidden: 4, inputs: 'psi+scale', gradientScale: 16 }),
  createKey(1),
  0.03,
);

test('a weights file gives back rule, weights and provenance, every bit', () => {
  const bytes = writeWeights(weights, { seed: '7', config: '{"horizon":40}' });
  expect(readWeights(bytes)).toEqual({ weights, provenance: { seed: '7', config: '{"horizon":40}' } });
  expect(writeWeights(readWeights(bytes).weights, { seed: '7', config: '{"horizon":40}' })).toEqual(bytes);
});

test('other files are refused with what is wrong', () => {
  expect(() => readWeights(new Uint8Array(3))).toThrow(/not a weights file/);
  expect(() => readWeights(writeSafetensors({ tensors: {}, metadata: { format: 'x' } }))).toThrow(
    /of format "x"/,
  );
  expect(() =>
    readWeights(
      writeSafetensors({ tensors: {}, metadata: { format: 'metadescent/predicted-step-descent' } }),
    ),
  ).toThrow(/which rule/);
  const short = { ...weights, lstm: weights.lstm.subarray(4) };
  expect(() => writeWeights(short)).toThrow(/"lstm" must have/);
});

test.each(['lstm', 'input/mean', 'input/deviation', 'output/scale'])(
  '"%s" must be finite and of its type, on reading with the name of the file',
  (name) => {
    const { tensors, metadata } = weightsToTensors(weights);
    const file = (data: TensorData | undefined) =>
      writeSafetensors({
        tensors: { ...tensors, ...(data ? { [name]: { shape: [data.length], data } } : {}) },
        metadata,
      });
    const data = tensors[name]!.data as Float32Array | Float64Array;
    for (const value of [NaN, Infinity, -Infinity, ...(name === 'input/deviation' ? [0, -1] : [])]) {
      const damaged = data.slice();
      damaged[1] = value;
      expect(() => readWeights(file(damaged))).toThrow(UserError);
      expect(() => readWeights(file(damaged), 'psd.safetensors')).toThrow(
        new RegExp(
          `readWeights: psd\\.safetensors: tensor "${name}" must be finite.*, but entry 1 is ${value};`,
        ),
      );
    }
    expect(() => readWeights(file(Int32Array.from(data)))).toThrow(
      new RegExp(`tensor "${name}" must be a Float.*, but is a Int32Array`),
    );
    const others = Object.fromEntries(Object.entries(tensors).filter(([other]) => other !== name));
    expect(() => readWeights(writeSafetensors({ tensors: others, metadata }))).toThrow(
      new RegExp(`tensor "${name}" must be a Float.*, but is missing`),
    );
    expect(() => writeWeights({ ...weights, lstm: weights.lstm.map(() => NaN) })).toThrow(
      /writeWeights: tensor "lstm" must be finite, but entry 0 is NaN/,
    );
  },
);
