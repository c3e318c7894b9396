import { expect, test } from '@jest/globals';
import { parseFineTuning } from '@metadescent/predicted-step-descent';
import { renderReport, type ReportBlockInput, type ReportInput } from '@metadescent/reporting';
import { runRecord } from '../training-runs.fixture.js';
import { fineTuningReport } from './fine-tuning-report.js';

const recipe = parseFineTuning({
  steps: 60,
  horizon: 400,
  curriculum: [
    { fromStep: 0, horizon: 100 },
    { fromStep: 20, horizon: 400 },
  ],
  validationEvery: 20,
});
const config = {
  ...{
    experiment: 'li-malik/psd-plus',
    preset: 'paper',
    seed: 1,
    kind: 'fine-tuning',
    start: { nominalRate: 0.06, policyScale: 0.3 },
  },
  ...{ training: [{}], validation: [{ projection: 90 }, { projection: 93, batchSize: 10 }], recipe },
};
/** Of a run, rounded: the first record is from before any update, and the last is not the best. */
const metrics = [
  {
    step: 1,
    trainingObjective: NaN,
    gradientNorm: NaN,
    failedEpisodes: 0,
    score: -0.163,
    bestScore: -0.163,
    'objective 0/mean': 0.5,
    'objective 0/final': 0.4,
    'objective 1/mean': 0.7,
    'objective 1/final': 0.5,
  },
  {
    step: 21,
    trainingObjective: 0.607,
    gradientNorm: 1.15,
    failedEpisodes: 1,
    score: -0.295,
    bestScore: -0.295,
    'objective 0/mean': 0.4,
    'objective 0/final': 0.3,
    'objective 1/mean': 0.77,
    'objective 1/final': 0.25,
  },
  {
    step: 41,
    trainingObjective: 0.573,
    gradientNorm: 1.38,
    failedEpisodes: 2,
    score: -0.29,
    bestScore: -0.295,
    'objective 0/mean': 0.41,
    'objective 0/final': 0.31,
    'objective 1/mean': 0.6,
    'objective 1/final': 0.45,
  },
];

const grids = ({ sections }: ReportInput) =>
  sections.flatMap(({ blocks }) =>
    blocks.filter(
      (block): block is Extract<ReportBlockInput, { type: 'curve-grid' }> => block.type === 'curve-grid',
    ),
  );
const report = fineTuningReport(runRecord(config, metrics));

test('training objective, score and gradient norm over meta-updates', () => {
  const [objective, score, norm] = grids(report)[0]!.panels;
  expect(objective).toMatchObject({
    title: 'training objective',
    series: [{ optimizer: 'PSD+', kind: 'learned', mean: [NaN, 0.607, 0.573], steps: [0, 20, 40] }],
  });
  expect(objective!.referenceLines).toEqual([{ axis: 'x', value: 20, label: 'T = 400' }]);
  expect(objective!.notes![0]).toContain('given up: 3.');
  expect(score).toMatchObject({
    title: 'validation score',
    series: [{ mean: [-0.163, -0.295, -0.29] }],
    referenceLines: [{ axis: 'x', value: 20, label: 'kept' }],
  });
  expect(norm).toMatchObject({
    title: 'norm of the meta-gradient',
    series: [{ mean: [NaN, 1.15, 1.38] }],
    yScale: 'log',
  });
});

test('a panel per validation objective, named by what it is', () => {
  expect(grids(report)[1]!.panels).toMatchObject([
    {
      title: '48-48-10, batch 64',
      series: [
        { optimizer: 'mean over the rollout', mean: [0.5, 0.4, 0.41], steps: [0, 20, 40] },
        { optimizer: 'at its end', mean: [0.4, 0.3, 0.31] },
      ],
    },
    { title: '48-48-10, batch 10', series: [{ mean: [0.7, 0.77, 0.6] }, { mean: [0.5, 0.25, 0.45] }] },
  ]);
});

test('before against what is kept, which is not what came last', () => {
  const { table } = report.sections[1]!.blocks.find((block) => block.type === 'table')!;
  const cells = table.rows.map((row) => row.cells as number[]);
  expect(cells[0]).toBeAllClose([0.5, 0.4, -20, 0.4, 0.3, -25], { rtol: 1e-12, atol: 0 });
  expect(cells[1]).toBeAllClose([0.7, 0.77, 10, 0.5, 0.25, -50], { rtol: 1e-12, atol: 0 });
  expect(report.summary).toEqual([
    'The run is under way or was stopped: 40 meta-updates so far.',
    'Best validation score −0.295 after 20 meta-updates; −0.163 before the first.',
  ]);
});

test('the page renders at every stage, also right after the first validation and after one that failed', async () => {
  for (const count of [0, 1, 3]) {
    const page = await renderReport(fineTuningReport(runRecord(config, metrics.slice(0, count))));
    expect(page).toContain('npx metadescent train li-malik/psd-plus --preset paper --seed 1');
    expect(page.includes('48-48-10, batch 10')).toBe(count > 0);
    expect(page.includes('norm of the meta-gradient')).toBe(count > 1);
  }
  const failed = {
    ...metrics[0]!,
    score: Infinity,
    bestScore: Infinity,
    'objective 0/mean': Infinity,
    'objective 0/final': NaN,
  };
  const page = await renderReport(fineTuningReport(runRecord(config, [failed])));
  expect(page).toContain('Best validation score ∞ after 0 meta-updates');
});
