import { afterAll, expect, test } from '@jest/globals';
import { inlineMapper, type GroupTaskMapper } from '@metadescent/guided-policy-search';
import { renderReport } from '@metadescent/reporting';
import { createExecutor, readRun } from '@metadescent/runtime';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecord } from '../record-file.js';
import type { ControlExperiment, ControlStage } from './control-experiment.js';
import { controlEngines } from './control-engines.js';
import { controlExperiments } from './control-experiments.js';
import { controlTask } from './control-problem.js';
import { controlConfigSchema, controlMetricsSchema, heldOutTrialsSchema } from './control-record.js';
import { controlReport } from './control-report.js';
import { runControl, TRIALS_FILE } from './control-run.js';
import { overWorkers, type GroupTasks } from './group-tasks.js';

const engines = controlEngines('wasm');
const short = { trajectories: 6, klStep: 1, freshSamples: true, covariance: { floor: 0.1 } } as const;
const alone: ControlStage = {
  name: 'alone',
  purpose: 'No policy.',
  policy: { kind: 'none' },
  options: { ...short, nu: { initial: 0 }, evaluatePolicy: false },
  iterations: 2,
};
const taught: ControlStage = {
  name: 'linear policy',
  purpose: 'A policy.',
  policy: { kind: 'linear', shared: true },
  options: { ...short, nu: { initial: 1e-3 } },
  iterations: 2,
  after: 'alone',
};
const preset = {
  problem: {
    kind: 'linear-regulator' as const,
    initialMeans: [
      [1, -0.5, 0, 0],
      [-1, 1, 0, 0],
      [0, 0, 1, -1],
    ],
  },
  stages: [alone, taught],
};
const experiment: ControlExperiment = {
  ...controlExperiments[0]!,
  presets: { quick: preset, paper: preset },
};
const folder = mkdtempSync(join(tmpdir(), 'metadescent-control-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (name: string, more: Partial<Parameters<typeof runControl>[1]> = {}) =>
  runControl(experiment, {
    preset: 'quick',
    seed: 3,
    directory: join(folder, name),
    resume: false,
    engines,
    trials: 20,
    ...more,
  });

/** Everything that a run must end with, whatever happened to it on the way. */
function bytesOf(name: string) {
  const checkpoints = readdirSync(join(folder, name, 'checkpoints')).sort();
  const names = [
    'config.json',
    'metrics.jsonl',
    TRIALS_FILE,
    ...checkpoints.map((file) => join('checkpoints', file)),
  ];
  return Object.fromEntries(
    names.map((file) => [file, readFileSync(join(folder, name, file)).toString('hex')]),
  );
}

test('stopped after any iteration and resumed, also between and after stages, a run ends with the same bytes', async () => {
  await run('whole');
  for (let done = 1; done <= 4; done++) {
    const abort = new AbortController();
    const reason = new Error('stop here');
    // A Ctrl-C in the middle of an iteration.
    const map: GroupTaskMapper = (tasks) => {
      abort.abort(reason);
      return inlineMapper(engines.search)(tasks);
    };
    await expect(run('stopped', { signal: abort.signal, map, resume: done > 1 })).rejects.toBe(reason);
    expect(readRun(join(folder, 'stopped')).metrics).toHaveLength(done);
  }
  await run('stopped', { resume: true });
  expect(bytesOf('stopped')).toEqual(bytesOf('whole'));
}, 300_000);

test('groups in parallel on 1, 2 and 3 worker threads give the bits of this thread', async () => {
  for (const workers of [1, 2, 3]) {
    const executor = createExecutor<GroupTasks>({
      workers,
      module: new URL('../../dist/control/group-tasks.js', import.meta.url),
      setup: { engine: 'wasm' },
    });
    try {
      await run(`workers-${workers}`, { map: overWorkers(executor) });
    } finally {
      await executor.close();
    }
    expect(bytesOf(`workers-${workers}`)).toEqual(bytesOf('whole'));
  }
}, 300_000);

test('the run learns, and its report draws trials, courses and outcomes', async () => {
  const run = readRun(join(folder, 'whole'));
  const record = { ...run, config: controlConfigSchema.parse(run.config) };
  for (const line of run.metrics) expect(controlMetricsSchema.parse(line)).toEqual(line);
  expect(record.metrics.map(({ stage }) => stage)).toEqual([
    'alone',
    'alone',
    'linear policy',
    'linear policy',
  ]);
  expect(record.metrics.at(-1)!['controllerCost']).toBeLessThan(
    0.7 * (record.metrics[0]!['sampledCost'] as number),
  );
  const trials = readRecord(join(folder, 'whole', TRIALS_FILE), heldOutTrialsSchema, 'train again');
  expect(trials.results.map(({ name }: { name: string }) => name)).toEqual([
    'Riccati optimum',
    'GPS controller',
    'linear policy',
  ]);
  const task = controlTask(preset.problem, engines);
  const page = await renderReport(controlReport(experiment, task, record, trials));
  for (const text of [
    'position of the second mass',
    'from (0, 0, 1, -1)',
    'Riccati optimum',
    'linear policy: outcomes',
    'step multiplier',
    '--preset quick --seed 3',
  ])
    expect(page).toContain(text);
  const underWay = await renderReport(
    controlReport(experiment, task, { ...record, outcome: undefined, metrics: record.metrics.slice(0, 1) }),
  );
  expect(underWay).toContain('1 iteration so far');
  expect(underWay).not.toContain('Held-out trials');
});

test('no contender beats the Riccati optimum in the mean', async () => {
  const { results } = readRecord(join(folder, 'whole', TRIALS_FILE), heldOutTrialsSchema, 'train again');
  for (const { ratio, ratioError } of results.slice(1)) expect(ratio).toBeGreaterThan(1 - 3 * ratioError);
});

test.each(controlExperiments.map((control) => [control.name, control] as const))(
  '%s: stages follow one another and names are unique',
  (_name, { presets }) => {
    for (const { stages } of Object.values(presets)) {
      const names = stages.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      stages.forEach(({ after }, i) =>
        expect(after === undefined || names.slice(0, i).includes(after)).toBe(true),
      );
      expect(stages.some(({ policy }) => policy.kind !== 'none')).toBe(true);
    }
  },
);
