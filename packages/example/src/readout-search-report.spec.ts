import { expect, test } from '@jest/globals';
import { lstmRuleSchema, readoutSearchSchema } from '@metadescent/lstm-optimizer';
import { renderReport, type ReportBlockInput, type ReportInput } from '@metadescent/reporting';
import { readoutSearchReport } from './readout-search-report.js';
import { runRecord } from './training-runs.fixture.js';

const config = {
  experiment: 'andrychowicz/mnist-nominal',
  preset: 'quick',
  seed: 2,
  rule: lstmRuleSchema.parse({ nominal: { learningRate: 0.2, momentum: 0.93 } }),
  startsFrom: 'mnist',
  recipe: readoutSearchSchema.parse({ generations: 6, validationEvery: 2, population: 8, rollouts: 4 }),
};
/** Of a run on MNIST, rounded; validated after every second generation. */
const metrics = [
  { step: 1, bestCandidate: 0.252, medianCandidate: 0.259, sigma: 0.935, failedCandidates: 0 },
  {
    step: 2,
    bestCandidate: 0.266,
    medianCandidate: 0.271,
    sigma: 0.918,
    failedCandidates: 1,
    'validation/final': 0.2156,
    'validation/mean': 0.4042,
  },
  { step: 3, bestCandidate: 0.261, medianCandidate: Infinity, sigma: 0.896, failedCandidates: 4 },
  {
    step: 4,
    bestCandidate: 0.255,
    medianCandidate: 0.26,
    sigma: 0.878,
    failedCandidates: 0,
    'validation/final': 0.2123,
    'validation/mean': 0.4049,
  },
  { step: 5, bestCandidate: 0.262, medianCandidate: 0.271, sigma: 0.862, failedCandidates: 0 },
  {
    step: 6,
    bestCandidate: 0.254,
    medianCandidate: 0.258,
    sigma: 0.838,
    failedCandidates: 0,
    'validation/final': 0.2164,
    'validation/mean': 0.4037,
  },
];

function panelsOf({ sections }: ReportInput) {
  const grid = sections[0]!.blocks.find(
    (block): block is Extract<ReportBlockInput, { type: 'curve-grid' }> => block.type === 'curve-grid',
  )!;
  return Object.fromEntries(grid.panels.map((panel) => [panel.title, panel]));
}

test('candidates and σ per generation, held-out objectives where they were measured', () => {
  const panels = panelsOf(readoutSearchReport(runRecord(config, metrics)));
  expect(Object.keys(panels)).toEqual([
    'score of the candidates',
    'step size σ',
    'held-out objective at step 100',
    'held-out objective, mean over 100 steps',
  ]);
  const [best, median] = panels['score of the candidates']!.series;
  expect(best).toMatchObject({
    optimizer: 'best candidate',
    mean: [0.252, 0.266, 0.261, 0.255, 0.262, 0.254],
    steps: [1, 2, 3, 4, 5, 6],
  });
  expect(median).toMatchObject({
    optimizer: 'median candidate',
    mean: [0.259, 0.271, Infinity, 0.26, 0.271, 0.258],
  });
  expect(panels['score of the candidates']!.notes![0]).toMatch(
    /\+ 0\.05 · mean.*5 candidates had a rollout that did not finish/,
  );
  expect(panels['step size σ']!.series[0]!.mean).toEqual([0.935, 0.918, 0.896, 0.878, 0.862, 0.838]);
  expect(panels['held-out objective at step 100']!.series).toMatchObject([
    { mean: [0.2156, 0.2123, 0.2164], steps: [2, 4, 6] },
  ]);
  expect(panels['held-out objective, mean over 100 steps']!.series).toMatchObject([
    { mean: [0.4042, 0.4049, 0.4037], steps: [2, 4, 6] },
  ]);
});

test('the point with the lowest held-out final objective is what is kept', () => {
  const report = readoutSearchReport(runRecord(config, metrics, { status: 'finished' }));
  expect(report.summary).toEqual([
    'The run finished after 6 generations.',
    'Lowest held-out objective at step 100: 0.2123, after generation 4.',
  ]);
  for (const title of ['held-out objective at step 100', 'held-out objective, mean over 100 steps'])
    expect(panelsOf(report)[title]!.referenceLines).toEqual([{ axis: 'x', value: 4, label: 'kept' }]);
});

test('the page says where the search began, and draws before the first validation too', async () => {
  const page = await renderReport(readoutSearchReport(runRecord(config, metrics)));
  expect(page).toMatch(
    /from the shipped weights &quot;mnist&quot;.*η = 0\.2, μ = 0\.93.*8 candidates per generation, 4 rollouts of 100 steps/,
  );
  const early = readoutSearchReport(runRecord(config, metrics.slice(0, 1)));
  expect(early.summary).toEqual(['The run is under way or was stopped: 1 generation so far.']);
  expect(Object.keys(panelsOf(early))).toEqual(['score of the candidates', 'step size σ']);
  expect(await renderReport(early)).toContain('<svg');
});

test('a validation that failed is never the one that is kept', () => {
  const failed = { ...metrics[1]!, 'validation/final': Infinity, 'validation/mean': Infinity };
  expect(readoutSearchReport(runRecord(config, [metrics[0]!, failed])).summary).toHaveLength(1);
});
