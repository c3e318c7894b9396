import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UserError } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { openCheckpoints } from './checkpoints.js';
import { packageVersions } from './environment.js';
import { openRun, type Run, type RunOptions } from './run.js';
import { readRun } from './run-files.js';
import { FILE_TOO_LARGE, startFixture } from './testing/child.js';

let folder: string;
let directory: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-'));
  directory = join(folder, 'runs', 'first');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const config = { experiment: 'toy', seed: 3, limit: Infinity };
const open = (options: Partial<RunOptions> = {}): Run =>
  openRun(directory, { config, engine: 'typescript', warn: (message) => warnings.push(message), ...options });

function failureOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an exception');
}

/** Steps `from … to` with a checkpoint after every even one. */
function work(run: Run, from: number, to: number) {
  for (let step = from; step <= to; step++) {
    run.recordMetrics({ step, loss: 1 / step });
    if (step % 2 === 0)
      run.saveCheckpoint({
        step,
        tensors: { x: { shape: [1], data: Float32Array.of(step) } },
        metadata: { note: 'kept' },
      });
  }
}

test('a run folder tells what was run, where, and how it ended', () => {
  const run = open({ packages: packageVersions(['zod', 'no-such-package'], import.meta.url) });
  expect(run.checkpoint).toBeUndefined();
  expect(run.outcome).toBeUndefined();
  work(run, 1, 3);
  run.recordTiming({ step: 3, seconds: 0.5 });
  run.finish({ status: 'finished', loss: NaN });
  run.close();

  const record = readRun(directory);
  expect(record.config).toEqual(config);
  expect(record.metrics).toEqual([1, 2, 3].map((step) => ({ step, loss: 1 / step })));
  expect(record.timing).toEqual([{ step: 3, seconds: 0.5 }]);
  expect(record.outcome).toEqual({ status: 'finished', loss: NaN });
  expect(record.environments).toHaveLength(1);
  expect(record.environments[0]).toMatchObject({
    node: process.version,
    engine: 'typescript',
    packages: { zod: expect.stringMatching(/^4\./) },
  });
  expect(readdirSync(directory).filter((name) => !name.startsWith('events.'))).toEqual([
    'checkpoints',
    'config.json',
    'environment.json',
    'metrics.jsonl',
    'outcome.json',
    'timing.jsonl',
  ]);
  for (const name of readdirSync(directory, { recursive: true }) as string[]) {
    if (/\.(json|jsonl|safetensors)$/.test(name))
      expect(readFileSync(join(directory, name), 'utf8')).not.toContain(folder);
  }
});

test('resuming goes back to the newest whole checkpoint and cuts off what came after it', () => {
  const first = open();
  work(first, 1, 5);
  first.close();
  appendFileSync(join(directory, 'metrics.jsonl'), '{"step":6,"lo');
  writeFileSync(join(directory, 'outcome.json.tmp'), '{');

  const second = open({ resume: true });
  expect(second.checkpoint).toMatchObject({ step: 4, metadata: { note: 'kept' } });
  expect(readRun(directory).metrics.at(-1)).toMatchObject({ step: 4 });
  expect(existsSync(join(directory, 'outcome.json.tmp'))).toBe(false);
  work(second, 5, 6);
  second.close();

  // The newest one is damaged: back to step 4 once more.
  writeFileSync(join(directory, 'checkpoints', 'step-0000000006.safetensors'), 'damaged');
  const third = open({ resume: true });
  expect(third.checkpoint?.step).toBe(4);
  expect(warnings).toEqual([expect.stringMatching(/skipping the checkpoint .*step-0000000006/)]);
  work(third, 5, 6);
  third.close();
  expect(readRun(directory).metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(third.checkpoints.steps()).toEqual([4, 6]);
});

test('a run that was stopped before its first checkpoint starts over', () => {
  const first = open();
  first.recordMetrics({ step: 1 });
  first.close();
  const second = open({ resume: true });
  expect(second.checkpoint).toBeUndefined();
  second.close();
  expect(readRun(directory).metrics).toEqual([]);
});

test('another configuration is refused with the difference, another engine is told', () => {
  open().close();
  const error = failureOf(() => open({ resume: true, config: { ...config, seed: 4 } }));
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toMatch(
    /has another configuration: seed: 3 there, 4 now\. Resume it with the configuration it was started with/,
  );

  const run = open({
    resume: true,
    config: { limit: Infinity, seed: 3, experiment: 'toy' },
    engine: 'native avx2',
  });
  run.finish({ status: 'interrupted' });
  run.close();
  expect(warnings).toEqual([
    expect.stringMatching(
      /goes on elsewhere \(engine: "typescript" there, "native avx2" now\): results may differ/,
    ),
  ]);
  expect(readRun(directory).environments.map(({ engine }) => engine)).toEqual(['typescript', 'native avx2']);
  const last = open({ resume: true, engine: 'native avx2' });
  expect(last.outcome).toEqual({ status: 'interrupted' });
  expect(readRun(directory).outcome).toBeUndefined();
  last.close();
});

test('folders that hold something, or nothing to resume, are refused and left alone', () => {
  expect(failureOf(() => open({ resume: true })).message).toMatch(
    /there is no run to resume in .*first; start it without --resume/,
  );
  expect(existsSync(join(folder, 'runs'))).toBe(false);
  open().close();
  expect(failureOf(() => open()).message).toMatch(
    /holds a run already; continue it with --resume, or choose another folder/,
  );
  directory = join(folder, 'photos');
  mkdirSync(directory);
  writeFileSync(join(directory, 'cat.jpg'), '');
  expect(failureOf(() => open()).message).toMatch(
    /is not empty \(it holds cat\.jpg\); choose another folder/,
  );
  expect(readdirSync(directory)).toEqual(['cat.jpg']);
  writeFileSync(join(directory, 'cat.tmp'), '');
  rmSync(join(directory, 'cat.jpg'));
  expect(failureOf(() => open()).message).toMatch(/it holds cat\.tmp/);
  expect(readdirSync(directory)).toEqual(['cat.tmp']);
  directory = join(directory, 'cat.tmp');
  expect(failureOf(() => open())).toBeInstanceOf(UserError);
  expect(failureOf(() => readRun(directory)).message).toMatch(/there is no run in/);
});

test('damaged files of a run are named', () => {
  open().close();
  writeFileSync(join(directory, 'environment.json'), '[{"node": 20}]');
  expect(failureOf(() => open({ resume: true })).message).toMatch(
    /environment\.json is not what a run writes:\n✖ .*expected string, received number\n {2}→ at \[0\]\.node/,
  );
  writeFileSync(join(directory, 'config.json'), '{');
  expect(failureOf(() => open({ resume: true })).message).toMatch(/config\.json is not JSON/);
  expect(existsSync(join(directory, 'metrics.jsonl'))).toBe(true);
});

test('a metrics file that lost records is refused', () => {
  const run = open();
  work(run, 1, 2);
  run.close();
  writeFileSync(join(directory, 'metrics.jsonl'), '{"step":1}\n');
  expect(failureOf(() => open({ resume: true })).message).toMatch(
    /metrics\.jsonl has 11 bytes, but had \d+ when its checkpoint was written/,
  );
});

/** All files of the run and their bytes. */
function contents(): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    names.map(({ name, parentPath }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'hex'),
    ]),
  );
}

test('metrics with the line ends of Windows are refused, and the run stays as it is', () => {
  const run = open();
  work(run, 1, 4);
  run.finish({ status: 'interrupted' });
  run.close();
  const path = join(directory, 'metrics.jsonl');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n'));
  const before = contents();
  expect(failureOf(() => open({ resume: true })).message).toMatch(
    /metrics\.jsonl has the line ends of Windows/,
  );
  expect(contents()).toEqual(before);
  expect(readRun(directory).metrics).toHaveLength(4);
});

test('a run whose checkpoints are all damaged is not begun anew', () => {
  const run = open();
  work(run, 1, 5);
  run.close();
  const names = readdirSync(join(directory, 'checkpoints'));
  expect(names).toHaveLength(2);
  for (const name of names) writeFileSync(join(directory, 'checkpoints', name), 'damaged');
  const before = contents();
  const error = failureOf(() => open({ resume: true }));
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toBe(
    `no checkpoint of the run in ${directory} can be read: all 2 are damaged; start a new run in another folder, or delete ${join(directory, 'checkpoints')} to begin this one anew`,
  );
  expect(contents()).toEqual(before);
  rmSync(join(directory, 'checkpoints'), { recursive: true });
  const again = open({ resume: true });
  expect(again.checkpoint).toBeUndefined();
  again.close();
});

test('a checkpoint that no run wrote is refused', () => {
  open().close();
  openCheckpoints(join(directory, 'checkpoints')).save({ step: 3, tensors: {} });
  expect(failureOf(() => open({ resume: true })).message).toMatch(/step 3 .* was not written by a run/);
});

test('a file of a run that is not to be believed is refused before anything is changed', () => {
  const run = open();
  work(run, 1, 3);
  run.finish({ status: 'interrupted' });
  run.close();
  for (const [name, content, message] of [
    [
      'outcome.json',
      '{"status":"lost"}',
      /outcome\.json is not what a run writes:\n✖ Invalid option: expected one of/,
    ],
    ['environment.json', '[{"node":20}]', /environment\.json is not what a run writes:\n✖ /],
    ['config.json', '[]', /config\.json is not what a run writes:\n✖ /],
  ] as const) {
    const whole = readFileSync(join(directory, name));
    writeFileSync(join(directory, name), content);
    const before = contents();
    expect(failureOf(() => open({ resume: true })).message).toMatch(message);
    expect(contents()).toEqual(before);
    writeFileSync(join(directory, name), whole);
  }
  open({ resume: true }).close();
});

test('what is written is checked by the rules of what is read', () => {
  const run = open();
  expect(failureOf(() => run.recordMetrics({ step: 1.5 }))).toBeInstanceOf(UserError);
  expect(failureOf(() => run.finish({ status: 'won' as 'finished' })).message).toMatch(
    /^finish: .*expected one of/s,
  );
  run.close();
  expect(failureOf(() => openRun(join(folder, 'list'), { config: [], engine: 'none' })).message).toMatch(
    /^openRun: /,
  );
  expect(readdirSync(folder)).toEqual(['runs']);
});

test('records need a step', () => {
  const run = open();
  expect(() => run.recordMetrics({ step: -1 })).toThrow(
    /^recordMetrics: .*"step":-1.*\n.*expected number to be >=0\n.*at step/,
  );
  run.close();
});

test('TensorBoard files can be left out', () => {
  open({ tensorboard: false }).close();
  expect(readdirSync(directory).some((name) => name.startsWith('events.'))).toBe(false);
});

(process.platform === 'win32' ? test.skip : test)(
  'a run that cannot even start leaves no trace',
  async () => {
    const { code, stderr } = await startFixture({ name: 'hold-run.mjs', maxFileBlocks: 0 }, directory).ended;
    expect(stderr).toBe(`error: cannot write in the folder ${directory}: ${FILE_TOO_LARGE}\n`);
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  },
);

(process.platform === 'win32' ? test.skip : test)(
  'a folder without permission to write is a UserError with exit code 2',
  async () => {
    chmodSync(folder, 0o555);
    const { code, stderr } = await startFixture({ name: 'unprivileged-run.mjs' }, directory).ended;
    chmodSync(folder, 0o755);
    expect(stderr).toBe(
      `error: cannot make the folder ${directory}: permission denied; make the folder writable for you or choose another one\n`,
    );
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  },
);
