import { afterAll, expect, test } from '@jest/globals';
import { lstmRuleSchema, metaTrainingSchema, readTrainedRule } from '@metadescent/lstm-optimizer';
import { renderReport } from '@metadescent/reporting';
import { readRun } from '@metadescent/runtime';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentNamed } from './experiments/registry.js';
import { runMetaTraining, WEIGHTS_FILE } from './meta-training-run.js';
import { inlineTasks } from './tasks.fixture.js';
import { epochMetricsSchema, metaTrainingConfigSchema } from './meta-training-record.js';
import { trainingReport } from './training-report.js';

const rule = lstmRuleSchema.parse({ hidden: 3, layers: 1, preprocessing: { kind: 'none' } });
const experiment = {
  ...experimentNamed('andrychowicz/quadratics'),
  problem: { kind: 'quadratics' as const, dimension: 3 },
  horizon: 8,
  rule,
};
const recipe = metaTrainingSchema.parse({
  horizon: 8,
  segment: 4,
  batch: 2,
  batchesPerEpoch: 2,
  epochs: 4,
  validationUnrolls: 2,
});
const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (name: string, more: { resume?: boolean; signal?: AbortSignal; target?: number } = {}) =>
  runMetaTraining(experiment, {
    preset: 'quick',
    recipe,
    stacked: 2,
    seed: 3,
    directory: join(folder, name),
    resume: false,
    engine: 'twin',
    executor: inlineTasks({ experiment, stacked: 2, engine: 'typescript' }),
    ...more,
  });
const bytes = (...path: string[]) => readFileSync(join(folder, ...path));

test('an interrupted and resumed run ends with the same metrics and weights as an uninterrupted one', async () => {
  await run('whole');
  const abort = new AbortController();
  const reason = new Error('stop here');
  abort.abort(reason);
  await expect(run('resumed', { signal: abort.signal })).rejects.toBe(reason);
  expect(readRun(join(folder, 'resumed')).metrics).toHaveLength(1);
  await run('resumed', { resume: true });
  expect(bytes('resumed', 'metrics.jsonl')).toEqual(bytes('whole', 'metrics.jsonl'));
  expect(bytes('resumed', WEIGHTS_FILE)).toEqual(bytes('whole', WEIGHTS_FILE));
});

test('the weights carry what they need to be used and repeated', () => {
  const { rule: stored, provenance } = readTrainedRule(bytes('whole', WEIGHTS_FILE));
  expect(stored).toEqual(rule);
  expect(JSON.parse(provenance['config']!)).toMatchObject({
    experiment: 'andrychowicz/quadratics',
    seed: 3,
    recipe,
  });
  expect(JSON.parse(provenance['validation']!).score).toBeGreaterThan(0);
});

test('training stops at its target, and a folder that is taken is refused', async () => {
  const state = await run('target', { target: Infinity });
  expect(state.round).toBe(recipe.batchesPerEpoch);
  await expect(run('target')).rejects.toThrow(/--resume|resume/);
});

test('the training report shows the course', async () => {
  const record = readRun(join(folder, 'whole'));
  for (const line of record.metrics) expect(epochMetricsSchema.parse(line)).toEqual(line);
  const page = await renderReport(
    trainingReport({ ...record, config: metaTrainingConfigSchema.parse(record.config) }),
  );
  expect(page).toContain('andrychowicz/quadratics');
  expect(page).toContain('<svg');
});
