import { expect, test } from '@jest/globals';
import { createKey, UserError } from '@metadescent/core';
import { entrantNamed } from '@metadescent/evaluation';
import { typescriptEngine } from '@metadescent/kernels';
import { gaussianClusters } from '@metadescent/optimizees';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateExperiment } from '../evaluation.js';
import { knownOptimizers } from '../known-optimizers.js';
import { inlineTasks } from '../tasks.fixture.js';
import { figureNamed, panelExperiment, panelExperiments } from './panel-experiments.js';

const figure = figureNamed('li-malik/figure-3')!;

test('a panel of a figure is an experiment on its data set: any optimizers can be raced on it', async () => {
  const data = gaussianClusters(createKey(2), { count: 60, inputSize: 20, classes: 4 });
  const { experiment, dataset } = panelExperiment(figure, {
    source: { id: 'cifar-10' },
    title: 'Clouds',
    data,
  });
  expect(experiment).toMatchObject({
    name: 'li-malik/figure-3/cifar-10',
    title: `Clouds: ${figure.title}`,
    horizon: 400,
    problem: { kind: 'projected-mnist', inputs: 48, hidden: 48, batchSize: 10 },
  });
  const short = { ...experiment, horizon: 4 };
  const result = await evaluateExperiment(short, {
    executor: inlineTasks({
      experiment: short,
      stacked: 1,
      engine: 'typescript',
      dataset: dataset(typescriptEngine()),
    }),
    engine: 'twin',
    seed: 1,
    entrants: ['l2l-mnist', 'psd-plus', 'sgd'].map((name) => entrantNamed(knownOptimizers, name, 4)),
    heldOutOptimizees: 2,
    tuningOptimizees: 1,
  });
  expect(result.optimizers.map(({ optimizer }) => optimizer)).toEqual(['l2l-mnist', 'psd-plus', 'sgd']);
  expect(new Set(result.optimizers.map(({ mean }) => mean[0])).size).toBe(1);
  // Four classes at the start.
  expect(result.optimizers[0]!.mean[0]).toBeGreaterThan(Math.log(4) * 0.8);
});

test('a figure without any of its data sets says what it needs', () => {
  const empty = mkdtempSync(join(tmpdir(), 'metadescent-'));
  try {
    const panels = () => panelExperiments(figure, empty, () => undefined);
    expect(panels).toThrow(UserError);
    expect(panels).toThrow(/li-malik\/figure-3 needs one of its data sets.*cifar10.*fashion-mnist/);
  } finally {
    rmSync(empty, { recursive: true });
  }
});

test('other names are no figures', () => {
  for (const name of ['li-malik', 'li-malik/figure-6', 'andrychowicz/mnist'])
    expect(figureNamed(name)).toBeUndefined();
});
