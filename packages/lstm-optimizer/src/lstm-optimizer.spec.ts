import { describe, expect, test } from '@jest/globals';
import { createKey, parameterLayout, type Optimizer } from '@metadescent/core';
import { optimizerConformance } from '@metadescent/core/conformance';
import { typescriptEngine } from '@metadescent/kernels';
import { assignCoordinates, initialWeights, lstmRuleSchema, weightCount } from './lstm-rule.js';
import { lstmOptimizer } from './lstm-optimizer.js';
import { randomOrientation } from './orientation.js';

const engine = typescriptEngine();
const layout = parameterLayout([
  { name: 'conv', role: 'kernel', layer: 0, shape: [3] },
  { name: 'bias', role: 'bias', layer: 0, shape: [2] },
  { name: 'dense', role: 'weight', layer: 1, shape: [4] },
]);

describe('conformance', () => {
  const variants = {
    'one network': {},
    'two networks': { networks: [{ name: 'bias', roles: ['bias' as const] }, { name: 'other' }] },
    'random orientation': { orientation: 'random' as const },
    'orientation drawn for each rollout': { orientation: 'drawn' as const },
    'nominal step': { nominal: { learningRate: 0.1, momentum: 0.9 } },
  };
  for (const [name, variant] of Object.entries(variants)) {
    const rule = lstmRuleSchema.parse({ hidden: 5, ...variant });
    const create = () => lstmOptimizer(rule, initialWeights(rule, createKey(1)), engine);
    for (const check of optimizerConformance(create, { descends: false }))
      test(`${name}: ${check.name}`, check.run);
  }
});

test('coordinates go to the first network that holds their role and layer; neighbours merge into one run', () => {
  const rule = lstmRuleSchema.parse({
    networks: [{ name: 'conv', roles: ['kernel', 'bias'], layers: [0] }, { name: 'dense' }],
  });
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
  const gradients = [createKey(3).fold(0), createKey(3).fold(1)].map((key) =>
    Float32Array.from(key.normal(9)),
  );
  const order = createKey(4).permutation(9);
  const run = (arrange: (g: Float32Array) => Float32Array) => {
    const state = optimizer.init(layout);
    const step = new Float32Array(9);
    const minibatch = { evaluate: () => 0 };
    gradients.forEach((g, iteration) =>
      optimizer.update(
        { layout, iteration, parameters: new Float32Array(9), gradient: arrange(g), objective: 0, minibatch },
        state,
        step,
      ),
    );
    return step;
  };
  const plain = run((g) => g);
  const permuted = run((g) => Float32Array.from(order, (j) => g[j]!));
  expect(permuted).toBeAllClose(
    Array.from(order, (j) => plain[j]!),
    { rtol: 1e-6 },
  );
});

test('random orientation: the rule without it, run in coordinates of which about half are negated', () => {
  const weights = initialWeights(lstmRuleSchema.parse({ hidden: 4 }), createKey(2));
  const signs = randomOrientation(9);
  expect([...randomOrientation(1000)].filter((sign) => sign === 1).length).toBeGreaterThan(450);
  expect([...randomOrientation(1000)].filter((sign) => sign === -1).length).toBeGreaterThan(450);
  const run = (orientation: 'none' | 'random', arrange: (g: Float32Array) => Float32Array) => {
    const optimizer = lstmOptimizer(lstmRuleSchema.parse({ hidden: 4, orientation }), weights, engine);
    const state = optimizer.init(layout);
    return Array.from({ length: 4 }, (_, iteration) => {
      const step = new Float32Array(9);
      const gradient = arrange(Float32Array.from(createKey(3).fold(iteration).normal(9)));
      optimizer.update(
        {
          layout,
          iteration,
          parameters: new Float32Array(9),
          gradient,
          objective: 0,
          minibatch: { evaluate: () => 0 },
        },
        state,
        step,
      );
      return [...arrange(step)];
    });
  };
  const negate = (x: Float32Array) => x.map((value, j) => signs[j]! * value);
  expect(run('random', (x) => x)).toEqual(run('none', negate));
  expect(run('random', (x) => x)).not.toEqual(run('none', (x) => x));
});

test('weights: the count of the paper’s network, and wrong lengths refused', () => {
  const rule = lstmRuleSchema.parse({});
  // 80·(2 + 20 + 1) + 80·(20 + 20 + 1) + 21
  expect(weightCount(rule)).toBe(5141);
  expect(initialWeights(rule, createKey(0))).toHaveLength(5141);
  expect(engine.lstm({ inputs: 2, hidden: 20, layers: 2 }).weightCount).toBe(5141);
  expect(() => lstmOptimizer(rule, new Float32Array(5), engine)).toThrow(/5141 weights, but 5/);
});

test("a nominal step is Nesterov's, added to the step of the rule without it", () => {
  const nominal = { learningRate: 0.3, momentum: 0.8 };
  const rule = lstmRuleSchema.parse({ hidden: 4 });
  const weights = initialWeights(rule, createKey(2));
  const stepsOf = (optimizer: Optimizer) => {
    const state = optimizer.init(layout);
    return Array.from({ length: 5 }, (_, iteration) => {
      const step = new Float32Array(9);
      const gradient = Float32Array.from(createKey(3).fold(iteration).normal(9));
      optimizer.update(
        {
          layout,
          iteration,
          parameters: new Float32Array(9),
          gradient,
          objective: 0,
          minibatch: { evaluate: () => 0 },
        },
        state,
        step,
      );
      return step;
    });
  };
  const plain = stepsOf(lstmOptimizer(rule, weights, engine));
  const together = stepsOf(lstmOptimizer({ ...rule, nominal }, weights, engine));
  const velocity = new Float64Array(9);
  together.forEach((step, t) => {
    const gradient = createKey(3).fold(t).normal(9);
    const wanted = Array.from(plain[t]!, (learned, j) => {
      velocity[j] = 0.8 * velocity[j]! + gradient[j]!;
      return learned - 0.3 * (gradient[j]! + 0.8 * velocity[j]!);
    });
    expect(step).toBeAllClose(wanted, { rtol: 1e-5, atol: 1e-6 });
  });
});

test('random orientation is the same for every key; a drawn one is the key’s', () => {
  const init = (orientation: 'random' | 'drawn', seed: number) => {
    const rule = lstmRuleSchema.parse({ hidden: 4, orientation });
    const optimizer = lstmOptimizer(rule, initialWeights(rule, createKey(2)), engine);
    return optimizer.init(layout, createKey(seed))['orientation/all'];
  };
  expect(init('random', 1)).toEqual(init('random', 2));
  expect(init('random', 1)).toEqual(randomOrientation(9));
  expect(init('drawn', 1)).toEqual(init('drawn', 1));
  expect(init('drawn', 1)).not.toEqual(init('drawn', 2));
});

test('a rule is coordinatewise unless its networks go by the place of a layer', () => {
  const says = (networks?: { name: string; layers?: number[] }[]) => {
    const rule = lstmRuleSchema.parse({ hidden: 4, ...(networks && { networks }) });
    return lstmOptimizer(rule, initialWeights(rule, createKey(2)), engine).coordinatewise;
  };
  expect(says()).toBe(true);
  expect(says([{ name: 'first', layers: [0] }, { name: 'rest' }])).toBe(false);
});
