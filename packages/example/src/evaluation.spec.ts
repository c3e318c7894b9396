import { beforeAll, expect, test } from '@jest/globals';
import { initialWeights, lstmRuleSchema } from '@metadescent/lstm-optimizer';
import { createKey, keyFromWords, rollout } from '@metadescent/core';
import { createBaseline, type BaselineName, type TuningReport } from '@metadescent/optimizers';
import { quadratics } from '@metadescent/optimizees';
import { renderReport } from '@metadescent/reporting';
import { comparisonSentence, curvesOf, reportOf, tableOf } from './evaluation-report.js';
import {
  allBaselines,
  bestBaselineOn,
  evaluateExperiment,
  evaluationStages,
  raceOptimizers,
  tuneBaselines,
} from './evaluation.js';
import { evaluationRecordSchema, type EvaluationResult, type OptimizerResult } from './evaluation-record.js';
import { experimentNamed } from './experiments/registry.js';
import { inlineTasks } from './tasks.fixture.js';

const rule = lstmRuleSchema.parse({ hidden: 3, layers: 1, preprocessing: { kind: 'none' } });
const experiment = {
  ...experimentNamed('andrychowicz/quadratics'),
  problem: { kind: 'quadratics' as const, dimension: 3 },
  horizon: 12,
  rule,
};
const executor = inlineTasks({ experiment, stacked: 1, engine: 'typescript' });
const stages: string[] = [];
let result: EvaluationResult;

beforeAll(async () => {
  result = await evaluateExperiment(experiment, {
    executor,
    engine: 'twin',
    seed: 1,
    rule,
    weights: initialWeights(rule, createKey(1)),
    heldOutOptimizees: 5,
    tuningOptimizees: 4,
    onStage: (note) => stages.push(note),
  });
});

test('every baseline is tuned and raced once, beside the learned optimizer, each in a stage of its own', () => {
  expect(stages).toHaveLength(evaluationStages);
  expect(result.optimizers.map((o) => o.optimizer)).toEqual(['lstm', ...allBaselines]);
  for (const entry of result.optimizers) {
    expect(entry.mean).toHaveLength(13);
    expect(Object.values(entry.outcomes).reduce((a, b) => a + b)).toBe(5);
  }
});

test('the curves are means over the held-out optimizees of the test split with common random numbers', () => {
  const adam = result.optimizers.find((o) => o.optimizer === 'adam')! as Extract<
    OptimizerResult,
    { kind: 'hand-made' }
  >;
  const keys = createKey(1).fold('evaluation').fold(experiment.name).fold('test').split(5);
  const finals = keys.map((key) => {
    const optimizee = quadratics({ dimension: 3 }).sample(keyFromWords(key.words).fold('optimizee'));
    return rollout(optimizee, createBaseline('adam', adam.hyperparameters), {
      horizon: 12,
      key: key.fold('rollout'),
      trueObjectiveEvery: 12,
    }).trueObjectives[12]!;
  });
  expect(adam.mean[12]).toBeCloseTo(finals.reduce((a, b) => a + b) / 5, 10);
});

test('tuned settings are the best of what was tried', () => {
  for (const entry of result.optimizers) {
    if (entry.kind === 'learned') continue;
    const { tuning, hyperparameters } = entry;
    const best = tuning.candidates.reduce((a, b) => (b.score < a.score ? b : a));
    expect(hyperparameters).toEqual(best.options);
  }
});

test('the comparison is with the best first-order baseline; line-search methods are shown, not counted', () => {
  const firstOrder = result.optimizers.filter((o) => o.class === 'first-order' && o.outcomes.finished === 5);
  const best = firstOrder.reduce((a, b) => (b.mean[12]! < a.mean[12]! ? b : a));
  expect(result.comparison.bestBaseline).toBe(best.optimizer);
  expect(result.comparison.ratio).toBeCloseTo(result.optimizers[0]!.mean[12]! / best.mean[12]!, 10);
  expect(result.optimizers.filter((o) => o.class === 'line-search').map((o) => o.optimizer)).toEqual([
    'conjugate-gradient',
    'lbfgs',
  ]);
});

test('where every first-order baseline diverged with every setting, the comparison and the report say so', async () => {
  const lineSearches = ['conjugate-gradient', 'lbfgs'];
  const tuned = (await tuneBaselines(experiment, { executor, engine: 'twin', seed: 1, optimizees: 1 })).map(
    ({ best, ...report }) => (lineSearches.includes(report.optimizer) ? { best, ...report } : report),
  ) as TuningReport[];
  const alone = await raceOptimizers(experiment, {
    executor,
    engine: 'twin',
    seed: 1,
    rule,
    weights: initialWeights(rule, createKey(1)),
    tuned,
    heldOutOptimizees: 2,
  });
  expect(alone.optimizers.map((o) => o.optimizer)).toEqual(['lstm', ...lineSearches]);
  expect(alone.comparison).toMatchObject({ bestOf: 'first-order', ratio: NaN, ratioStandardError: NaN });
  expect(alone.comparison.bestBaseline).toBeUndefined();
  const record = {
    kind: 'evaluation' as const,
    title: 'T',
    facts: { seed: 1, wallTimeSeconds: 2, command: 'x' },
  };
  const sentence =
    'The learned optimizer has no first-order baseline to be compared with: each diverged with every setting that tuning tried.';
  expect(comparisonSentence(alone)).toBe(sentence);
  expect(await renderReport(reportOf({ ...record, results: [alone] }))).toContain(sentence);
  const read = evaluationRecordSchema.safeParse({ ...record, results: [alone] });
  expect(read.error?.issues).toBeUndefined();
});

test('the bar for meta-training is the best tuned baseline on the validation functions themselves', async () => {
  const keys = createKey(3).split(4);
  const tuned = await tuneBaselines(experiment, { executor, engine: 'twin', seed: 1, optimizees: 4 });
  const bar = await bestBaselineOn(keys, experiment, tuned, executor);
  const finals = tuned
    .filter((t) => t.best && t.optimizer !== 'lbfgs' && t.optimizer !== 'conjugate-gradient')
    .map(({ optimizer, best }) => {
      const all = keys.map(
        (key) =>
          rollout(
            quadratics({ dimension: 3 }).sample(key.fold('optimizee')),
            createBaseline(optimizer as BaselineName, best!.options),
            {
              horizon: 12,
              key: key.fold('rollout'),
              trueObjectiveEvery: 12,
            },
          ).trueObjectives[12]!,
      );
      return all.reduce((a, b) => a + b) / 4;
    });
  expect(bar).toBeCloseTo(Math.min(...finals.filter(Number.isFinite)), 10);
});

test('the report names every optimizer, its settings and the ratio', async () => {
  const page = await renderReport(
    reportOf({
      kind: 'evaluation',
      title: 'T',
      facts: { seed: 1, wallTimeSeconds: 2, command: 'npx metadescent demo' },
      results: [result],
    }),
  );
  for (const name of result.optimizers.map((o) => o.optimizer)) expect(page).toContain(name);
  expect(page).toContain(result.comparison.ratio.toFixed(3));
  expect(page).toContain('npx metadescent demo');
  expect(comparisonSentence(result)).toContain(result.comparison.bestBaseline!);
  expect(tableOf(result).rows).toHaveLength(9);
});

test('line-search methods that solve the quadratics exactly are named in notes instead of stretching the axis', () => {
  const curves = curvesOf(result);
  expect(curves.series.map(({ optimizer }) => optimizer)).toEqual([
    'lstm',
    'sgd',
    'momentum',
    'nesterov',
    'adagrad',
    'rmsprop',
    'adam',
  ]);
  expect(curves.notes).toEqual([
    expect.stringContaining('conjugate-gradient'),
    expect.stringContaining('lbfgs'),
  ]);
  const level = {
    ...result,
    optimizers: result.optimizers.map((entry) => ({ ...entry, mean: entry.mean.map(() => 1) })),
  };
  expect(curvesOf(level).series).toHaveLength(9);
});
