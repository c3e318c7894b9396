import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRun } from '@metadescent/runtime';
import { andrychowiczExperiments } from './experiments/andrychowicz.js';
import { presetOf } from './experiments/registry.js';
import { psdExperiments } from './psd-training/psd-experiments.js';
import { reportOfTraining, writeRunReport } from './run-report.js';
import { statusSentence, wallTime } from './run-sections.js';
import { runRecord } from './training-runs.fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [search, fineTuning] = (['search', 'fine-tuning'] as const).map((kind) => {
  const { name, presets } = psdExperiments.find(({ presets: { paper } }) => paper.kind === kind)!;
  return { experiment: name, preset: 'paper', seed: 4, ...presets.paper };
});
const readout = andrychowiczExperiments.flatMap(({ name, rule, problem, training }) =>
  'search' in training
    ? [
        {
          kind: 'readout-search',
          experiment: name,
          preset: 'paper',
          seed: 4,
          rule,
          problem,
          startsFrom: training.startsFrom,
          recipe: training.search.paper,
        },
      ]
    : [],
)[0]!;
const { name: experiment, rule, problem } = andrychowiczExperiments[0]!;
const { stacked, recipe } = presetOf(andrychowiczExperiments[0]!, 'paper');
const meta = { kind: 'meta-training', experiment, preset: 'paper', seed: 4, stacked, problem, rule, recipe };

test.each([
  ['Meta-training Predicted Step Descent by guided policy search', search!],
  ['Fine-tuning Predicted Step Descent to PSD+', fineTuning!],
  ['Readout search andrychowicz/mnist-nominal', readout],
  ['Meta-training andrychowicz/quadratics', meta],
])('%s: what its config says it is, repeatable before the first record', (title, config) => {
  const report = reportOfTraining(runRecord(config, []), folder);
  expect(report.title).toBe(title);
  expect(report.sections.map(({ heading }) => heading)).toEqual(['How to repeat it']);
  expect(report.sections[0]!.blocks).toEqual([
    {
      type: 'run',
      facts: {
        engine: 'twin',
        versions: { '@metadescent/kernels': '0.1.0' },
        seed: 4,
        wallTimeSeconds: 25,
        command: `npx metadescent train ${config.experiment} --preset paper --seed 4`,
      },
    },
  ]);
});

test('wall time counts every process that worked on the run', () => {
  expect(wallTime([])).toBe(0);
  expect(wallTime([3, 7, 2, 4, 4, 1].map((seconds) => ({ seconds })))).toBe(7 + 4 + 1);
});

test('a run is finished only if it says so', () => {
  expect(statusSentence(runRecord(meta, [], { status: 'finished' }), '2 epochs')).toBe(
    'The run finished after 2 epochs.',
  );
  for (const outcome of [undefined, { status: 'interrupted' as const }, { status: 'failed' as const }])
    expect(statusSentence(runRecord(meta, [], outcome), '2 epochs')).toBe(
      'The run is under way or was stopped: 2 epochs so far.',
    );
});

test('a folder of a search gets its page', async () => {
  const directory = join(folder, 'run');
  const run = openRun(directory, { config: readout, engine: 'twin' });
  run.recordMetrics({
    step: 1,
    bestCandidate: 0.25,
    medianCandidate: 0.26,
    sigma: 0.93,
    failedCandidates: 0,
  });
  run.close();
  const path = await writeRunReport(directory);
  expect(path).toBe(join(directory, 'report.html'));
  const page = readFileSync(path, 'utf8');
  for (const text of ['1 generation so far', 'median candidate', 'step size σ', '--preset paper --seed 4'])
    expect(page).toContain(text);
  expect(page).not.toContain('held-out objective at');
});
