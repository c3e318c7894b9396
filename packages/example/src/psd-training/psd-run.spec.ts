import { afterAll, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { gaussianClusters } from '@metadescent/optimizees';
import { parseFineTuning, readWeights } from '@metadescent/predicted-step-descent';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Built from './psd-run.js';
import { psdExperiments, type FineTuningPreset, type PsdExperiment } from './psd-experiments.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a training that is repeated ends with the same weights file, byte for byte: no clock is in it', async () => {
  // The built one, whose worker threads find their tasks beside it.
  const { runPsd, PSD_WEIGHTS_FILE } = (await import(
    new URL('../../dist/psd-training/psd-run.js', import.meta.url).href
  )) as typeof Built;
  const objective = { projection: 1, inputs: 4, hidden: 3, batchSize: 4, examples: 50, evaluationRows: 20 };
  const preset: FineTuningPreset = {
    kind: 'fine-tuning',
    start: { nominalRate: 0.07, policyScale: 0.3 },
    ...{ training: [objective], validation: [objective] },
    recipe: parseFineTuning({ steps: 1, horizon: 3, batch: 1, validationEvery: 1, validationEpisodes: 1 }),
  };
  const experiment: PsdExperiment = { ...psdExperiments[0]!, presets: { quick: preset, paper: preset } };
  const mnist = gaussianClusters(createKey(1), { count: 60, inputSize: 16, classes: 10 });
  const files: Buffer[] = [];
  for (const workers of [1, 2]) {
    const directory = join(folder, `run-${workers}`);
    await runPsd(experiment, {
      preset: 'quick',
      seed: 1,
      directory,
      resume: false,
      workers,
      engine: 'wasm',
      mnist,
    });
    files.push(readFileSync(join(directory, PSD_WEIGHTS_FILE)));
  }
  expect(files[1]!.equals(files[0]!)).toBe(true);
  const { provenance } = readWeights(files[0]!);
  expect(Object.keys(provenance).sort()).toEqual(['config', 'engine', 'results', 'seed']);
  expect(JSON.stringify(provenance)).not.toContain('seconds');
});
