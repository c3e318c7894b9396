import { expect, test } from '@jest/globals';
import { createKey, parameterLayout } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { sampleCoordinates, sampleState } from './coordinate-sample.js';
import { assignCoordinates, lstmRuleSchema } from './lstm-rule.js';

const layout = parameterLayout([
  { name: 'a', role: 'weight', layer: 0, shape: [5] },
  { name: 'b', role: 'bias', layer: 0, shape: [2] },
  { name: 'c', role: 'weight', layer: 1, shape: [4] },
]);
const rule = lstmRuleSchema.parse({
  hidden: 3,
  networks: [{ name: 'weights', roles: ['weight'] }, { name: 'rest' }],
});
const [weights] = assignCoordinates(rule, layout) as [ReturnType<typeof assignCoordinates>[number]];

test('every coordinate is drawn equally often, with weights that make sums unbiased', () => {
  const draws = 4000;
  const expected = new Float64Array(11);
  for (let d = 0; d < draws; d++) {
    const { flat, weight } = sampleCoordinates(weights, layout, 2, createKey(d));
    expect(flat).toHaveLength(4);
    flat.forEach((j, i) => (expected[j] = expected[j]! + weight[i]! / draws));
  }
  // Groups a (5 coordinates) and c (4) belong to this network, b does not. Five standard errors of a
  // Bernoulli(2/5) mean times 5/2.
  const limit = 5 * 2.5 * Math.sqrt((0.4 * 0.6) / draws);
  expected.forEach((mean, j) => expect(Math.abs(mean - (j === 5 || j === 6 ? 0 : 1))).toBeLessThan(limit));
});

test('local places and states follow the coordinates', () => {
  const kernel = typescriptEngine().lstm({ inputs: 2, hidden: 3, layers: 2 });
  const state = new Float32Array(kernel.stateSize(weights.size));
  const stamp = (local: number, layer: number, unit: number, part: 'h' | 'c') =>
    1 + local + 100 * layer + 1000 * unit + (part === 'h' ? 0 : 10_000);
  const places = [0, 1].flatMap((layer) =>
    [0, 1, 2].flatMap((unit) => (['h', 'c'] as const).map((part) => ({ layer, unit, part }))),
  );
  for (let j = 0; j < weights.size; j++) {
    for (const { layer, unit, part } of places)
      state[kernel.stateIndex(weights.size, j, layer, part, unit)] = stamp(j, layer, unit, part);
  }
  const sample = sampleCoordinates(weights, layout, 2, createKey(1));
  const part = sampleState(kernel, state, weights.size, sample);
  sample.local.forEach((j, i) => {
    expect(sample.flat[i]).toBe(j < 5 ? j : j + 2);
    for (const { layer, unit, part: which } of places)
      expect(part[kernel.stateIndex(4, i, layer, which, unit)]).toBe(stamp(j, layer, unit, which));
  });
  expect(sampleState(kernel, state, weights.size, sampleCoordinates(weights, layout, 5, createKey(1)))).toBe(
    state,
  );
});
