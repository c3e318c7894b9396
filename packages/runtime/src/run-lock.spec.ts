import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { UserError } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { startHeartbeat, wasRenewed } from './heartbeat.js';
import { ownIdentity } from './process-identity.js';
import { openRun } from './run.js';
import { isLockFile, lockRun } from './run-lock.js';
import { startFixture } from './testing/child.js';

let folder: string;
let warnings: string[];
const warn = (message: string) => void warnings.push(message);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const locksOf = (directory: string) => readdirSync(directory).filter(isLockFile);

test('a released folder can be locked again; one that is held cannot', () => {
  const lock = lockRun(folder);
  expect(() => lockRun(folder)).toThrow(/already open in this process/);
  lock.release();
  lockRun(folder).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a run of a living process is refused by name; after kill -9 it is taken over', async () => {
  const directory = join(folder, 'run');
  const child = startFixture({ name: 'hold-run.mjs' }, directory);
  await child.said('holding');
  const resume = () => openRun(directory, { config: {}, resume: true, engine: 'none', warn });
  expect(resume).toThrow(UserError);
  expect(resume).toThrow(
    new RegExp(
      `is being written by process ${child.process.pid}; wait for it, stop it, or choose another folder`,
    ),
  );
  expect(locksOf(directory)).toHaveLength(1);

  child.process.kill('SIGKILL');
  expect((await child.ended).signal).toBe('SIGKILL');
  expect(locksOf(directory)).toHaveLength(1);
  const run = resume();
  expect(locksOf(directory)).toEqual([expect.stringContaining(`.${process.pid}.`)]);
  run.close();
  expect(locksOf(directory)).toEqual([]);
  expect(warnings).toEqual([]);
});

const strangers = [
  ['of another PID namespace', `lock.${process.pid}.5.4026539999-boot.${hostname()}`],
  ['of another machine', `lock.1.5.${ownIdentity().space}.other-machine`],
  ['of a system that does not tell its namespace', `lock.1.5.unknown.${hostname()}`],
  ['of another version', 'lock.1.5.other-machine'],
] as const;

test.each(strangers)('the lock of a process %s holds while it is renewed', (_, name) => {
  const path = join(folder, name);
  writeFileSync(path, '');
  const heartbeat = startHeartbeat(path, 0.05);
  try {
    expect(() => lockRun(folder, { stillSeconds: 60, warn })).toThrow(
      /is being written by (process \d+ in another container or machine \(host .*\)|a process of unknown name); wait for it/,
    );
  } finally {
    heartbeat.stop();
  }
  expect(readdirSync(folder)).toEqual([name]);
  expect(warnings).toEqual([
    expect.stringMatching(/watching for up to 60 seconds whether that one is alive$/),
  ]);
});

test.each(strangers)('the lock of a process %s is taken over when it stands still', (_, name) => {
  writeFileSync(join(folder, name), '');
  const lock = lockRun(folder, { stillSeconds: 0.3, warn });
  expect(readdirSync(folder)).toEqual([expect.stringContaining(`.${ownIdentity().space}.`)]);
  lock.release();
  expect(warnings).toEqual([
    expect.stringMatching(/watching for up to 0\.3 seconds/),
    expect.stringMatching(/is gone; its lock is taken over$/),
  ]);
});

test('a lock that is released while it is watched is free', () => {
  const path = join(folder, 'lock.1.5.other.machine');
  expect(wasRenewed(path, 60)).toBe(false);
});

test('an owner that stood still for too long is told that it lost its run', () => {
  const run = openRun(join(folder, 'run'), { config: {}, engine: 'none' });
  run.recordMetrics({ step: 1 });
  for (const name of locksOf(run.directory)) rmSync(join(run.directory, name));
  for (const write of [
    () => run.recordMetrics({ step: 2 }),
    () => run.saveCheckpoint({ step: 2, tensors: {} }),
    () => run.finish({ status: 'finished' }),
  ]) {
    expect(write).toThrow(UserError);
    expect(write).toThrow(/another process has taken over the run .*did not renew its lock for 20 seconds/);
  }
  run.close();
  expect(readFileSync(join(run.directory, 'metrics.jsonl'), 'utf8')).toBe('{"step":1}\n');
  expect(readdirSync(run.directory)).not.toContain('outcome.json');
});

test('files that only look like locks are files like others', () => {
  writeFileSync(join(folder, 'lock.json'), '{}');
  expect(() => openRun(folder, { config: {}, engine: 'none' })).toThrow(
    /is not empty \(it holds lock\.json\)/,
  );
  expect(readdirSync(folder)).toEqual(['lock.json']);
});

(process.platform === 'linux' ? test : test.skip)(
  'a pid that was given out again is not its old owner',
  () => {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    writeFileSync(join(folder, `lock.${parent}.1.${ownIdentity().space}.${hostname()}`), '');
    lockRun(folder, { warn }).release();
    expect(readdirSync(folder)).toEqual([]);
    expect(warnings).toEqual([]);
  },
);

/** `unshare` needs root, or a system that gives namespaces to everybody. */
const namespaces = (() => {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!namespaces) process.stderr.write('skipped: two PID namespaces (unshare is not permitted here)\n');

(namespaces ? test : test.skip)('two processes in two PID namespaces do not share a run', async () => {
  const directory = join(folder, 'run');
  const child = startFixture({ name: 'hold-run.mjs', ownPids: true }, directory);
  await child.said('holding');
  const resume = () => openRun(directory, { config: {}, resume: true, engine: 'none', warn });
  expect(resume).toThrow(UserError);
  expect(resume).toThrow(/is being written by process \d+ in another container or machine/);
  expect(locksOf(directory)).toHaveLength(1);
  child.process.kill('SIGKILL');
  await child.ended;
  lockRun(directory, { stillSeconds: 5, warn }).release();
  expect(locksOf(directory)).toEqual([]);
});

(process.platform === 'win32' ? test.skip : test)(
  'Ctrl-C ends the process while it watches a lock',
  async () => {
    const directory = join(folder, 'run');
    openRun(directory, { config: {}, engine: 'none' }).close();
    writeFileSync(join(directory, 'lock.1.5.space.other-machine'), '');
    const child = startFixture({ name: 'resume-politely.mjs' }, directory);
    await child.said('watching for up to 20 seconds');
    child.process.kill('SIGINT');
    expect(await child.ended).toMatchObject({ signal: 'SIGINT', stdout: '' });
    expect(locksOf(directory)).toContain('lock.1.5.space.other-machine');
  },
);

(process.platform === 'win32' ? test.skip : test)(
  'a pipe of a lock’s name is not waited for; a folder and a link to itself are refused by name',
  () => {
    const path = join(folder, 'lock.1.5.other-machine');
    execFileSync('mkfifo', [path]);
    lockRun(folder, { stillSeconds: 0.1, warn }).release();
    expect(readdirSync(folder)).toEqual([]);

    mkdirSync(path);
    expect(() => lockRun(folder, { stillSeconds: 0.1, warn })).toThrow(
      `cannot remove ${path}: this is a folder, not a file`,
    );
    rmSync(path, { recursive: true });

    symlinkSync(path, path);
    expect(() => lockRun(folder, { stillSeconds: 0.1, warn })).toThrow(
      `cannot read ${path}: its symbolic links go round in a circle`,
    );
    expect(readdirSync(folder)).toEqual(['lock.1.5.other-machine']);
  },
);
