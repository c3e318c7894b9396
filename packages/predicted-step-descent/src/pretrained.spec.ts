import { createKey, rollout } from '@metadescent/core';
import { wasmEngine } from '@metadescent/kernels';
import { optimizerConformance } from '@metadescent/core/conformance';
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { predictedStepDescent } from './predicted-step-descent.js';
import { pretrained, pretrainedPsdNames } from './pretrained.js';
import { classifier } from './testing/classifier.js';
import { readWeights } from './weights-file.js';

const engine = wasmEngine();

test('psd, psd-normalised and psd-plus ship', () => {
  expect([...pretrainedPsdNames].sort()).toEqual(['psd', 'psd-normalised', 'psd-plus']);
  expect(() => pretrained('adam' as 'psd')).toThrow(/choose one of psd/);
});

describe.each(pretrainedPsdNames)('%s', (name) => {
  const { weights, provenance } = pretrained(name);

  test('is the file in pretrained/, with its provenance', () => {
    expect(readWeights(readFileSync(new URL(`../pretrained/${name}.safetensors`, import.meta.url)))).toEqual({
      weights,
      provenance,
    });
    expect(Object.keys(provenance)).toEqual(expect.arrayContaining(['config', 'seed', 'results']));
  });

  test('has an entry of its own', async () => {
    const entry = (await import(`./pretrained/${name}.gen.js`)) as { pretrained(): unknown };
    expect(entry.pretrained()).toEqual({ weights, provenance });
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      exports: object;
    };
    expect(manifest.exports).toHaveProperty(
      [`./pretrained/${name}`, 'default'],
      `./dist/pretrained/${name}.gen.js`,
    );
  });

  for (const check of optimizerConformance(() => predictedStepDescent(weights, engine))) {
    test(`conformance: ${check.name}`, check.run);
  }

  test.each([[[8, 6, 3]], [[20, 10]], [[10, 12, 8, 4]]])(
    'goes down on a net that it never saw: %j',
    (sizes) => {
      const family = classifier(engine, sizes, 3);
      const { trueObjectives } = rollout(family.sample(createKey(1)), predictedStepDescent(weights, engine), {
        horizon: 200,
        key: createKey(1),
        trueObjectiveEvery: 200,
      });
      expect(trueObjectives[200]!).toBeLessThan(0.6 * trueObjectives[0]!);
    },
  );
});
