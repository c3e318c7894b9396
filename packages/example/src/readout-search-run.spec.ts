import { afterAll, expect, test } from '@jest/globals';
import { pretrained, readTrainedRule, readoutSearchSchema } from '@metadescent/lstm-optimizer';
import { renderReport } from '@metadescent/reporting';
import { readRun } from '@metadescent/runtime';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Experiment, SearchTraining } from './experiments/experiment.js';
import { experimentNamed } from './experiments/registry.js';
import { WEIGHTS_FILE } from './meta-training-run.js';
import { runReadoutSearch } from './readout-search-run.js';
import { reportOfTraining } from './run-report.js';
import { inlineTasks } from './tasks.fixture.js';

const shipped = pretrained('quadratics');
const rule = { ...shipped.rule, nominal: { learningRate: 0.01, momentum: 0.5 } };
const recipe = readoutSearchSchema.parse({
  horizon: 8,
  generations: 3,
  population: 4,
  rollouts: 2,
  validationEvery: 2,
  validationRollouts: 3,
});
const training: SearchTraining = { startsFrom: 'quadratics', search: { quick: recipe, paper: recipe } };
const experiment: Experiment = {
  ...experimentNamed('andrychowicz/quadratics'),
  problem: { kind: 'quadratics', dimension: 3 },
  horizon: 8,
  rule,
  training,
};
const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (name: string, more: { resume?: boolean; signal?: AbortSignal } = {}) =>
  runReadoutSearch(experiment, training, {
    preset: 'quick',
    seed: 3,
    directory: join(folder, name),
    resume: false,
    engine: 'twin',
    executor: inlineTasks({ experiment, stacked: 1, engine: 'typescript' }),
    ...more,
  });
const bytes = (...path: string[]) => readFileSync(join(folder, ...path));
const found = await run('whole');

test('an interrupted and resumed run ends with the same metrics and weights as an uninterrupted one', async () => {
  const reason = new Error('stop here');
  for (const done of [1, 2]) {
    await expect(run('resumed', { signal: AbortSignal.abort(reason), resume: done > 1 })).rejects.toBe(
      reason,
    );
    expect(readRun(join(folder, 'resumed')).metrics).toHaveLength(done);
  }
  expect(await run('resumed', { resume: true })).toEqual(found);
  expect(readRun(join(folder, 'whole')).metrics.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(bytes('resumed', 'metrics.jsonl')).toEqual(bytes('whole', 'metrics.jsonl'));
  expect(bytes('resumed', WEIGHTS_FILE)).toEqual(bytes('whole', WEIGHTS_FILE));
});

test('the validation after every second generation and at the end chooses the point', () => {
  const validated = readRun(join(folder, 'whole')).metrics.filter((record) => 'validation/final' in record);
  expect(validated.map(({ step }) => step)).toEqual([2, 3]);
  const best = validated.reduce((a, b) =>
    Number(b['validation/final']) < Number(a['validation/final']) ? b : a,
  );
  expect(found).toMatchObject({ score: best['validation/final'], round: best['step'] });
});

test('the weights are those of the start but for the readout, and carry what they need to be used and repeated', () => {
  const { rule: stored, weights, provenance } = readTrainedRule(bytes('whole', WEIGHTS_FILE));
  const readout = rule.hidden + 1;
  expect(weights.slice(0, -readout)).toEqual(shipped.weights.slice(0, -readout));
  expect(weights.slice(-readout)).not.toEqual(shipped.weights.slice(-readout));
  expect({ ...stored, nominal: rule.nominal }).toEqual(rule);
  expect(stored.nominal).not.toEqual(rule.nominal);
  expect(JSON.parse(provenance['config']!)).toEqual(readRun(join(folder, 'whole')).config);
  expect(JSON.parse(provenance['config']!)).toMatchObject({
    experiment: 'andrychowicz/quadratics',
    seed: 3,
    startsFrom: 'quadratics',
    rule,
    recipe,
  });
  expect(JSON.parse(provenance['validation']!)).toMatchObject({
    score: found.score,
    generation: found.round,
  });
  expect(provenance['engine']).toBe('twin');
});

test('a folder that is taken is refused, and so is resuming the run of another seed', async () => {
  await expect(run('whole')).rejects.toThrow(/resume/);
  const executor = inlineTasks({ experiment, stacked: 1, engine: 'typescript' });
  await expect(
    runReadoutSearch(experiment, training, {
      preset: 'quick',
      seed: 4,
      directory: join(folder, 'whole'),
      resume: true,
      engine: 'twin',
      executor,
    }),
  ).rejects.toThrow(/seed/);
});

test('its report draws the search', async () => {
  const page = await renderReport(reportOfTraining(readRun(join(folder, 'whole')), folder));
  for (const text of [
    'The run finished after 3 generations.',
    'best candidate',
    'held-out objective at step 8',
  ])
    expect(page).toContain(text);
});
