import { createKey, rollout } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { expect, test } from '@jest/globals';
import { initialPsdWeights, withNominalStep, withScaleInputs } from './initial-weights.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { psdRuleSchema, type PsdWeights } from './psd-rule.js';
import { bowls } from './testing/bowls.js';

const key = createKey(4);
const engine = typescriptEngine();
const plain = {
  ...initialPsdWeights(psdRuleSchema.parse({ hidden: 5 }), key, 0.1),
  mean: Float64Array.from({ length: 12 }, (_, i) => 0.1 * i),
};

test('scale inputs of weight 0 change no step', () => {
  const run = (weights: PsdWeights) =>
    rollout(bowls().sample(key), predictedStepDescent(weights, engine), { horizon: 10, key });
  const wide = withScaleInputs(plain);
  expect(wide.rule.inputs).toBe('psi+scale');
  expect(run(wide).parameters).toBeAllClose(run(plain).parameters, { rtol: 1e-6, atol: 1e-7 });
  expect(withScaleInputs(wide)).toBe(wide);
});

test("a nominal step is AdaGrad's, added to the policy's own step times a factor", () => {
  const optimizee = bowls().sample(key);
  const weights = withNominalStep(plain, { nominalRate: 0.2, policyScale: 0.5 });
  // The policy alone, fed what the two together see.
  const alone = predictedStepDescent(withScaleInputs(plain), engine);
  const state = alone.init(optimizee.layout);
  const n = optimizee.layout.size;
  const squares = new Float64Array(n);
  let largest = 0;
  rollout(optimizee, predictedStepDescent(weights, engine), {
    horizon: 8,
    key,
    observers: [
      ({ iteration, parameters, gradient, objective, step: together }) => {
        if (iteration === 8) return;
        const own = new Float32Array(n);
        alone.update(
          {
            layout: optimizee.layout,
            iteration,
            parameters,
            gradient,
            objective,
            minibatch: { evaluate: () => objective },
          },
          state,
          own,
        );
        const wanted = Array.from(own, (learned, j) => {
          squares[j]! += gradient[j]! ** 2;
          return 0.5 * learned - (0.2 * gradient[j]!) / Math.sqrt(squares[j]!);
        });
        largest = Math.max(largest, ...wanted.map(Math.abs));
        expect(together).toBeAllClose(wanted, { rtol: 1e-5, atol: 1e-6 });
      },
    ],
  });
  expect(largest).toBeGreaterThan(0.1);
});

test('a nominal step needs the scale inputs', () => {
  const weights = { ...plain, rule: { ...plain.rule, nominalRate: 0.1 } };
  expect(() => predictedStepDescent(weights, engine)).toThrow(
    /nominal rate of 0\.1 needs the inputs "psi\+scale"/,
  );
});

test('a nominal step comes with the annealing that it is given, and without leaves what was there', () => {
  const pair = { nominalRate: 0.2, policyScale: 0.5 };
  expect(withNominalStep(plain, { ...pair, annealing: 50 }).rule).toMatchObject({
    nominalRate: 0.2,
    annealing: 50,
  });
  expect(withNominalStep({ ...plain, rule: { ...plain.rule, annealing: 30 } }, pair).rule.annealing).toBe(30);
});

test('a nominal step is refused where gradients are normalised', () => {
  const rule = psdRuleSchema.parse({
    hidden: 3,
    inputs: 'psi+scale',
    nominalRate: 0.1,
    normalisation: 'adagrad',
  });
  expect(() => predictedStepDescent(initialPsdWeights(rule, createKey(1)), engine)).toThrow(
    /needs gradients as they are, but the rule has the normalisation "adagrad"/,
  );
});

test('untrained rules take small steps', () => {
  const { parameters } = rollout(bowls().sample(key), predictedStepDescent(plain, engine), {
    horizon: 1,
    key,
  });
  const start = bowls().sample(key).initialParameters(key.fold('initial'));
  parameters.forEach((x, j) => expect(Math.abs(x - start[j]!)).toBeLessThan(0.1));
});
