import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { UserError } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { openRun } from './run.js';
import { isLockFile, lockRun } from './run-lock.js';
import { startFixture } from './testing/child.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

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
  const resume = () => openRun(directory, { config: {}, resume: true, engine: 'none' });
  expect(resume).toThrow(UserError);
  expect(resume).toThrow(
    new RegExp(
      `is being written by process ${child.process.pid}; wait for it, stop it, or choose another folder`,
    ),
  );
  expect(readdirSync(directory).filter(isLockFile)).toHaveLength(1);

  child.process.kill('SIGKILL');
  expect((await child.ended).signal).toBe('SIGKILL');
  expect(readdirSync(directory).filter(isLockFile)).toHaveLength(1);
  const run = resume();
  expect(readdirSync(directory).filter(isLockFile)).toEqual([expect.stringContaining(`.${process.pid}.`)]);
  run.close();
  expect(readdirSync(directory).filter(isLockFile)).toEqual([]);
});

test('a lock of another machine is respected, and the way out is told', () => {
  const name = 'lock.1.5.other-machine';
  writeFileSync(join(folder, name), '');
  expect(() => lockRun(folder)).toThrow(
    /locked by process 1 on the machine other-machine; if that one is gone, delete .*lock\.1\.5\.other-machine/,
  );
  expect(readdirSync(folder)).toEqual([name]);
});

(process.platform === 'linux' ? test : test.skip)(
  'a pid that was given out again is not its old owner',
  () => {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `lock.${parent}.1.${hostname()}`), '');
    lockRun(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  },
);
