import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { UserError } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { prepareFolder } from './prepared-folder.js';
import { openRun } from './run.js';
import { checkRunFolder } from './run-claim.js';
import { startFixture } from './testing/child.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepared-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error('expected an exception');
}

test('a folder is made with its parents, holds nothing, and is named absolutely', () => {
  const path = join(folder, 'a', 'b', 'c');
  const prepared = prepareFolder(relative(process.cwd(), path));
  expect(prepared.path).toBe(path);
  expect(readdirSync(path)).toEqual([]);
  prepared.abandon();
  expect(readdirSync(folder)).toEqual([]);
});

test('what somebody put there meanwhile stays, and so does a folder that was there before', () => {
  const path = join(folder, 'a', 'b');
  const prepared = prepareFolder(path);
  writeFileSync(join(folder, 'a', 'notes'), '');
  prepared.abandon();
  expect(readdirSync(join(folder, 'a'))).toEqual(['notes']);
  const again = prepareFolder(join(folder, 'a'));
  again.abandon();
  expect(readdirSync(join(folder, 'a'))).toEqual(['notes']);
});

test.each([
  ['a-file', '{} is a file, not a folder; choose another folder'],
  [
    'a-file/results',
    'cannot make the folder {}: {folder}/a-file is a file, not a folder; choose another folder',
  ],
  ['a-file/x/y', 'cannot make the folder {}: {folder}/a-file is a file, not a folder; choose another folder'],
  ['dangling/x', 'cannot make the folder {}: something of that name exists already; choose another folder'],
  ['circle/x', 'cannot look at {}: its symbolic links go round in a circle; choose another folder'],
  [`${'n'.repeat(300)}/x`, /: the name is too long; choose a shorter one$/],
])('%s is refused, and nothing is made', (name, expected) => {
  writeFileSync(join(folder, 'a-file'), '');
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  symlinkSync(join(folder, 'circle'), join(folder, 'circle'));
  const before = readdirSync(folder);
  const path = join(folder, name);
  const message = messageOf(() => prepareFolder(path));
  if (typeof expected === 'string') {
    expect(message).toBe(expected.replace('{}', path).replace('{folder}', folder));
  } else expect(message).toMatch(expected);
  expect(readdirSync(folder)).toEqual(before);
});

test('paths that name nothing are refused', () => {
  expect(messageOf(() => prepareFolder(''))).toBe('the path of a folder must not be empty; name a folder');
  expect(messageOf(() => prepareFolder('a\0b'))).toMatch(/must not hold a character 0, but is a\\u\{0\}b/);
});

test('a path cannot write into the terminal', () => {
  writeFileSync(join(folder, 'red\u001b[31m'), '');
  expect(messageOf(() => prepareFolder(join(folder, 'red\u001b[31m', 'x')))).toContain(
    'red\\u{1b}[31m is a file',
  );
});

(existsSync('/proc/self') ? test : test.skip).each(['/proc/q', '/proc/q/r/s', '/proc', '/proc/self/q'])(
  'the file system of the kernel takes nothing, and says so at once: %s',
  (path) => {
    const message = messageOf(() => prepareFolder(path));
    expect(message).toMatch(
      new RegExp(
        `^cannot (make|write in) the folder ${path}: .*(choose another folder|or choose another one)$`,
      ),
    );
  },
);

(process.platform === 'win32' ? test.skip : test)(
  'a folder without permission to write is refused before anything is made',
  async () => {
    chmodSync(folder, 0o555);
    const { code, stderr } = await startFixture(
      { name: 'unprivileged-run.mjs' },
      join(folder, 'runs', 'first'),
    ).ended;
    chmodSync(folder, 0o755);
    expect(stderr).toMatch(
      /^error: cannot make the folder .*: permission denied; make the folder writable for you/,
    );
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('a run folder is checked before long work, and left as it was', () => {
  const fresh = join(folder, 'runs', 'first');
  expect(checkRunFolder(fresh)).toBe(fresh);
  expect(readdirSync(folder)).toEqual([]);
  expect(messageOf(() => checkRunFolder(fresh, { resume: true }))).toMatch(/there is no run to resume in/);
  openRun(fresh, { config: {}, engine: 'none' }).close();
  const before = readdirSync(fresh);
  expect(messageOf(() => checkRunFolder(fresh))).toMatch(/holds a run already; continue it with --resume/);
  expect(checkRunFolder(fresh, { resume: true })).toBe(fresh);
  expect(readdirSync(fresh)).toEqual(before);
  mkdirSync(join(folder, 'photos'));
  writeFileSync(join(folder, 'photos', 'cat.jpg'), '');
  expect(messageOf(() => checkRunFolder(join(folder, 'photos')))).toMatch(
    /is not empty \(it holds cat\.jpg\)/,
  );
});

test('a run stays in its folder when the working directory changes', () => {
  const home = process.cwd();
  process.chdir(folder);
  try {
    mkdirSync('elsewhere');
    const run = openRun('run', { config: {}, engine: 'none' });
    process.chdir('elsewhere');
    run.recordMetrics({ step: 1 });
    run.saveCheckpoint({ step: 1, tensors: {} });
    run.finish({ status: 'finished' });
    expect(run.checkpoints.latest()?.step).toBe(1);
    run.close();
  } finally {
    process.chdir(home);
  }
  expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  expect(readdirSync(join(folder, 'run'))).toContain('outcome.json');
});
