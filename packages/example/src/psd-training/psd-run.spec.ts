import { afterAll, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { gaussianClusters } from '@metadescent/optimizees';
import {
  normalisedPresets,
  parseFineTuning,
  parsePsdRecipe,
  psdPresets,
  readWeights,
  type PsdRecipeInput,
} from '@metadescent/predicted-step-descent';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Built from './psd-run.js';
import type { FineTuningPreset, PsdExperiment, SearchPreset } from './psd-experiments.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

const objective = { projection: 1, inputs: 4, hidden: 3, batchSize: 4, examples: 50, evaluationRows: 20 };
const search = (recipe: PsdRecipeInput): SearchPreset => ({
  kind: 'search',
  objective,
  recipe: parsePsdRecipe({
    ...recipe,
    ...{ horizon: 6, hidden: 3, iterations: 1, distillationRounds: 1, validationTrajectories: 2 },
    coordinatesPerGroup: 4,
    policy: { cloneSteps: 4, steps: 2, batch: 4 },
    search: { ...recipe.search, trajectories: 4 },
  }),
});
const fineTuning: FineTuningPreset = {
  kind: 'fine-tuning',
  start: { nominalRate: 0.07, policyScale: 0.3 },
  ...{ training: [objective], validation: [objective] },
  recipe: parseFineTuning({ steps: 1, horizon: 3, batch: 1, validationEvery: 1, validationEpisodes: 1 }),
};

test.each([
  ['li-malik/psd', search(psdPresets.quick)],
  ['li-malik/psd-normalised', search(normalisedPresets.quick)],
  ['li-malik/psd-plus', fineTuning],
] as const)(
  '%s: repeated in another folder by more workers, the same weights file byte for byte',
  async (name, preset) => {
    // The built one, whose worker threads find their tasks beside it.
    const { runPsd, PSD_WEIGHTS_FILE } = (await import(
      new URL('../../dist/psd-training/psd-run.js', import.meta.url).href
    )) as typeof Built;
    const experiment: PsdExperiment = { name, title: name, presets: { quick: preset, paper: preset } };
    const mnist = gaussianClusters(createKey(1), { count: 60, inputSize: 16, classes: 10 });
    const files: Buffer[] = [];
    for (const workers of [1, 2]) {
      const directory = join(folder, name, `run-${workers}`);
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
    // No clock, and no machine.
    const { provenance } = readWeights(files[0]!);
    expect(Object.keys(provenance).sort()).toEqual(['config', 'engine', 'results', 'seed']);
    expect(JSON.stringify(provenance)).not.toContain('seconds');
  },
);
