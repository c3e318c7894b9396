import { describe, expect, test } from '@jest/globals';
import { createKey, keyFromWords, type Optimizer } from '@metadescent/core';
import { runAntitheticTask } from './antithetic-task.js';
import { evolutionStrategies, persistentEvolutionStrategies } from './evolution-strategies.js';
import { metaTrain, type MetaTrainingOptions } from './meta-train.js';
import type { MetaTrainingRecord, MetaTrainingState } from './meta-training-state.js';
import { inlineTasks, type TaskMap } from './task-map.js';
import { learnedRate, meanGradient, scalarQuadratic, truncatedGradient } from './testing/scalar-quadratic.js';
import {
  truncatedBackpropagation,
  type SegmentResult,
  type SegmentTask,
  type Unrolls,
} from './truncated-backpropagation.js';
import { metaAdam, updaterOf } from './updater.js';

interface Cursor {
  readonly iteration: number;
  readonly theta: number;
}

/**
 * The segment of the scalar quadratic in closed form; every third unroll's start is scaled by its key, so
 * that unrolls differ.
 */
function segment({ point, key, cursor, length }: SegmentTask<Cursor>): SegmentResult<Cursor> {
  const rate = point[0] as number;
  const start = cursor?.theta ?? 1 + 0.1 * (keyFromWords(key).normal(1)[0] as number);
  let [sum, gradient] = [0, 0];
  for (let j = 1; j <= length; j++) {
    const theta = start * (1 - rate) ** j;
    sum += 0.5 * theta * theta;
    gradient -= start * start * j * (1 - rate) ** (2 * j - 1);
  }
  const theta = start * (1 - rate) ** length;
  return {
    gradient: Float32Array.of(gradient),
    meanObjective: sum / length,
    outcome: Number.isFinite(sum) ? { kind: 'finished' } : { kind: 'non-finite', step: 0, what: 'objective' },
    cursor: { iteration: (cursor?.iteration ?? 0) + length, theta },
  };
}

const problem = { learned: learnedRate, phi: Float32Array.of(0), family: scalarQuadratic() };
const inline = inlineTasks({
  segment,
  antithetic: (task: Parameters<typeof runAntitheticTask>[1]) => runAntitheticTask(problem, task),
});
const score = async (point: Float32Array) => ({ score: 0.5 * (1 - (point[0] as number)) ** 40 });
const shared = {
  start: Float32Array.of(0.02),
  rounds: 40,
  validateEvery: 10,
  validate: score,
  key: createKey(4),
  map: inline,
  updater: metaAdam(),
  learningRate: () => 0.02,
};
const backpropagation = truncatedBackpropagation<Cursor>({
  batch: 3,
  gradientClip: 10,
  unrollAt: () => ({ horizon: 20, segment: 5 }),
});
type Options = MetaTrainingOptions<
  Unrolls<Cursor>,
  SegmentTask<Cursor>,
  SegmentResult<Cursor>,
  Float64Array,
  ReturnType<typeof shared.updater.init>,
  { score: number }
>;
const train = (more: Partial<Options> = {}) => metaTrain({ ...shared, estimator: backpropagation, ...more });

describe.each([
  [
    'truncated backpropagation',
    (more: object) => metaTrain({ ...shared, estimator: backpropagation, ...more }),
  ],
  [
    'evolution strategies',
    (more: object) =>
      metaTrain({
        ...shared,
        estimator: evolutionStrategies({ pairs: 4, sigma: 0.01, horizon: 20, segment: 20 }),
        ...more,
      }),
  ],
  [
    'persistent evolution strategies',
    (more: object) =>
      metaTrain({
        ...shared,
        estimator: persistentEvolutionStrategies({ pairs: 4, sigma: 0.01, horizon: 20, segment: 5 }),
        ...more,
      }),
  ],
])('%s', (_, run: (more: object) => Promise<MetaTrainingState<unknown, unknown>>) => {
  test('learns: the rate grows towards 1, where one step solves the problem', async () => {
    const records: MetaTrainingRecord[] = [];
    const { best, round } = await run({
      onRecord: (record: MetaTrainingRecord) => void records.push(record),
    });
    expect(round).toBe(40);
    expect(records.map((record) => record.round)).toEqual([10, 20, 30, 40]);
    expect(records.every(({ failedTasks, gradientNorm }) => failedTasks === 0 && gradientNorm > 0)).toBe(
      true,
    );
    expect(best.score).toBeLessThan(0.1 * (records[0] as MetaTrainingRecord).validation.score);
    expect(records.at(-1)?.bestScore).toBe(best.score);
  });

  test.each([1, 2, 3])(
    'stopped at record %i and resumed from a copy of its state: the same bits',
    async (stopAfter) => {
      const whole = await run({});
      let records = 0;
      const stopped = await run({ onRecord: () => (++records === stopAfter ? 'stop' : undefined) });
      expect(stopped.round).toBe(10 * stopAfter);
      expect(await run({ start: structuredClone(stopped) })).toEqual(whole);
    },
  );

  test.each([1, 2, 3, 7])(
    'stopped after update %i, within a round or at its end, and resumed: the same bits and records',
    async (stopAfter) => {
      const records: MetaTrainingRecord[][] = [[], []];
      const recording = (i: number) => ({
        onRecord: (record: MetaTrainingRecord) => void records[i]!.push(record),
      });
      const short = { rounds: 3, validateEvery: 1 };
      const whole = await run({ ...short, ...recording(0) });
      let updates = 0;
      const onUpdate = () => (++updates === stopAfter ? 'stop' : undefined);
      const stopped = await run({ ...short, ...recording(1), onUpdate });
      expect(await run({ ...short, ...recording(1), start: structuredClone(stopped) })).toEqual(whole);
      expect(records[1]).toEqual(records[0]);
    },
  );

  test('tasks that run elsewhere and in another order: the same bits', async () => {
    const elsewhere: TaskMap = async <Task, Result>(name: string, tasks: readonly Task[]) => {
      const results: Result[] = [];
      for (const i of [...tasks.keys()].reverse())
        results[i] = structuredClone(
          (await inline<Task, Result>(name, [structuredClone(tasks[i] as Task)]))[0] as Result,
        );
      return results;
    };
    expect(await run({ map: elsewhere })).toEqual(await run({}));
  });
});

test('truncated backpropagation is the short-sighted gradient, on whole unrolls the exact one', async () => {
  const gradientOf = async (unroll: { horizon: number; segment: number }) => {
    const estimator = truncatedBackpropagation<Cursor>({
      batch: 1,
      gradientClip: Infinity,
      unrollAt: () => unroll,
    });
    let [cursors, sum] = [estimator.start(), 0];
    const context = { point: Float32Array.of(0.1), updater: undefined, round: 0, key: createKey(1) };
    for (;;) {
      const tasks = estimator
        .tasks(cursors, context)
        .map((task) => (task.cursor ? task : { ...task, cursor: { iteration: 0, theta: 1 } }));
      const estimate = estimator.combine(await inline('segment', tasks), cursors, context);
      sum += estimate.signal?.[0] as number;
      cursors = estimate.cursors;
      if (estimate.roundFinished) return sum / unroll.horizon;
    }
  };
  expect(await gradientOf({ horizon: 20, segment: 20 })).toBeCloseTo(meanGradient(0.1, 20), 5);
  expect(await gradientOf({ horizon: 20, segment: 5 })).toBeCloseTo(truncatedGradient(0.1, 20, 5), 5);
});

test('an unroll that stops being finite is counted and leaves its round; a round without any leaves φ as it is', async () => {
  const broken = (share: number) =>
    inlineTasks({
      segment: (task: SegmentTask<Cursor>) =>
        (keyFromWords(task.key).uniform(1)[0] as number) < share
          ? { ...segment(task), gradient: Float32Array.of(NaN) }
          : segment(task),
    });
  const records: MetaTrainingRecord[] = [];
  const none = await train({
    map: broken(1),
    rounds: 2,
    validateEvery: 1,
    onRecord: (record) => void records.push(record),
  });
  expect(none.point).toEqual(shared.start);
  expect(records.map(({ failedTasks, trainingObjective }) => [failedTasks, trainingObjective])).toEqual([
    [3, NaN],
    [3, NaN],
  ]);
  const some = await train({
    map: broken(0.5),
    rounds: 10,
    validateEvery: 10,
    onRecord: (record) => void records.push(record),
  });
  expect(records[2]?.failedTasks).toBeGreaterThan(0);
  expect(some.point[0]).toBeGreaterThan(shared.start[0] as number);
});

test('gradients are clipped one by one before they are averaged', async () => {
  const estimator = truncatedBackpropagation<Cursor>({
    batch: 2,
    gradientClip: 1,
    unrollAt: () => ({ horizon: 1, segment: 1 }),
  });
  const context = { point: new Float32Array(2), updater: undefined, round: 0, key: createKey(1) };
  const result = (gradient: number[]): SegmentResult<Cursor> => ({
    gradient: Float32Array.from(gradient),
    meanObjective: 1,
    outcome: { kind: 'finished' },
    cursor: { iteration: 1, theta: 1 },
  });
  const estimate = estimator.combine([result([3, 4]), result([0.3, 0])], estimator.start(), context);
  expect(estimate.signal).toBeAllClose([(0.6 + 0.3) / 2, 0.4], { rtol: 1e-6 });
  expect(estimate).toMatchObject({ clipped: 1, failed: 0, roundFinished: true });
  expect(estimate.norms).toBeAllClose([5, 0.3], { rtol: 1e-6 });
});

test('patience: training stops when the score has not improved, and the best is kept', async () => {
  const scores = [5, 3, 4, 6, 7, 8];
  let at = 0;
  const state = await train({
    rounds: 60,
    patience: 3,
    validate: async () => ({ score: scores[at++] as number }),
  });
  expect(state.round).toBe(50);
  expect(state.best).toMatchObject({ score: 3, round: 20 });
});

test('the start is validated first where that is asked for, and once', async () => {
  const records: MetaTrainingRecord[] = [];
  const watched = { rounds: 2, validateEvery: 2, validateFirst: true };
  const first = await train({ ...watched, onRecord: (record) => (records.push(record), 'stop' as const) });
  expect(first).toMatchObject({ round: 0, recorded: 0, point: shared.start });
  expect(first.best).toMatchObject({ round: 0, score: (await score(shared.start)).score });
  await train({ ...watched, start: first, onRecord: (record) => void records.push(record) });
  expect(records.map(({ round, trainingObjective }) => [round, Number.isNaN(trainingObjective)])).toEqual([
    [0, true],
    [2, false],
  ]);
});

test('the training objective is the mean over steps, whatever the lengths of the segments', async () => {
  const records: MetaTrainingRecord[] = [];
  const still = { rounds: 1, validateEvery: 1, learningRate: () => 0 };
  const objective = async (segment: number) => {
    const estimator = truncatedBackpropagation<Cursor>({
      batch: 2,
      gradientClip: 10,
      unrollAt: () => ({ horizon: 10, segment }),
    });
    await train({ ...still, estimator, onRecord: (record) => void records.push(record) });
    return records.at(-1)?.trainingObjective;
  };
  expect(await objective(4)).toBeCloseTo((await objective(10)) as number, 12);
});

test('what a rule adds to its tasks goes along, for each unroll and round', async () => {
  const seen: object[] = [];
  const details = truncatedBackpropagation<Cursor, { readonly family: number }>({
    batch: 2,
    gradientClip: 10,
    unrollAt: () => ({ horizon: 5, segment: 5 }),
    detailsAt: (round, unroll) => ({ family: (2 * round + unroll) % 3 }),
    task: 'episode',
  });
  const map = inlineTasks({
    episode: (task: SegmentTask<Cursor> & { family: number }) => (seen.push(task), segment(task)),
  });
  await metaTrain({ ...shared, estimator: details, rounds: 2, map });
  expect(seen.map((task) => (task as { family: number }).family)).toEqual([0, 1, 2, 0]);
});

test('options out of range and maps that lose a task are refused', async () => {
  await expect(train({ rounds: 1.5 })).rejects.toThrow('metaTrain: rounds must be a whole number from 0');
  await expect(train({ validateEvery: 0 })).rejects.toThrow('validateEvery must be a whole number from 1');
  await expect(train({ map: async () => [] })).rejects.toThrow('gave 0 for 3 tasks "segment"');
  await expect(metaTrain({} as never)).rejects.toThrow(/metaTrain: .*estimator/);
  for (const wrong of [{ pairs: 0 }, { sigma: 0 }, { horizon: NaN }, { segment: 0.5 }])
    expect(() =>
      persistentEvolutionStrategies({ pairs: 1, sigma: 1, horizon: 1, segment: 1, ...wrong }),
    ).toThrow(/^persistentEvolutionStrategies: /);
});

test('a score that is not finite is never the best', async () => {
  const state = await train({ rounds: 20, validate: async () => ({ score: NaN }) });
  expect(state.best).toMatchObject({ score: Infinity, round: -1 });
});

test('any optimizer is an updater', async () => {
  const descent: Optimizer = {
    name: 'sgd',
    init: () => ({}),
    update: ({ gradient }, _, step) => gradient.forEach((g, i) => (step[i] = -g)),
  };
  const updater = updaterOf(descent);
  const moved = updater.update(Float32Array.of(1, 2), Float64Array.of(10, -20), updater.init(2), 0.1);
  expect(moved.point).toEqual(Float32Array.of(0, 4));
  expect(moved.state.count).toBe(1);
});

test('Adam on φ: the first update is the learning rate against the sign of the gradient, and nothing is changed in place', () => {
  const updater = metaAdam();
  const [from, state] = [Float32Array.of(1, 1, 1), updater.init(3)];
  const moved = updater.update(from, Float64Array.of(0.5, -3, 0), state, 0.1);
  expect(moved.point).toBeAllClose([0.9, 1.1, 1], { rtol: 1e-6 });
  expect([from, state]).toEqual([Float32Array.of(1, 1, 1), updater.init(3)]);
});

test('a task that nobody knows is named', async () => {
  await expect(inline('segments', [1])).rejects.toThrow(
    'there is no task "segments"; there are segment, antithetic',
  );
});
