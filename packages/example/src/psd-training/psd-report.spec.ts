import { expect, test } from '@jest/globals';
import { renderReport, type ReportBlockInput, type ReportInput } from '@metadescent/reporting';
import { parsePsdRecipe, psdPresets } from '@metadescent/predicted-step-descent';
import { runRecord } from '../training-runs.fixture.js';
import { psdReport } from './psd-report.js';

const recipe = parsePsdRecipe(psdPresets.quick);
const config = {
  experiment: 'li-malik/psd',
  preset: 'quick',
  seed: 1,
  kind: 'search',
  objective: {},
  recipe,
};
const duals = { 'weight/nu': 0.01, 'weight/lambda': 0.2, 'bias/nu': 0.02, 'bias/lambda': 0.3 };
const bounds = (epsilon: number) => ({ 'weight/epsilon': epsilon, 'bias/epsilon': epsilon });
/** Of a quick run, rounded, with one of its iterations rejected and two of its four groups. */
const metrics = [
  {
    ...{
      step: 1,
      sampled: 1.097,
      controller: 1.031,
      acceptedFraction: 1,
      improvement: 0.066,
      predictedImprovement: 0.03,
      stepMultiplier: 1,
      dropped: 0,
      ...bounds(4),
    },
    ...{
      'weight/kl': 4.12,
      'weight/entropy': -5.45,
      'weight/eta': 0.0116,
      'weight/unexplained': 0.31,
      'bias/unexplained': 0.25,
      'bias/kl': 3.64,
      'bias/entropy': -5.29,
      'bias/eta': 0.0253,
      ...duals,
    },
  },
  {
    ...{
      step: 2,
      sampled: 1.042,
      controller: 1.031,
      acceptedFraction: 0,
      improvement: 0,
      predictedImprovement: 0.025,
      stepMultiplier: 1.3,
      dropped: 3,
      ...bounds(5.2),
    },
    ...{
      'weight/kl': 5.2,
      'weight/entropy': -5.46,
      'weight/eta': 0.0092,
      'weight/unexplained': 0.32,
      'bias/unexplained': 0.27,
      'bias/kl': 2.6,
      'bias/entropy': -5.3,
      'bias/eta': 0.0165,
      ...duals,
    },
  },
];
const rounds = [
  { step: 3, policy: 0.8264, controller: 0.8299, teacher: 1.0876, regressionLoss: 0.00795 },
  { step: 4, policy: 0.8276, controller: 0.8299, teacher: 1.0876, regressionLoss: 0.00606 },
];

const blocksOf = ({ sections }: ReportInput) => sections.flatMap(({ blocks }) => blocks);
function only<Type extends ReportBlockInput['type']>(report: ReportInput, type: Type) {
  return blocksOf(report).filter(
    (block): block is Extract<ReportBlockInput, { type: Type }> => block.type === type,
  );
}
const panelsOf = (report: ReportInput) =>
  Object.fromEntries(
    only(report, 'curve-grid').flatMap(({ panels }) => panels.map((panel) => [panel.title, panel])),
  );
const whole = psdReport(runRecord(config, [...metrics, ...rounds], { status: 'finished' }));

test('the true objective of samples, controller and policy over iterations and rounds, with the teacher to compare', () => {
  const [{ curves }] = only(whole, 'curves') as [Extract<ReportBlockInput, { type: 'curves' }>];
  expect(curves.series).toMatchObject([
    { optimizer: 'GPS controller with noise', mean: [1.097, 1.042], steps: [1, 2] },
    { optimizer: 'GPS controller', mean: [1.031, 1.031, 0.8299, 0.8299], steps: [1, 2, 3, 4] },
    { optimizer: 'PSD', kind: 'learned', mean: [0.8264, 0.8276], steps: [3, 4] },
  ]);
  expect(curves.referenceLines).toEqual([{ axis: 'y', value: 1.0876, label: 'teacher' }]);
  expect(curves.notes!.join(' ')).toContain('diverged: 3.');
});

test('a line per coordinate group: the KL in units of its own bound, η, entropy, fit of the dynamics', () => {
  const panels = panelsOf(whole);
  const lines = (title: string) => panels[title]!.series.map(({ optimizer, mean }) => [optimizer, mean]);
  const [[, weight], [, bias]] = lines('KL to the old controller / ε') as [
    [string, number[]],
    [string, number[]],
  ];
  expect(weight).toBeAllClose([1.03, 1], { rtol: 1e-12, atol: 0 });
  expect(bias).toBeAllClose([0.91, 0.5], { rtol: 1e-12, atol: 0 });
  expect(lines('η')).toEqual([
    ['weight', [0.0116, 0.0092]],
    ['bias', [0.0253, 0.0165]],
  ]);
  expect(lines('entropy per step, nats')).toEqual([
    ['weight', [-5.45, -5.46]],
    ['bias', [-5.29, -5.3]],
  ]);
  expect(lines('unexplained variance of the dynamics')).toEqual([
    ['weight', [0.31, 0.32]],
    ['bias', [0.25, 0.27]],
  ]);
  expect(lines('bound ε on the KL, nats')).toEqual([['GPS controller', [4, 5.2]]]);
});

test('the step that was taken, what was dropped, and how far the models were right', () => {
  const panels = panelsOf(whole);
  const line = (title: string) => panels[title]!.series[0]!.mean;
  expect(line('step multiplier')).toEqual([1, 1.3]);
  expect(line('accepted fraction of the step')).toEqual([1, 0]);
  expect(line('dropped trajectories')).toEqual([0, 3]);
  expect(line('improvement, true / predicted')).toBeAllClose([2.2, 0], { rtol: 1e-12, atol: 0 });
  const older = metrics.map(({ improvement: _, predictedImprovement: __, ...record }) => ({
    ...record,
    dropped: 0,
  }));
  expect(Object.keys(panelsOf(psdReport(runRecord(config, older))))).toEqual(
    Object.keys(panels).filter(
      (title) => title !== 'improvement, true / predicted' && title !== 'dropped trajectories',
    ),
  );
});

test('λ and ν are drawn where the policy is in the loop, and said to be 0 where it is trained afterwards', () => {
  const titles = ['ν, mean over time', 'λ, root mean square over time'];
  expect(Object.keys(panelsOf(whole))).not.toEqual(expect.arrayContaining(titles));
  expect(only(whole, 'paragraph')[0]!.text).toMatch(/λ and ν.* are 0/);
  const inLoop = psdReport(
    runRecord({ ...config, recipe: { ...recipe, policyTraining: 'every-iteration' } }, metrics),
  );
  expect(only(inLoop, 'paragraph')).toEqual([]);
  const means = titles.map((title) => panelsOf(inLoop)[title]!.series.map(({ mean }) => mean));
  expect(means).toEqual([
    [
      [0.01, 0.01],
      [0.02, 0.02],
    ],
    [
      [0.2, 0.2],
      [0.3, 0.3],
    ],
  ]);
});

test('distillation is a table of its rounds, and the summary names the best one', async () => {
  expect(only(whole, 'table')[0]!.table.rows).toEqual([
    { name: '1', cells: [0.8264, 0.8299, 1.0876, 0.00795] },
    { name: '2', cells: [0.8276, 0.8299, 1.0876, 0.00606] },
  ]);
  expect(whole.summary![0]).toBe(
    'The run finished after 2 iterations of the search and 2 rounds of distillation.',
  );
  expect(whole.summary![1]).toMatch(
    /^Mean true objective over 40 steps on fresh starts: 0\.8264 with the policy.*0\.8299 with the controller.*1\.088 with the teacher/,
  );
  const page = await renderReport(whole);
  expect(page).toContain('npx metadescent train li-malik/psd --preset quick --seed 1');
});

test('under way there is no distillation yet', async () => {
  const report = psdReport(runRecord(config, metrics.slice(0, 1)));
  expect(report.summary).toEqual(['The run is under way or was stopped: 1 iteration of the search so far.']);
  expect(report.sections.map(({ heading }) => heading)).toEqual(['Course', 'How to repeat it']);
  expect(await renderReport(report)).toContain('step multiplier');
});
