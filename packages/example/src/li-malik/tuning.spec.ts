import { afterAll, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { liMalikFamily } from '@metadescent/optimizees';
import { runTrial, tuningTask } from '@metadescent/optimizers';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inlineTasks, syntheticDatasets } from './tasks.fixture.js';
import { comparedBaselines, tuneBaselinesOnTraining } from './tuning.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));
const datasets = syntheticDatasets();

async function tune(ingredients: object) {
  const executor = inlineTasks({ engine: 'typescript', datasets });
  const tuned = await tuneBaselinesOnTraining({
    executor,
    seed: 2,
    horizon: 3,
    starts: 1,
    directory: folder,
    ingredients,
  });
  return { executor, tuned };
}

test('the seven baselines are tuned on the training objective by the mean over the horizon, and found again', async () => {
  const { tuned } = await tune({ data: 'a' });
  expect(tuned.map(({ optimizer }) => optimizer)).toEqual([...comparedBaselines]);
  const family = liMalikFamily({
    dataset: datasets['mnist/48']!,
    hidden: 48,
    batchSize: 64,
    engine: typescriptEngine(),
  });
  for (const { optimizer, options, record } of tuned) {
    const scores = record.grid!.map(({ score }) => Number(score));
    const best = record.grid!.find(({ score }) => score === Math.min(...scores))!;
    expect(options).toEqual(best.parameters);
    const task = tuningTask(family, createKey(2).fold('li-malik').fold('tuning'), 0);
    expect(
      runTrial({ optimizer, options: options!, taskIndex: 0 }, task, { horizon: 3, score: 'mean' }),
    ).toBeCloseTo(Number(best.score), 12);
  }
  const again = await tune({ data: 'a' });
  expect(again.executor.ran.count).toBe(0);
  expect(again.tuned).toEqual(tuned);
}, 60_000);
