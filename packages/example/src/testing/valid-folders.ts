import { openRun, type MetricRecord } from '@metadescent/runtime';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { controlExperiments } from '../control/control-experiments.js';
import type { ControlMetrics, HeldOutTrials } from '../control/control-record.js';
import { TRIALS_FILE } from '../control/control-run.js';
import type { EvaluationRecord, OptimizerResult } from '../evaluation-record.js';
import { experimentNamed, presetOf } from '../experiments/registry.js';
import type { LiMalikRecord, Panel } from '../li-malik/record-schema.js';
import { RECORD_FILE } from '../li-malik/result-folder.js';
import type { EpochMetrics } from '../meta-training-record.js';
import { psdExperiments } from '../psd-training/psd-experiments.js';
import type { GenerationMetrics } from '../readout-search-record.js';
import { writeRecord } from '../record-file.js';
import { RESULTS_FILE } from '../result-files.js';

const curves = { mean: [2, 1, 0.5], standardError: [0.1, 0.1, 0.1], count: [4, 4, 4] };
const outcomes = { finished: 4, 'non-finite': 0, diverged: 0 };

function tuned(
  optimizer: string,
  entry: OptimizerResult['class'] & ('papers' | 'line-search'),
): OptimizerResult {
  return {
    ...{
      optimizer,
      kind: 'hand-made',
      class: entry,
      ...curves,
      mean: [2, 1.5, 1],
      outcomes,
      hyperparameters: { learningRate: 0.1 },
    },
    tuning: {
      ...{ optimizer, method: 'grid', tasks: 2, trials: 2, divergedTrials: 1, divergedCandidates: 1 },
      axes: [{ name: 'learningRate', initial: [0.1, 1], extendedBelow: [0.01], extendedAbove: [] }],
      outcome: { kind: 'at-bound', edges: [{ axis: 'learningRate', side: 'lower', value: 0.1 }] },
      candidates: [
        {
          options: { learningRate: 0.1 },
          origin: 'grid',
          round: 0,
          score: 1,
          standardError: 0.1,
          diverged: 0,
        },
        {
          options: { learningRate: 1 },
          origin: 'grid',
          round: 0,
          score: Infinity,
          standardError: NaN,
          diverged: 1,
        },
      ],
    },
  };
}

/** An evaluation of three optimizers over two steps, as the demo keeps it. */
export const evaluationRecord: EvaluationRecord = {
  kind: 'evaluation',
  title: 'Learned optimizers against tuned baselines',
  facts: { seed: 1, wallTimeSeconds: 2, command: 'npx metadescent demo --seed 1' },
  training: {
    title: 'Random quadratics',
    epochs: [1, 2],
    trainLoss: [2, 1],
    validationLoss: [2, 1],
    metaGradientNorm: [1, 0.5],
    bestEpoch: 2,
    notes: ['As it was.'],
  },
  results: [
    {
      ...{
        experiment: 'andrychowicz/quadratics',
        title: 'Random quadratics',
        source: 'Andrychowicz et al. 2016, §3.1',
        engine: 'twin',
      },
      ...{ horizon: 2, heldOutOptimizees: 4 },
      optimizers: [
        {
          optimizer: 'lstm',
          kind: 'learned',
          class: 'learned',
          ...curves,
          outcomes,
          hyperparameters: { hidden: 20, preprocessing: { kind: 'none' } },
        },
        tuned('adam', 'papers'),
        tuned('lbfgs', 'line-search'),
      ],
      comparisons: [
        {
          learned: 'lstm',
          bestBaseline: 'adam',
          bestOf: 'papers',
          ratio: 0.5,
          ratioStandardError: 0.1,
          publishedRatio: 0.757,
        },
      ],
      training: { target: 0.7, reached: 0.9 },
    },
  ],
};

function panel(): Panel {
  const entry = {
    ...curves,
    count: [2, 2, 2],
    finals: [0.5, 0.6],
    means: [0.9, 0.8],
    nonFinite: 0,
    aboveStart: 0,
  };
  return {
    steps: [0, 5, 10],
    entries: [
      { optimizer: 'PSD', kind: 'learned', ...entry },
      { optimizer: 'adam', kind: 'hand-made', ...entry, finals: [0.7, Infinity], nonFinite: 1 },
    ],
  };
}

/** Two optimizers on one data set in one figure. */
export const liMalikRecord: LiMalikRecord = {
  kind: 'li-malik-figures',
  facts: {
    seed: 1,
    seeds: 2,
    engine: 'twin',
    wallTimeSeconds: 5,
    command: 'npx metadescent run li-malik --data <directory>',
  },
  datasets: [{ id: 'cifar-10', title: 'CIFAR-10', inPaper: true, examples: 100, classes: 10 }],
  missing: [{ id: 'faces', message: 'faces cannot be read: give --data' }],
  tuning: [
    {
      optimizer: 'adam',
      chosen: { learningRate: 0.01 },
      grid: [{ parameters: { learningRate: 0.01 }, score: 1, standardError: 0.1 }],
      edgeNotes: ['interior'],
    },
  ],
  training: panel(),
  figures: [{ number: 1, panels: [{ dataset: 'cifar-10', ...panel() }] }],
  beyond: [
    {
      arena: 'mnist-48-48-batch-64',
      optimizer: 'PSD',
      atHorizon: 0.5,
      atTwice: NaN,
      nonFinite: 1,
      aboveStart: 0,
    },
  ],
};

const epochs: readonly EpochMetrics[] = [0, 1].map((step) => ({
  ...{
    step,
    horizon: 100,
    learningRate: 0.004,
    trainingObjective: 2 - step,
    validationScore: 1 - step / 2,
    bestScore: 1 - step / 2,
  },
  ...{ gradientNorm: 3, clippedShare: 1, nonFiniteUnrolls: 0, failedValidations: 0, deadWeights: 0 },
}));

const generations: readonly GenerationMetrics[] = [1, 2].map((step) => ({
  ...{ step, bestCandidate: 0.25, medianCandidate: 0.26, sigma: 0.93, failedCandidates: 0 },
  ...(step === 2 && { 'validation/final': 0.21, 'validation/mean': 0.4 }),
}));

const searchLines: readonly MetricRecord[] = [
  ...[1, 2].map((step) => ({
    ...{
      step,
      sampled: 1,
      controller: 0.9,
      acceptedFraction: 1,
      improvement: 0.06,
      predictedImprovement: 0.03,
      stepMultiplier: 1,
      dropped: 1,
    },
    ...{
      'weight/kl': 4,
      'weight/epsilon': 4,
      'weight/entropy': -5,
      'weight/eta': 0.01,
      'weight/unexplained': 0.3,
      'weight/nu': 0.01,
      'weight/lambda': 0.2,
    },
  })),
  { step: 3, policy: 0.8, controller: 0.7, teacher: 1, regressionLoss: 0.1 },
];

const fineTuningLines: readonly MetricRecord[] = [1, 21].map((step) => ({
  ...{
    step,
    horizon: 40,
    learningRate: 0.004,
    trainingObjective: 0.6,
    gradientNorm: 1,
    failedEpisodes: 0,
    score: -0.1 - step / 100,
    bestScore: -0.31,
  },
  ...{ 'objective 0/mean': 0.5, 'objective 0/final': 0.4, 'objective 1/mean': 0.5, 'objective 1/final': 0.4 },
}));

const group = {
  ...{
    search: 'converged' as const,
    evaluations: 5,
    eta: 0.01,
    searchKl: 4,
    kl: 4,
    epsilon: 4,
    predictedBefore: 9,
    predictedAfter: 8,
  },
  ...{ unexplained: 0.1, policyKl: 0.2, entropy: -3, lambda: 0.1, nu: 0.01 },
};

const controlStages = controlExperiments[0]!.presets.quick.stages;
const controlLines: readonly ControlMetrics[] = controlStages
  .slice(0, 2)
  .map(({ name: stage }, iteration) => ({
    ...{
      step: iteration + 1,
      stage,
      iteration,
      outcome: 'improved',
      sampledCost: 20,
      sampledCostError: 1,
      dropped: 0,
      stepMultiplier: 1,
    },
    ...{
      acceptance: { before: 20, after: 18, fraction: 1 },
      policyLoss: { before: 2, after: 1 },
      groups: { only: group },
    },
    ...{ controllerCost: 18, policyCost: 19 },
  }));

const contender = {
  kind: 'learned' as const,
  finished: 4,
  dropped: 0,
  cost: 18,
  costError: 1,
  ratio: 1,
  ratioError: 0.1,
  succeeded: 4,
};
const course = [
  [1, 0.5, 0],
  [1, 0.4, 0],
];
const trials: HeldOutTrials = {
  kind: 'held-out-trials',
  shown: ['trial 1', 'trial 2'],
  results: ['Riccati optimum', 'policy'].map((name) => ({ name, ...contender, courses: [course, course] })),
};

function writeRun(directory: string, config: object, lines: readonly MetricRecord[]): void {
  const run = openRun(directory, { config, engine: 'twin', tensorboard: false });
  for (const [i, line] of lines.entries()) {
    run.recordMetrics(line);
    run.recordTiming({ step: line.step, seconds: i + 1 });
  }
  run.finish({ status: 'finished' });
  run.close();
}

const training = (experiment: string) => ({ experiment, preset: 'quick', seed: 1 });

/** Writes the folder that a command leaves, of every kind that `report` draws: small, and whole. */
export const validFolders: Readonly<Record<string, (directory: string) => void>> = {
  evaluation(directory) {
    mkdirSync(directory, { recursive: true });
    writeRecord(join(directory, RESULTS_FILE), evaluationRecord);
  },
  'li-malik-figures'(directory) {
    mkdirSync(directory, { recursive: true });
    writeRecord(join(directory, RECORD_FILE), liMalikRecord);
  },
  'meta-training'(directory) {
    const experiment = experimentNamed('andrychowicz/quadratics');
    const { name, problem, rule } = experiment;
    writeRun(
      directory,
      { kind: 'meta-training', ...training(name), ...presetOf(experiment, 'quick'), problem, rule },
      epochs,
    );
  },
  'readout-search'(directory) {
    const { name, problem, rule, training: how } = experimentNamed('andrychowicz/mnist-nominal');
    if (!('search' in how)) throw new Error(`${name} is no search any more`);
    writeRun(
      directory,
      {
        kind: 'readout-search',
        ...training(name),
        problem,
        rule,
        startsFrom: how.startsFrom,
        recipe: how.search.quick,
      },
      generations,
    );
  },
  search(directory) {
    const { name, presets } = psdExperiments.find(({ presets: { quick } }) => quick.kind === 'search')!;
    writeRun(directory, { ...training(name), ...presets.quick }, searchLines);
  },
  'fine-tuning'(directory) {
    const { name, presets } = psdExperiments.find(({ presets: { quick } }) => quick.kind === 'fine-tuning')!;
    writeRun(directory, { ...training(name), ...presets.quick }, fineTuningLines);
  },
  control(directory) {
    const { name, presets } = controlExperiments[0]!;
    writeRun(
      directory,
      { kind: 'control', ...training(name), ...presets.quick },
      controlLines.map((line) => ({ ...line })),
    );
    writeRecord(join(directory, TRIALS_FILE), trials);
  },
};
