import { describe, expect, test } from '@jest/globals';
import { createKey, parameterLayout } from '@metadescent/core';
import { optimizerConformance } from '@metadescent/core/conformance';
import { typescriptEngine } from '@metadescent/kernels';
import { assignCoordinates, initialWeights, lstmRuleSchema, weightCount } from './lstm-rule.js';
import { lstmOptimizer } from './lstm-optimizer.js';

const engine = typescriptEngine();
const layout = parameterLayout([
  { name: 'conv', role: 'kernel', layer: 0, shape: [3] },
  { name: 'bias', role: 'bias', layer: 0, shape: [2] },
  { name: 'dense', role: 'weight', layer: 1, shape: [4] },
]);

describe('conformance', () => {
  for (const networks of [undefined, [{ name: 'bias', roles: ['bias' as const] }, { name: 'other' }]]) {
    const rule = lstmRuleSchema.parse({ hidden: 5, ...(networks && { networks }) });
    const create = () => lstmOptimizer(rule, initialWeights(rule, createKey(1)), engine);
    for (const check of optimizerConformance(create, { descends: false })) test(`${networks ? 'two networks' : 'one network'}: ${check.name}`, check.run);
  }
});

test('coordinates go to the first network that holds their role and layer; neighbours merge into one run', () => {
  const rule = lstmRuleSchema.parse({ networks: [{ name: 'conv', roles: ['kernel', 'bias'], layers: [0] }, { name: 'dense' }] });
  expect(assignCoordinates(rule, layout)).toEqual([
    { name: 'conv', runs: [{ offset: 0, size: 5 }], size: 5 },
    { name: 'dense', runs: [{ offset: 5, size: 4 }], size: 4 },
  ]);
  const narrow = lstmRuleSchema.parse({ networks: [{ name: 'dense', roles: ['weight'] }] });
  expect(() => assignCoordinates(narrow, layout)).toThrow(/no network .* "conv"/);
});

test('coordinates are independent: permuting gradients permutes steps', () => {
  const rule = lstmRuleSchema.parse({ hidden: 4 });
  const optimizer = lstmOptimizer(rule, initialWeights(rule, createKey(2)), engine);
  const gradients = [createKey(3).fold(0), createKey(3).fold(1)].map((key) => Float32Array.from(key.normal(9)));
  const order = createKey(4).permutation(9);
  const run = (arrange: (g: Float32Array) => Float32Array) => {
    const state = optimizer.init(layout);
    const step = new Float32Array(9);
    const minibatch = { evaluate: () => 0 };
    gradients.forEach((g, iteration) =>
      optimizer.update({ layout, iteration, parameters: new Float32Array(9), gradient: arrange(g), objective: 0, minibatch }, state, step),
    );
    return step;
  };
  const plain = run((g) => g);
  const permuted = run((g) => Float32Array.from(order, (j) => g[j]!));
  expect(permuted).toBeAllClose(Array.from(order, (j) => plain[j]!), { rtol: 1e-6 });
});

test('weights: the count of the paper’s network, and wrong lengths refused', () => {
  const rule = lstmRuleSchema.parse({});
  // 80·(2 + 20 + 1) + 80·(20 + 20 + 1) + 21
  expect(weightCount(rule)).toBe(5141);
  expect(initialWeights(rule, createKey(0))).toHaveLength(5141);
  expect(engine.lstm({ inputs: 2, hidden: 20, layers: 2 }).weightCount).toBe(5141);
  expect(() => lstmOptimizer(rule, new Float32Array(5), engine)).toThrow(/5141 weights, but 5/);
});
