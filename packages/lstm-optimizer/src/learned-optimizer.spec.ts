import { describe, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import {
  antitheticTasks,
  heldOutScore,
  inlineTasks,
  metaAdam,
  metaTrain,
  persistentEvolutionStrategies,
  truncatedBackpropagation,
  type UnrollCursor,
} from '@metadescent/meta-learning';
import { estimatorConformance, learnedOptimizerConformance } from '@metadescent/meta-learning/conformance';
import { lstmLearnedOptimizer } from './learned-optimizer.js';
import { initialWeights, lstmRuleSchema } from './lstm-rule.js';
import { runSegmentTask, type SegmentDetails } from './meta-training-tasks.js';
import { bowls } from './bowls.fixture.js';

const rule = lstmRuleSchema.parse({ hidden: 3, layers: 1, outputScale: 1 });
const engine = typescriptEngine();
const learned = lstmLearnedOptimizer({ rule, engine });
const key = createKey(6);

for (const check of learnedOptimizerConformance(() => learned)) test(check.name, check.run);

describe('its segments', () => {
  const suite = estimatorConformance({
    estimator: truncatedBackpropagation<UnrollCursor, SegmentDetails>({
      batch: 2,
      gradientClip: 1,
      unrollAt: () => ({ horizon: 8, segment: 3 }),
      detailsAt: () => ({
        loss: 'area-under-curve',
        scaling: { range: 1, signs: true },
        coordinatesPerGroup: 4,
      }),
    }),
    run: (task) => runSegmentTask({ rule, engine, training: bowls(), validation: bowls() }, task),
    point: initialWeights(rule, key),
  });
  for (const check of suite) test(check.name, check.run);
});

test('evolution strategies train it as they train any rule', async () => {
  const start = learned.init(key);
  const map = inlineTasks(antitheticTasks({ learned, phi: start, family: bowls(), validation: bowls() }));
  const validate = heldOutScore({ map, key, rollouts: 6, horizon: 10 });
  const { best } = await metaTrain({
    estimator: persistentEvolutionStrategies({ pairs: 8, sigma: 0.03, horizon: 10, segment: 5 }),
    updater: metaAdam(),
    start,
    rounds: 60,
    learningRate: () => 0.03,
    validateEvery: 20,
    validate,
    key,
    map,
  });
  expect(best.score).toBeLessThan(0.5 * (await validate(start)).score);
});
