/**
 * A whole toy meta-training (fixtures/toy-run.mjs), interrupted in every way, ends with the same bytes as one
 * that was left alone.
 */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { readRun } from './run-files.js';
import { FILE_TOO_LARGE, startFixture } from './testing/child.js';

let folder: string;
let reference: Record<string, string>;

/** What must not depend on interruptions: metrics, outcome, config, and all checkpoints that are left. */
function bytesOf(directory: string): Record<string, string> {
  const checkpoints = readdirSync(join(directory, 'checkpoints')).map((name) => join('checkpoints', name));
  const names = ['config.json', 'metrics.jsonl', 'outcome.json', ...checkpoints];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name)).toString('hex')]));
}

const toyRun = (directory: string, ...parameters: string[]) =>
  startFixture({ name: 'toy-run.mjs' }, directory, ...parameters);

/** Runs until the metrics of this step are written, and leaves it there. */
async function stoppedAt(step: number, directory: string, ...parameters: string[]) {
  const child = toyRun(directory, '--stop-at', String(step), ...parameters);
  await child.said('waiting');
  return child;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interrupted-'));
  const directory = join(folder, 'reference');
  expect(await toyRun(directory).ended).toMatchObject({ code: 0, stderr: '' });
  reference = bytesOf(directory);
  const { metrics, outcome } = readRun(directory);
  expect(metrics).toHaveLength(30);
  expect(outcome?.status).toBe('finished');
  expect(metrics.at(-1)!['loss']).toBeLessThan(metrics[0]!['loss'] as number);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('killed twice with kill -9, on two workers and one', async () => {
  const directory = join(folder, 'killed');
  for (const parameters of [
    ['10', '--workers', '2'],
    ['23', '--workers', '1', '--resume'],
  ]) {
    const child = await stoppedAt(Number(parameters[0]), directory, ...parameters.slice(1));
    child.process.kill('SIGKILL');
    expect((await child.ended).signal).toBe('SIGKILL');
    expect(readRun(directory).metrics.at(-1)).toMatchObject({ step: Number(parameters[0]) });
    expect(readRun(directory).outcome).toBeUndefined();
  }
  expect(await toyRun(directory, '--resume').ended).toMatchObject({ code: 0, stderr: '' });
  expect(bytesOf(directory)).toEqual(reference);
  expect(readRun(directory).environments).toHaveLength(3);
});

test('killed in the middle of a write, with a damaged newest checkpoint', async () => {
  const directory = join(folder, 'torn');
  const child = await stoppedAt(15, directory);
  child.process.kill('SIGKILL');
  await child.ended;
  appendFileSync(join(directory, 'metrics.jsonl'), '{"step":16,"loss":0.');
  writeFileSync(join(directory, 'checkpoints', 'step-0000000016.safetensors.tmp'), 'half a checkpoint');
  truncateSync(join(directory, 'checkpoints', 'step-0000000012.safetensors'), 50);
  const { code, stderr } = await toyRun(directory, '--resume').ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: skipping the checkpoint .*step-0000000012\.safetensors: .*\n$/);
  expect(bytesOf(directory)).toEqual(reference);
});

test('killed before its first checkpoint', async () => {
  const directory = join(folder, 'early');
  const child = await stoppedAt(3, directory);
  child.process.kill('SIGKILL');
  await child.ended;
  expect(await toyRun(directory, '--resume').ended).toMatchObject({ code: 0, stderr: '' });
  expect(bytesOf(directory)).toEqual(reference);
});

test('stopped with Ctrl-C, which saves a checkpoint where it stands', async () => {
  const directory = join(folder, 'stopped');
  const child = await stoppedAt(14, directory);
  child.process.kill('SIGINT');
  const { code, stderr } = await child.ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(
    /Stopping at the next checkpoint; press Ctrl-C again to stop at once\.\nstopped by SIGINT\n$/,
  );
  expect(readRun(directory).outcome).toEqual({ status: 'interrupted', step: 14 });
  expect(readdirSync(join(directory, 'checkpoints'))).toContain('step-0000000014.safetensors');
  expect(await toyRun(directory, '--resume').ended).toMatchObject({ code: 0, stderr: '' });
  // The extra checkpoint is all that may differ, in what is left over at the end.
  for (const name of ['metrics.jsonl', 'outcome.json', 'checkpoints/step-0000000030.safetensors'])
    expect(bytesOf(directory)[name]).toBe(reference[name]);
});

(process.platform === 'win32' ? test.skip : test)('stopped by a disk that fills up on the way', async () => {
  const directory = join(folder, 'full');
  const { code, stderr } = await startFixture({ name: 'toy-run.mjs', maxFileBlocks: 2 }, directory).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: cannot write .*: /);
  expect(stderr).toContain(FILE_TOO_LARGE);
  const steps = readRun(directory).metrics.map(({ step }) => step);
  expect(steps.length).toBeGreaterThan(4);
  expect(readFileSync(join(directory, 'metrics.jsonl'), 'utf8').endsWith('}\n')).toBe(true);
  expect(await toyRun(directory, '--resume').ended).toMatchObject({ code: 0, stderr: '' });
  expect(bytesOf(directory)).toEqual(reference);
});

test('resumed after it was finished: nothing changes', async () => {
  const directory = join(folder, 'twice');
  for (const parameters of [[], ['--resume']])
    expect((await toyRun(directory, ...parameters).ended).code).toBe(0);
  expect(bytesOf(directory)).toEqual(reference);
});
