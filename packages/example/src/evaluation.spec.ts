import { beforeAll, describe, expect, test } from '@jest/globals';
import { initialWeights, lstmRuleSchema, writeTrainedRule } from '@metadescent/lstm-optimizer';
import { createKey, keyFromWords, readSafetensors, rollout } from '@metadescent/core';
import { entrantNamed } from '@metadescent/evaluation';
import { createBaseline } from '@metadescent/optimizers';
import { quadratics } from '@metadescent/optimizees';
import { renderReport } from '@metadescent/reporting';
import { comparisonSentence, curvesOf, findingsOf, reportOf, tableOf } from './evaluation-report.js';
import {
  bestBaselineOn,
  evaluateExperiment,
  evaluationStages,
  raceOptimizers,
  tuneEntrants,
} from './evaluation.js';
import { evaluationRecordSchema, type EvaluationResult, type OptimizerResult } from './evaluation-record.js';
import { experimentNamed } from './experiments/registry.js';
import { knownOptimizers } from './known-optimizers.js';
import { horizonWarnings, learnedEntrant, paperBaselines } from './lineup.js';
import { inlineTasks } from './tasks.fixture.js';

const rule = lstmRuleSchema.parse({ hidden: 3, layers: 1, preprocessing: { kind: 'none' } });
const experiment = {
  ...experimentNamed('andrychowicz/quadratics'),
  problem: { kind: 'quadratics' as const, dimension: 3 },
  horizon: 12,
  rule,
};
const executor = inlineTasks({ experiment, stacked: 1, engine: 'typescript' });
const trained = readSafetensors(writeTrainedRule(rule, initialWeights(rule, createKey(1)), {}));
const entrants = [learnedEntrant(experiment, trained), ...paperBaselines(experiment.horizon)];
const stages: string[] = [];
let result: EvaluationResult;

beforeAll(async () => {
  result = await evaluateExperiment(experiment, {
    executor,
    engine: 'twin',
    seed: 1,
    entrants,
    heldOutOptimizees: 5,
    tuningOptimizees: 4,
    onStage: (note) => stages.push(note),
  });
});

test('every baseline is tuned and raced once, beside the learned optimizer, each in a stage of its own', () => {
  expect(stages).toHaveLength(evaluationStages(entrants));
  expect(result.optimizers.map((o) => o.optimizer)).toEqual(entrants.map(({ label }) => label));
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
  const firstOrder = result.optimizers.filter((o) => o.class === 'papers' && o.outcomes.finished === 5);
  const best = firstOrder.reduce((a, b) => (b.mean[12]! < a.mean[12]! ? b : a));
  expect(result.comparisons[0]!.bestBaseline).toBe(best.optimizer);
  expect(result.comparisons[0]!.ratio).toBeCloseTo(result.optimizers[0]!.mean[12]! / best.mean[12]!, 10);
  expect(result.optimizers.filter((o) => o.class === 'line-search').map((o) => o.optimizer)).toEqual([
    'conjugate-gradient',
    'lbfgs',
  ]);
});

test('where every baseline that counts diverged with every setting, the report says so', async () => {
  const lineSearches = ['conjugate-gradient', 'lbfgs'];
  const tuned = (
    await tuneEntrants(experiment, { executor, engine: 'twin', seed: 1, entrants, optimizees: 1 })
  ).map((each) =>
    lineSearches.includes(each.report.optimizer)
      ? each
      : { entrant: undefined, report: { ...each.report, best: undefined } },
  );
  const alone = await raceOptimizers(experiment, {
    executor,
    engine: 'twin',
    seed: 1,
    entrants,
    tuned,
    heldOutOptimizees: 2,
  });
  expect(alone.optimizers.map((o) => o.optimizer)).toEqual(['lstm', ...lineSearches]);
  expect(alone.comparisons).toEqual([]);
  const record = {
    kind: 'evaluation' as const,
    title: 'T',
    facts: { seed: 1, wallTimeSeconds: 2, command: 'x' },
  };
  const sentence =
    'There is no baseline to compare with: none was named, or each diverged with every setting that tuning tried.';
  expect(findingsOf(alone)[0]).toBe(sentence);
  expect(await renderReport(reportOf({ ...record, results: [alone] }))).toContain(sentence);
  const read = evaluationRecordSchema.safeParse({ ...record, results: [alone] });
  expect(read.error?.issues).toBeUndefined();
});

test('the bar for meta-training is the best tuned baseline on the validation functions themselves', async () => {
  const keys = createKey(3).split(4);
  const tuned = await tuneEntrants(experiment, {
    executor,
    engine: 'twin',
    seed: 1,
    entrants,
    optimizees: 4,
  });
  const bar = await bestBaselineOn(keys, experiment, tuned, executor);
  const finals = tuned
    .map(({ report }) => report)
    .filter((t) => t.best && t.optimizer !== 'lbfgs' && t.optimizer !== 'conjugate-gradient')
    .map(({ optimizer, best }) => {
      const all = keys.map(
        (key) =>
          rollout(
            quadratics({ dimension: 3 }).sample(key.fold('optimizee')),
            createBaseline(optimizer, best!.options),
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
  expect(page).toContain(result.comparisons[0]!.ratio.toFixed(3));
  expect(page).toContain('npx metadescent demo');
  expect(comparisonSentence(result, result.comparisons[0]!)).toContain(result.comparisons[0]!.bestBaseline);
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

describe('every optimizer on every experiment', () => {
  const names = ['l2l-mnist', 'psd-plus', 'adam', 'adam+linear', 'muon', 'lbfgs'];
  const everyone = names.map((name) => entrantNamed(knownOptimizers, name, experiment.horizon));
  let all: EvaluationResult;

  beforeAll(async () => {
    all = await evaluateExperiment(experiment, {
      executor,
      engine: 'twin',
      seed: 1,
      entrants: everyone,
      heldOutOptimizees: 3,
      tuningOptimizees: 2,
    });
  });

  test('both papers’ learned rules and hand-made ones of all classes are raced, those that can be are tuned', () => {
    expect(all.optimizers.map(({ optimizer, class: rank }) => [optimizer, rank])).toEqual([
      ['l2l-mnist', 'learned'],
      ['psd-plus', 'learned'],
      ['adam', 'papers'],
      ['adam+linear', 'papers'],
      ['muon', 'today'],
      ['lbfgs', 'line-search'],
    ]);
    const linear = all.optimizers[3]!;
    expect(linear.kind === 'hand-made' && linear.tuning.optimizer).toBe('adam+linear');
    expect(all.optimizers[0]!.hyperparameters).toMatchObject({ hidden: 20, layers: 2 });
  });

  test('every learned rule is compared with the best baseline, whose class is said', () => {
    const counted = all.optimizers.filter(({ class: rank }) => rank === 'papers' || rank === 'today');
    const best = counted.reduce((a, b) => (b.mean[12]! < a.mean[12]! ? b : a));
    expect(all.comparisons.map(({ learned, bestBaseline }) => [learned, bestBaseline])).toEqual([
      ['l2l-mnist', best.optimizer],
      ['psd-plus', best.optimizer],
    ]);
    const [first] = all.comparisons;
    const words = first!.bestOf === 'today' ? "a rule of today's practice" : 'a rule of the papers';
    expect(comparisonSentence(all, first!)).toContain(`l2l-mnist's mean objective`);
    expect(comparisonSentence(all, first!)).toContain(
      `the best tuned baseline (${words}), ${best.optimizer};`,
    );
  });

  test('a learned rule that goes beyond its training says so', () => {
    const longer = { ...all, horizon: 400 };
    expect(findingsOf(longer)).toContain(
      'l2l-mnist was trained for 100 steps and is run for 400, beyond what it knows.',
    );
    expect(findingsOf(longer).filter((finding) => finding.includes('beyond'))).toHaveLength(1);
    expect(findingsOf(all).filter((finding) => finding.includes('beyond'))).toEqual([]);
    expect(horizonWarnings(everyone, 400)).toHaveLength(1);
    expect(horizonWarnings(everyone, 100)).toEqual([]);
  });

  test('its report can be drawn', async () => {
    const page = await renderReport(
      reportOf({
        kind: 'evaluation',
        title: 'T',
        facts: { seed: 1, wallTimeSeconds: 2, command: 'c' },
        results: [all],
      }),
    );
    for (const name of names) expect(page).toContain(name);
  });
});
