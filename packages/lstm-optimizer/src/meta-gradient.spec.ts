import { describe, expect, test } from '@jest/globals';
import {
  areaUnderCurve,
  createKey,
  finalObjective,
  linearlyIncreasing,
  rollout,
  type MetaLoss,
} from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { gradientConformance, slopes } from '@metadescent/meta-learning/conformance';
import { initialWeights, lstmRuleSchema, type LstmRule } from './lstm-rule.js';
import { lstmOptimizer } from './lstm-optimizer.js';
import { unrollSegment } from './meta-gradient.js';

const engine = typescriptEngine();
const key = createKey(3);
const optimizee = slopes().sample(key);

const rules: Record<string, LstmRule> = {
  'one network, log-sign': lstmRuleSchema.parse({ hidden: 3, layers: 2 }),
  'no preprocessing': lstmRuleSchema.parse({
    hidden: 4,
    layers: 1,
    preprocessing: { kind: 'none', scale: 0.5 },
    outputScale: 1,
  }),
  'random orientation': lstmRuleSchema.parse({ hidden: 3, layers: 1, orientation: 'random' }),
  'networks by role': lstmRuleSchema.parse({
    hidden: 3,
    layers: 1,
    networks: [{ name: 'biases', roles: ['bias'] }, { name: 'rest' }],
  }),
};

function lossOf(rule: LstmRule, weights: Float32Array, horizon: number, loss: MetaLoss): number {
  const { objectives } = rollout(optimizee, lstmOptimizer(rule, weights, engine), { horizon, key });
  return objectives.reduce((sum, f, t) => (t === 0 ? 0 : sum + loss.weight(t, horizon) * f), 0);
}

for (const [name, rule] of Object.entries(rules)) {
  for (const loss of [areaUnderCurve, finalObjective, linearlyIncreasing]) {
    describe(`${name}, ${loss.name}`, () => {
      const horizon = 7;
      // Larger output weights than at the start of training, so that every path carries weight.
      const point = initialWeights(rule, key).map((w, i) => w + 0.3 * createKey(8).fold(i).normal(1)[0]!);
      const segment = (weights: Float32Array) =>
        unrollSegment(rule, weights, optimizee, engine, { length: horizon, horizon, loss, key });
      const suite = gradientConformance({
        loss: (weights) => lossOf(rule, weights, horizon, loss),
        gradient: (weights) => segment(weights).gradient,
        point,
      });
      for (const check of suite) test(check.name, check.run);

      test('its loss is that of the rollout', () => {
        expect(segment(point).loss).toBeCloseTo(lossOf(rule, point, horizon, loss), 4);
      });
    });
  }
}

test('segments continue an unroll: iterates, states and objectives are those of one rollout', () => {
  const rule = rules['networks by role']!;
  const weights = initialWeights(rule, key);
  const whole = rollout(optimizee, lstmOptimizer(rule, weights, engine), { horizon: 9, key });
  const options = { horizon: 9, loss: areaUnderCurve, key };
  const first = unrollSegment(rule, weights, optimizee, engine, { ...options, length: 4 });
  const second = unrollSegment(rule, weights, optimizee, engine, {
    ...options,
    length: 5,
    cursor: first.cursor,
  });
  expect([...second.cursor.parameters]).toEqual([...whole.parameters]);
  expect(second.cursor.iteration).toBe(9);
  expect(second.lastObjective).toBe(whole.objectives[9]);
  expect(first.loss + second.loss).toBeCloseTo(
    whole.objectives.subarray(1).reduce((a, b) => a + b),
    5,
  );
});

test('an unroll that is not finite is named and gives no gradient', () => {
  const rule = rules['no preprocessing']!;
  const weights = initialWeights(rule, key).fill(NaN);
  const result = unrollSegment(rule, weights, optimizee, engine, {
    length: 3,
    horizon: 3,
    loss: areaUnderCurve,
    key,
  });
  expect(result.outcome).toEqual({ kind: 'non-finite', step: 0, what: 'step' });
  expect(result.gradient.every((g) => g === 0)).toBe(true);
});

test('a sample that asks for every coordinate changes no bit', () => {
  const rule = rules['one network, log-sign']!;
  const weights = initialWeights(rule, key);
  const options = { length: 4, horizon: 4, loss: areaUnderCurve, key };
  const plain = unrollSegment(rule, weights, optimizee, engine, options).gradient;
  expect([
    ...unrollSegment(rule, weights, optimizee, engine, { ...options, coordinatesPerGroup: 6 }).gradient,
  ]).toEqual([...plain]);
});

test('a sample scales up to the whole: where all coordinates of a group behave alike, half of them give the same meta-gradient', () => {
  const rule = rules['networks by role']!;
  const weights = initialWeights(rule, key);
  const slopeOf = (step: number, group: number) => key.fold(step).normal(4)[group]!;
  const alike: typeof optimizee = {
    ...optimizee,
    minibatch: (_, step) => ({
      evaluate(parameters, gradient) {
        let sum = 0;
        optimizee.layout.groups.forEach(({ offset, size }, g) => {
          for (let j = offset; j < offset + size; j++) {
            sum += slopeOf(step, g) * parameters[j]!;
            if (gradient) gradient[j] = slopeOf(step, g);
          }
        });
        return sum;
      },
    }),
  };
  const options = { length: 4, horizon: 8, loss: areaUnderCurve, key };
  // The second segment, so that states have to be carried over too.
  const { cursor } = unrollSegment(rule, weights, alike, engine, options);
  const whole = unrollSegment(rule, weights, alike, engine, { ...options, cursor }).gradient;
  const sampled = unrollSegment(rule, weights, alike, engine, {
    ...options,
    cursor,
    coordinatesPerGroup: 2,
  }).gradient;
  expect(sampled).toBeAllClose(whole, { rtol: 1e-4, atol: 1e-6 });
});
