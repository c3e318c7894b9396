import { describe, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { truncatedBackpropagation } from '@metadescent/meta-learning';
import { estimatorConformance, learnedOptimizerConformance } from '@metadescent/meta-learning/conformance';
import { runEpisodeTask, type EpisodeDetails } from './fine-tuning-tasks.js';
import { initialPsdWeights } from './initial-weights.js';
import { psdLearnedOptimizer } from './learned-optimizer.js';
import { psdRuleSchema } from './psd-rule.js';
import { bowls } from './testing/bowls.js';

const rule = psdRuleSchema.parse({ hidden: 3, inputs: 'psi+scale' });
const engine = typescriptEngine();

for (const check of learnedOptimizerConformance(() =>
  psdLearnedOptimizer({ rule, engine, outputScale: 0.05 }),
))
  test(check.name, check.run);

describe('its episodes', () => {
  const { lstm, ...frame } = initialPsdWeights(rule, createKey(1), 0.05);
  const suite = estimatorConformance({
    estimator: truncatedBackpropagation<never, EpisodeDetails>({
      batch: 3,
      gradientClip: 1,
      unrollAt: () => ({ horizon: 6, segment: 6 }),
      detailsAt: (step, episode) => ({
        frame,
        objective: (3 * step + episode) % 2,
        loss: 'area-under-curve',
        scale: 'log',
        discount: 1,
        coordinatesPerGroup: 2,
        divergenceFactor: 10,
      }),
      task: 'episode',
    }),
    run: (task) => runEpisodeTask({ engine, training: [bowls(), bowls(0.5)], validation: [] }, task),
    point: lstm,
    updates: 3,
  });
  for (const check of suite) test(check.name, check.run);
});
