import { createKey, mean, rollout } from '@metadescent/core';
import { wasmEngine } from '@metadescent/kernels';
import { wasmGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { trainingStateFromTensors, trainingStateToTensors } from './checkpoint.js';
import {
  metaTrainPredictedStepDescent,
  type PsdExecutor,
  type PsdRecord,
  type PsdTrainingState,
} from './meta-training.js';
import { parsePsdRecipe, psdPresets, type PsdRecipeInput } from './meta-training-recipe.js';
import { createPsdTaskRunner, inlinePsdExecutor } from './meta-training-tasks.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { bowls } from './testing/bowls.js';

const engine = wasmEngine();
const gpsEngine = wasmGpsEngine();
const family = bowls();
const problem = { family, engine, gpsEngine, hidden: 4 };
const small: PsdRecipeInput = {
  ...psdPresets.quick,
  horizon: 12,
  hidden: 4,
  iterations: 3,
  teacher: { gain: 0.05 },
  coordinatesPerGroup: 6,
  policy: { cloneSteps: 40, steps: 10, batch: 16 },
  distillationRounds: 2,
  validationTrajectories: 4,
  search: { ...psdPresets.quick.search, trajectories: 5 },
};

async function train(
  input: PsdRecipeInput = small,
  executor: PsdExecutor = inlinePsdExecutor(problem),
  resume?: PsdTrainingState,
  stopAfter = Infinity,
) {
  const records: PsdRecord[] = [];
  const result = await metaTrainPredictedStepDescent({
    recipe: parsePsdRecipe(input),
    layout: family.layout,
    key: createKey(1),
    executor,
    engine,
    gpsEngine,
    ...(resume && { resume }),
    onRecord: (record) => (records.push(record) >= stopAfter ? 'stop' : undefined),
  });
  return { ...result, records };
}

const whole = await train();

test('the controller beats its teacher, and the policy is an optimizer', () => {
  const last = whole.records.at(-1)!;
  if (last.kind !== 'distillation') throw new Error('the last record is of distillation');
  expect(last.controllerCost).toBeLessThan(0.9 * last.teacherCost);
  expect(last.policyCost).toBeLessThan(last.teacherCost);
  expect(whole.records.map(({ kind }) => kind)).toEqual([
    'search',
    'search',
    'search',
    'distillation',
    'distillation',
  ]);
  const { trueObjectives } = rollout(
    family.sample(createKey(0)),
    predictedStepDescent(whole.weights!, engine),
    { horizon: 12, key: createKey(9), trueObjectiveEvery: 1 },
  );
  expect(trueObjectives[12]!).toBeLessThan(0.5 * trueObjectives[0]!);
  expect(mean(whole.weights!.outputScale)).toBeGreaterThan(0);
});

test.each([1, 3, 4])(
  'stopped after record %i and resumed from its checkpoint: the same bits',
  async (stopAfter) => {
    const first = await train(small, undefined, undefined, stopAfter);
    const rest = await train(small, undefined, trainingStateFromTensors(trainingStateToTensors(first.state)));
    expect(rest.weights).toEqual(whole.weights);
    expect([...first.records, ...rest.records]).toEqual(whole.records);
  },
);

test('workers that run tasks elsewhere and in another order: the same bits', async () => {
  const elsewhere =
    <Task, Result>(
      run: (runner: ReturnType<typeof createPsdTaskRunner>, task: Task) => Result | Promise<Result>,
    ) =>
    async (tasks: readonly Task[]) => {
      const results: Result[] = [];
      for (const task of [...tasks].reverse())
        results.unshift(
          structuredClone(
            await run(createPsdTaskRunner({ ...problem, family: bowls() }), structuredClone(task)),
          ),
        );
      return results;
    };
  const executor: PsdExecutor = {
    trajectories: elsewhere((runner, task) => runner.trajectory(task)),
    policyFits: elsewhere((runner, task) => runner.policyFit(task)),
    groupTasks: elsewhere((runner, task) => runner.groupTask(task)),
  };
  expect((await train(small, executor)).weights).toEqual(whole.weights);
});

test('with the policy in every iteration, as the paper has it', async () => {
  const { records, weights } = await train({
    ...small,
    policyTraining: 'every-iteration',
    iterations: 2,
    distillationRounds: 1,
  });
  const first = records[0]!;
  if (first.kind !== 'search') throw new Error('the first record is of the search');
  expect(first.iteration.policyCost).toBeGreaterThan(0);
  expect(first.iteration.groups.every(({ nu }) => nu.every((x) => x > 0))).toBe(true);
  expect(weights).toBeDefined();
});

test('recipes that are wrong are refused with every mistake', () => {
  expect(() => parsePsdRecipe({ horizon: 0, hidden: 0.5 })).toThrow(/horizon[^]*hidden|hidden[^]*horizon/);
});
