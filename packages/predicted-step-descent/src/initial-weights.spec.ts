import { createKey, rollout } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { expect, test } from '@jest/globals';
import { initialPsdWeights, withScaleInputs } from './initial-weights.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { psdRuleSchema, type PsdWeights } from './psd-rule.js';
import { bowls } from './testing/slopes.js';

const key = createKey(4);
const engine = typescriptEngine();
const plain = { ...initialPsdWeights(psdRuleSchema.parse({ hidden: 5 }), key, 0.1), mean: Float64Array.from({ length: 12 }, (_, i) => 0.1 * i) };

test('scale inputs of weight 0 change no step', () => {
  const run = (weights: PsdWeights) => rollout(bowls().sample(key), predictedStepDescent(weights, engine), { horizon: 10, key });
  const wide = withScaleInputs(plain);
  expect(wide.rule.inputs).toBe('psi+scale');
  expect(run(wide).parameters).toBeAllClose(run(plain).parameters, { rtol: 1e-6, atol: 1e-7 });
  expect(withScaleInputs(wide)).toBe(wide);
});

test('untrained rules take small steps', () => {
  const { parameters } = rollout(bowls().sample(key), predictedStepDescent(plain, engine), { horizon: 1, key });
  const start = bowls().sample(key).initialParameters(key.fold('initial'));
  parameters.forEach((x, j) => expect(Math.abs(x - start[j]!)).toBeLessThan(0.1));
});
