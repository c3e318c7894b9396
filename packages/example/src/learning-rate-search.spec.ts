import { expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { lstmRuleSchema, metaTrainingSchema } from '@metadescent/lstm-optimizer';
import { taskMap } from '@metadescent/runtime';
import { experimentNamed } from './experiments/registry.js';
import { LEARNING_RATE_RANGE, searchLearningRate } from './learning-rate-search.js';
import { inlineTasks } from './tasks.fixture.js';

test('the search keeps the rate with the best held-out score, and says what it tried', async () => {
  const rule = lstmRuleSchema.parse({ hidden: 3, layers: 1, preprocessing: { kind: 'none' } });
  const experiment = {
    ...experimentNamed('andrychowicz/quadratics'),
    problem: { kind: 'quadratics' as const, dimension: 3 },
    rule,
  };
  const recipe = metaTrainingSchema.parse({
    horizon: 8,
    segment: 4,
    batch: 2,
    batchesPerEpoch: 3,
    epochs: 4,
    validationUnrolls: 4,
  });
  const seen: [number, number][] = [];
  const search = () =>
    searchLearningRate(rule, recipe, {
      candidates: 3,
      key: createKey(1),
      map: taskMap(inlineTasks({ experiment, stacked: 2, engine: 'typescript' })),
      onCandidate: (rate, score) => seen.push([rate, score]),
    });
  const { best, candidates } = await search();
  expect(candidates).toHaveLength(3);
  expect(candidates.map((c) => [c.options['learningRate'], c.score])).toEqual(seen);
  for (const [rate] of seen) {
    expect(rate).toBeGreaterThanOrEqual(LEARNING_RATE_RANGE.from);
    expect(rate).toBeLessThanOrEqual(LEARNING_RATE_RANGE.to);
  }
  expect(best!.score).toBe(Math.min(...seen.map(([, score]) => score)));
  expect((await search()).best!.options).toEqual(best!.options);
});
