import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { inlineTasks, type TaskMap } from '@metadescent/meta-learning';
import { expect, test } from '@jest/globals';
import { fineTuningStateFromTensors, fineTuningStateToTensors } from './checkpoint.js';
import {
  bestWeights,
  fineTune,
  validationScore,
  type FineTuningRecord,
  type FineTuningState,
} from './fine-tuning.js';
import { horizonAt, learningRateAt, parseFineTuning } from './fine-tuning-recipe.js';
import { fineTuningTasks } from './fine-tuning-tasks.js';
import { initialPsdWeights } from './initial-weights.js';
import { psdRuleSchema } from './psd-rule.js';
import { bowls } from './testing/bowls.js';

const problem = {
  engine: typescriptEngine(),
  training: [bowls(), bowls(0.5)],
  validation: [bowls(), bowls(1)],
};
const start = initialPsdWeights(psdRuleSchema.parse({ hidden: 4, inputs: 'psi+scale' }), createKey(1), 0.05);
const recipe = parseFineTuning({
  steps: 30,
  horizon: 12,
  curriculum: [
    { fromStep: 0, horizon: 6 },
    { fromStep: 10, horizon: 12 },
  ],
  batch: 4,
  learningRate: 0.02,
  validationEvery: 10,
});

const inline = inlineTasks(fineTuningTasks(problem));
const objectives = { training: 2, validation: 2 };

async function tune(resume?: FineTuningState, map: TaskMap = inline, stopAfter = Infinity) {
  const records: FineTuningRecord[] = [];
  const state = await fineTune({
    recipe,
    key: createKey(2),
    map,
    objectives,
    start,
    ...(resume && { resume }),
    onRecord: (record) => (records.push(record) >= stopAfter ? 'stop' : undefined),
  });
  return { state, records };
}
const whole = await tune();

test('fine-tuning lowers the objectives that it is judged by, and keeps the best', () => {
  expect(whole.records.map(({ step }) => step)).toEqual([0, 10, 20, 30]);
  expect(whole.records.map(({ horizon }) => horizon)).toEqual([6, 6, 12, 12]);
  expect(whole.state.best.score).toBeLessThan(whole.records[0]!.score - 0.3);
  expect(whole.state.best.score).toBe(Math.min(...whole.records.map(({ score }) => score)));
  expect(bestWeights(start, whole.state)).toEqual({ ...start, lstm: whole.state.best.point });
});

test.each([1, 2, 3])(
  'stopped at record %i and resumed from its checkpoint: the same bits',
  async (stopAfter) => {
    const first = await tune(undefined, inline, stopAfter);
    const rest = await tune(fineTuningStateFromTensors(start, fineTuningStateToTensors(first.state)));
    expect(rest.state).toEqual(whole.state);
    expect([...first.records, ...rest.records]).toEqual(whole.records);
  },
);

test('workers that run tasks elsewhere and in another order: the same bits', async () => {
  const elsewhere: TaskMap = async <Task, Result>(name: string, tasks: readonly Task[]) => {
    const results = await inline<Task, Result>(name, structuredClone([...tasks].reverse()));
    return structuredClone([...results].reverse());
  };
  expect((await tune(undefined, elsewhere)).state).toEqual(whole.state);
});

test('episodes that diverge are counted and change nothing', async () => {
  const wild = { ...start, outputScale: new Float64Array(4).fill(1e6) };
  const records: FineTuningRecord[] = [];
  const state = await fineTune({
    recipe: { ...recipe, steps: 2, validationEvery: 2 },
    key: createKey(2),
    map: inline,
    objectives,
    start: wild,
    onRecord: (record) => void records.push(record),
  });
  expect(records[1]!.failedEpisodes).toBe(8);
  expect(state.point).toEqual(wild.lstm);
});

test('schedules', () => {
  expect([0, 9, 10, 29].map((step) => horizonAt(recipe, step))).toEqual([6, 6, 12, 12]);
  expect(horizonAt({ ...recipe, curriculum: [] }, 3)).toBe(12);
  expect(learningRateAt(recipe, 0)).toBe(0.02);
  expect(learningRateAt(recipe, 29)).toBeCloseTo(0.002, 12);
  expect(
    [0, 1, 3].map((step) => learningRateAt({ ...recipe, finalLearningRateFraction: 1, warmUp: 3 }, step)),
  ).toBeAllClose([0.005, 0.01, 0.02], { rtol: 1e-12 });
});

test('the score counts percents alike on all objectives; a failure is infinite', () => {
  expect(
    validationScore([
      { mean: Math.E, final: 1 },
      { mean: 1, final: 1 },
    ]),
  ).toBeCloseTo(0.25, 12);
  expect(
    validationScore([
      { mean: 1, final: NaN },
      { mean: 1, final: 1 },
    ]),
  ).toBe(Infinity);
  expect(() => parseFineTuning({ batch: 0 })).toThrow(/batch/);
});
