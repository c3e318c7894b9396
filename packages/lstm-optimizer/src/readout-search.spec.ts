import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { inlineTasks, type TaskMap } from '@metadescent/meta-learning';
import { expect, test } from '@jest/globals';
import { initialWeights, lstmRuleSchema } from './lstm-rule.js';
import type { MetaTrainingProblem } from './meta-training-tasks.js';
import { searchStateFromTensors, searchStateToTensors } from './readout-search-checkpoint.js';
import { readoutSearchSchema } from './readout-search-recipe.js';
import {
  readoutDimensions,
  readoutPoint,
  runCandidateTask,
  searchReadout,
  type CandidateResult,
  type CandidateTask,
  type ReadoutSearchOptions,
  type ReadoutSearchRecord,
} from './readout-search.js';
import { bowls } from './bowls.fixture.js';

const networks = [{ name: 'bias', roles: ['bias' as const] }, { name: 'other' }];
const rule = lstmRuleSchema.parse({
  hidden: 4,
  layers: 1,
  outputScale: 0.1,
  nominal: { learningRate: 0.05, momentum: 0.5 },
});
const problem: MetaTrainingProblem = {
  rule,
  engine: typescriptEngine(),
  training: bowls(),
  validation: bowls(),
};
const start = { rule, weights: initialWeights(rule, createKey(1)) };
const recipe = readoutSearchSchema.parse({
  horizon: 15,
  generations: 30,
  population: 8,
  rollouts: 4,
  validationRollouts: 6,
  readoutDeviation: 0.5,
  nominalDeviation: 0.3,
});
const inline = inlineTasks({ candidate: (task: CandidateTask) => runCandidateTask(problem, task) });
const search = (more: Partial<ReadoutSearchOptions> = {}) =>
  searchReadout({ start, recipe, key: createKey(2), map: inline, ...more });

test('it learns: held-out bowls end far below where the start leaves them, and the nominal step takes part', async () => {
  const records: ReadoutSearchRecord[] = [];
  const { best } = await search({ onGeneration: (record) => void records.push(record) });
  expect(records.length).toBe(30);
  const validated = records.flatMap(({ validation }) => (validation ? [validation.final] : []));
  expect(validated.length).toBe(6);
  expect(best.score).toBe(Math.min(...validated));
  const atStart = await inline<CandidateTask, CandidateResult>(
    'candidate',
    createKey(2)
      .fold('validation')
      .split(6)
      .map((key) => ({ ...start, split: 'validation', key: key.words, horizon: 15 })),
  );
  expect(best.score).toBeLessThan((0.3 * atStart.reduce((sum, r) => sum + r.final, 0)) / 6);
  const found = readoutPoint(start, recipe, best.point);
  expect(found.rule.nominal!.learningRate).toBeGreaterThan(0.06);
});

test('stopping after a generation and resuming through a stored checkpoint gives the same bits', async () => {
  const short = { ...recipe, generations: 7 };
  const whole = await search({ recipe: short });
  let stored: ReturnType<typeof searchStateToTensors> | undefined;
  await search({
    recipe: short,
    onGeneration: ({ generation }, state) => {
      stored = searchStateToTensors(state);
      return generation === 5 ? 'stop' : undefined;
    },
  });
  expect(await search({ recipe: short, resume: searchStateFromTensors(rule, stored!) })).toEqual(whole);
  expect(() => searchStateFromTensors({ ...rule, hidden: 5 }, stored!)).toThrow(/belongs to another rule/);
});

test('a point moves the readout of every network and the constants, and nothing else', () => {
  const two = lstmRuleSchema.parse({ ...rule, networks });
  const from = { rule: two, weights: initialWeights(two, createKey(3)) };
  const options = { ...recipe, readoutScale: 0.5, readoutDeviation: 0.1, nominalDeviation: 0.2 };
  const d = readoutDimensions(two);
  expect(d).toBe(12);
  const point = Float64Array.from({ length: d }, (_, i) => i - 9);
  const { rule: moved, weights } = readoutPoint(from, options, point);
  const per = weights.length / 2;
  for (const network of [0, 1]) {
    const [a, b] = [network * per, (network + 1) * per];
    expect([...weights.slice(a, b - 5)]).toEqual([...from.weights.slice(a, b - 5)]);
    const old = [...from.weights.slice(b - 5, b)];
    const rms = Math.sqrt(old.reduce((sum, w) => sum + w * w, 0) / 5);
    expect(weights.slice(b - 5, b)).toBeAllClose(
      old.map((w, i) => 0.5 * (w + 0.1 * rms * point[network * 5 + i]!)),
      { rtol: 1e-5, atol: 1e-7 },
    );
  }
  expect(moved.nominal!.learningRate).toBeCloseTo(0.05 * Math.exp(0.2 * point[10]!), 12);
  expect(moved.nominal!.momentum).toBeCloseTo(1 - 0.5 * Math.exp(0.2 * point[11]!), 12);
  const extreme = readoutPoint(from, options, point.fill(20)).rule.nominal!;
  expect(extreme.momentum).toBe(0);
  expect(readoutDimensions({ ...two, nominal: undefined })).toBe(10);
});

test('rollouts that do not finish are worst, and counted', async () => {
  const records: ReadoutSearchRecord[] = [];
  let calls = 0;
  const failed = { final: Infinity, mean: Infinity };
  const broken: TaskMap = async <Task, Result>(name: string, tasks: readonly Task[]) =>
    (await inline<Task, Result>(name, tasks)).map((result) =>
      calls++ % 8 === 0 ? (failed as Result) : result,
    );
  await search({
    recipe: { ...recipe, generations: 3 },
    map: broken,
    onGeneration: (record) => void records.push(record),
  });
  expect(records.map((r) => r.failedCandidates)).toEqual([4, 4, 4]);
  expect(records.every((r) => Number.isFinite(r.bestCandidate) && Number.isFinite(r.sigma))).toBe(true);
});
