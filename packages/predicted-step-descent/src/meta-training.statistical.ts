import { createKey, type OptimizeeFamily } from '@metadescent/core';
import { wasmEngine } from '@metadescent/kernels';
import { wasmGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { metaTrainPredictedStepDescent, type PsdRecord } from './meta-training.js';
import { parsePsdRecipe, psdPresets, type PsdRecipeInput } from './meta-training-recipe.js';
import { inlinePsdExecutor } from './meta-training-tasks.js';
import { classifier } from './testing/classifier.js';

const engine = wasmEngine();
const gpsEngine = wasmGpsEngine();

async function learn(family: OptimizeeFamily, seed: number, changes: PsdRecipeInput) {
  const recipe = parsePsdRecipe({
    ...psdPresets.quick,
    hidden: 16,
    coordinatesPerGroup: 48,
    validationTrajectories: 20,
    distillationRounds: 2,
    ...changes,
  });
  const records: PsdRecord[] = [];
  await metaTrainPredictedStepDescent({
    recipe,
    layout: family.layout,
    key: createKey(seed),
    executor: inlinePsdExecutor({ family, engine, gpsEngine, hidden: 16 }),
    engine,
    gpsEngine,
    onRecord: (record) => void records.push(record),
  });
  const policy = records.flatMap((record) => (record.kind === 'distillation' ? [record] : []));
  const best = policy.reduce((a, b) => (b.policyCost < a.policyCost ? b : a));
  return { search: records.flatMap((record) => (record.kind === 'search' ? [record.iteration] : [])), best };
}

/** The minimum of a convex objective, by gradient descent. */
function minimum(family: OptimizeeFamily): number {
  const optimizee = family.sample(createKey(0));
  const x = new Float32Array(family.layout.size);
  const gradient = new Float32Array(family.layout.size);
  let value = Infinity;
  for (let i = 0; i < 5000; i++) {
    value = optimizee.trueObjective(x, gradient);
    for (let j = 0; j < x.length; j++) x[j]! -= gradient[j]!;
  }
  return value;
}

describe.each([0, 1, 2])('seed %i', (seed) => {
  test('8-6-3 net, T = 40: six iterations lower Σ f by at least 15 % on fresh starts, and the policy stays within 10 % of the controller', async () => {
    const { search, best } = await learn(classifier(engine, [8, 6, 3], seed), seed, {
      iterations: 6,
      shape: { history: 5 },
      teacher: { gain: 0.1 },
    });
    expect(best.controllerCost).toBeLessThan(0.85 * best.teacherCost);
    expect(best.policyCost).toBeLessThan(1.1 * best.controllerCost);
    for (const { sampledCost } of search) expect(Number.isFinite(sampledCost)).toBe(true);
  });

  test('logistic regression: sampled costs go down iteration by iteration', async () => {
    const family = classifier(engine, [4, 2], seed);
    const { search } = await learn(family, seed, {
      iterations: 7,
      teacher: { gain: 0.05 },
      // Common random numbers, so that iterations can be compared one with the next.
      search: { ...psdPresets.quick.search, freshSamples: false },
    });
    // What no optimizer can undercut is paid at every step, by all of them.
    const least = minimum(family);
    const costs = search.map(({ sampledCost }) => sampledCost - 41 * least);
    for (let i = 1; i < costs.length; i++) expect(costs[i]!).toBeLessThan(1.1 * costs[i - 1]!);
    expect(costs.at(-1)!).toBeLessThan(0.75 * costs[0]!);
  });
});
