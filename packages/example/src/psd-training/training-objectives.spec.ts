import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { gaussianClusters, labelAt } from '@metadescent/optimizees';
import { EigenvalueDecomposition, Matrix, solve } from 'ml-matrix';
import { describe, expect, test } from '@jest/globals';
import { psdExperiments } from './psd-experiments.js';
import {
  describeObjective,
  objectiveDataset,
  objectiveFamily,
  type TrainingObjective,
} from './training-objectives.js';

const engine = typescriptEngine();
const digits = gaussianClusters(createKey(1), { count: 300, inputSize: 30, classes: 10 });
const small = (objective: TrainingObjective) => ({
  inputs: 6,
  hidden: 4,
  examples: 200,
  evaluationRows: 50,
  ...objective,
});
const dataOf = (objective: TrainingObjective) => objectiveDataset(digits, small(objective), engine);
const labelsOf = (objective: TrainingObjective) => {
  const data = dataOf(objective);
  return Array.from({ length: data.count }, (_, i) => labelAt(data, i));
};

test('an objective is a net on a view of the data', () => {
  const objective = small({ batchSize: 10, classes: 7 });
  const family = objectiveFamily(dataOf(objective), objective, engine);
  expect(family.layout.size).toBe(6 * 4 + 4 + 4 * 7 + 7);
  expect(dataOf(objective).count).toBe(200);
  expect(dataOf(objective).inputs.buffer).toBeInstanceOf(SharedArrayBuffer);
});

describe('views', () => {
  test('the same objective is the same data; another projection is not', () => {
    expect(dataOf({ projection: 3 }).inputs).toEqual(dataOf({ projection: 3 }).inputs);
    expect(dataOf({ projection: 3 }).inputs).not.toEqual(dataOf({ projection: 4 }).inputs);
    expect(Array.from(dataOf({ projection: 3, inputScale: 2 }).inputs)).toEqual(
      Array.from(dataOf({ projection: 3 }).inputs, (x) => 2 * x),
    );
  });

  test('an imposed spectrum: unit variance in every dimension, principal deviations about k^(−p), the same rows and labels', () => {
    const [plain, coloured] = [dataOf({}), dataOf({ spectrum: 1 })].map(
      ({ inputs }) =>
        new Matrix(Array.from({ length: 200 }, (_, i) => Array.from(inputs.subarray(6 * i, 6 * (i + 1))))),
    );
    const covariance = (rows: Matrix) => rows.transpose().mmul(rows).div(200);
    expect(covariance(coloured!).diag()).toBeAllClose(new Array(6).fill(1), { rtol: 1e-5 });
    const deviations = new EigenvalueDecomposition(covariance(coloured!)).realEigenvalues
      .map(Math.sqrt)
      .sort((x, y) => y - x);
    // Putting the dimensions back to unit variance bends the spectrum somewhat.
    deviations.forEach((deviation, k) => {
      const relative = (deviation / deviations[0]!) * (k + 1);
      expect(relative).toBeGreaterThan(0.6);
      expect(relative).toBeLessThan(1.6);
    });
    expect(labelsOf({ spectrum: 1 })).toEqual(labelsOf({}));
    // Only mixed: every new input is a linear combination of the old ones.
    const [mixing, rebuilt] = [solve(plain!, coloured!), coloured!];
    expect(plain!.mmul(mixing).sub(rebuilt).norm() / rebuilt.norm()).toBeLessThan(1e-4);
  });

  test('label noise replaces about that share of the labels', () => {
    const [clean, noisy] = [labelsOf({}), labelsOf({ labelNoise: 0.5 })];
    const changed = clean.filter((label, i) => label !== noisy[i]).length / 200;
    expect(changed).toBeGreaterThan(0.3);
    expect(changed).toBeLessThan(0.6);
  });

  test('fewer classes merge digits, a hundred split each in ten', () => {
    const clean = labelsOf({});
    expect(labelsOf({ classes: 7 })).toEqual(clean.map((label) => label % 7));
    const split = labelsOf({ classes: 100 });
    expect(split.map((label) => Math.floor(label / 10))).toEqual(clean);
    const counts = Array.from(
      { length: 10 },
      (_, decile) => split.filter((label) => label % 10 === decile).length,
    );
    expect(counts).toEqual(new Array(10).fill(20));
  });
});

test('validation never sees a projection that is trained on', () => {
  for (const { presets } of psdExperiments) {
    for (const preset of Object.values(presets)) {
      if (preset.kind !== 'fine-tuning') continue;
      const trained = new Set(preset.training.map(({ projection = 0 }) => projection));
      for (const { projection = 0 } of preset.validation) expect(trained.has(projection)).toBe(false);
    }
  }
  expect(describeObjective({ batchSize: 10, spectrum: 0.6, labelNoise: 0.3 })).toBe(
    '48-48-10, batch 10, spectrum k^−0.6, 30 % random labels',
  );
});
