import { expect, test } from '@jest/globals';
import { createKey, keyFromWords, type KeyWords } from '@metadescent/core';
import { candidateSearch } from './candidate-search.js';
import { metaTrainingStateFromTensors, metaTrainingStateToTensors } from './checkpoint.js';
import { cmaUpdater } from './cma-es.js';
import { metaTrain } from './meta-train.js';
import type { MetaTrainingRecord } from './meta-training-state.js';
import { inlineTasks } from './task-map.js';

interface NoisyTask {
  readonly x: Float64Array;
  readonly key: KeyWords;
}
const bowl = (x: Float64Array): number => 100 * (x[0]! - 1) ** 2 + (x[1]! + 2) ** 2;
const map = inlineTasks({
  candidate: ({ x, key }: NoisyTask) => bowl(x) + 0.01 * keyFromWords(key).normal(1)[0]!,
});
const options = {
  estimator: candidateSearch<NoisyTask, number>({
    population: 8,
    rollouts: 2,
    taskOf: (x, key) => ({ x, key: key.words }),
    scoreOf: (results) => results.reduce((sum, r) => sum + r, 0) / results.length,
  }),
  updater: cmaUpdater(),
  start: new Float64Array(2),
  rounds: 60,
  learningRate: () => 1,
  validateEvery: 20,
  validate: async (x: Float64Array) => ({ score: bowl(x) }),
  key: createKey(5),
  map,
};

test('it finds the minimum of an ill-conditioned bowl by ranks alone, with common random numbers', async () => {
  const records: MetaTrainingRecord[] = [];
  const { best } = await metaTrain({ ...options, onRecord: (record) => void records.push(record) });
  expect(best.point).toBeAllClose([1, -2], { rtol: 0, atol: 1e-2 });
  expect(records.map(({ round }) => round)).toEqual([20, 40, 60]);
  expect(records[2]!.trainingObjective).toBeLessThan(records[0]!.trainingObjective);
  expect(records.every(({ gradientNorm }) => Number.isNaN(gradientNorm))).toBe(true);
});

test('stopped after any generation and resumed from its checkpoint: the same bits', async () => {
  const whole = await metaTrain(options);
  const stopped = await metaTrain({
    ...options,
    onUpdate: ({ round }) => (round === 33 ? 'stop' : undefined),
  });
  const start = metaTrainingStateFromTensors<
    null,
    ReturnType<typeof options.updater.init>,
    never,
    Float64Array
  >(
    { training: 'bowl', updater: cmaUpdater() as never, point: options.start },
    metaTrainingStateToTensors('bowl', stopped),
  );
  expect(await metaTrain({ ...options, start })).toEqual(whole);
});

test('candidates whose rollouts fail are worst, and counted', async () => {
  const records: MetaTrainingRecord[] = [];
  let calls = 0;
  await metaTrain({
    ...options,
    rounds: 2,
    validateEvery: 1,
    map: async (name, tasks) =>
      (await map<(typeof tasks)[number], never>(name, tasks)).map((r) =>
        calls++ % 8 === 0 ? (Infinity as never) : r,
      ),
    onRecord: (record) => void records.push(record),
  });
  expect(records.map(({ failedTasks }) => failedTasks)).toEqual([2, 2]);
  expect(records.every(({ trainingObjective }) => Number.isFinite(trainingObjective))).toBe(true);
});
