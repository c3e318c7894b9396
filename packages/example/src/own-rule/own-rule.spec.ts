import { afterAll, describe, expect, test } from '@jest/globals';
import { createKey, readSafetensors, writeSafetensors } from '@metadescent/core';
import {
  heldOutScore,
  metaAdam,
  metaTrain,
  metaTrainingStateFromTensors,
  metaTrainingStateToTensors,
  persistentEvolutionStrategies,
  truncatedBackpropagation,
  type GradientEstimator,
  type MetaAdamState,
  type MetaTrainingState,
  type TaskMap,
  type UnrollCursor,
} from '@metadescent/meta-learning';
import {
  gradientConformance,
  learnedOptimizerConformance,
  slopes,
} from '@metadescent/meta-learning/conformance';
import { createExecutor, taskMap } from '@metadescent/runtime';
import { momentum, momentumSegment } from './momentum.js';
import type * as Tasks from './tasks.js';

for (const check of learnedOptimizerConformance(() => momentum, { descends: true }))
  test(check.name, check.run);

describe('its segments', () => {
  const task = { key: createKey(3).words, length: 8, horizon: 8 };
  const suite = gradientConformance({
    loss: (point) => momentumSegment(slopes(), { ...task, point }).meanObjective,
    gradient: (point) => momentumSegment(slopes(), { ...task, point }).gradient,
    point: Float32Array.of(-1, -0.7),
  });
  for (const check of suite) test(check.name, check.run);
});

/** Worker threads need the tasks as JavaScript. */
const module = new URL('../../dist/own-rule/tasks.js', import.meta.url);
const executors = [0, 1, 2].map((workers) =>
  createExecutor<typeof Tasks>({ workers, module, setup: { dimension: 5 } }),
);
afterAll(() => Promise.all(executors.map((executor) => executor.close())));
const [inline, oneWorker, twoWorkers] = executors.map((executor) => taskMap(executor)) as [
  TaskMap,
  TaskMap,
  TaskMap,
];

/** One recipe for any estimator. */
function training<Cursors, Task, Result>(estimator: GradientEstimator<Cursors, Task, Result>) {
  return (map: TaskMap, start?: MetaTrainingState, stopAfter = Infinity) => {
    const key = createKey(1);
    let updates = 0;
    return metaTrain({
      estimator,
      updater: metaAdam(),
      start: (start as MetaTrainingState<Cursors, MetaAdamState> | undefined) ?? momentum.init(key),
      rounds: 12,
      learningRate: () => 0.2,
      validateEvery: 4,
      validate: heldOutScore({ map, key, rollouts: 4, horizon: 30 }),
      key,
      map,
      onUpdate: () => (++updates === stopAfter ? 'stop' : undefined),
    });
  };
}

/** Through the bytes of a file. */
function checkpointed(state: MetaTrainingState): MetaTrainingState {
  const bytes = writeSafetensors(metaTrainingStateToTensors('learned-momentum', state));
  const stored = { training: 'learned-momentum', updater: metaAdam(), point: new Float32Array(2) };
  return metaTrainingStateFromTensors(stored, readSafetensors(bytes));
}

describe.each([
  [
    'persistent evolution strategies',
    training(persistentEvolutionStrategies({ pairs: 4, sigma: 0.1, horizon: 30, segment: 10 })),
  ],
  [
    'truncated backpropagation',
    training(
      truncatedBackpropagation<UnrollCursor>({
        batch: 4,
        gradientClip: 1,
        unrollAt: () => ({ horizon: 30, segment: 10 }),
      }),
    ),
  ],
])('trained by %s', (_, train) => {
  test('it ends far below where it starts, on worker threads as in this one', async () => {
    const trained = await train(twoWorkers);
    expect(trained).toEqual(await train(inline));
    const { score } = await heldOutScore({ map: inline, key: createKey(1), rollouts: 4, horizon: 30 })(
      momentum.init(createKey(1)),
    );
    expect(trained.best.score).toBeLessThan(0.5 * score);
  });

  test('interrupted within an unroll and resumed from the bytes of a checkpoint, by another number of workers: the same bits', async () => {
    const stopped = await train(oneWorker, undefined, 5);
    expect(await train(twoWorkers, checkpointed(stopped))).toEqual(await train(inline));
  });
});
