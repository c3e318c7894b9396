import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { describeEnvironment, environmentSchema, packageVersions } from './environment.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'environment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const git = (cwd: string, ...parameters: string[]) =>
  execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e', ...parameters], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();

/** What is recorded for the program `main.js` in a folder. */
const commitOf = (directory: string) =>
  describeEnvironment({ engine: 'none', source: pathToFileURL(join(directory, 'main.js')).href }).commit;

function commitAll(directory: string): string {
  git(directory, 'init');
  git(directory, 'add', '--all', '--force');
  git(directory, 'commit', '-m', 'first');
  return git(directory, 'rev-parse', 'HEAD');
}

test("the commit of a program's sources is told, and whether its files were changed", () => {
  expect(commitOf(folder)).toBeUndefined();
  writeFileSync(join(folder, 'package.json'), '{}');
  const head = commitAll(folder);
  git(folder, 'tag', 'v1');
  expect(commitOf(folder)).toBe(head);
  // Compiled files need not be in the repository themselves.
  expect(commitOf(join(folder, 'dist'))).toBe(head);
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  expect(commitOf(folder)).toBe(`${head}-dirty`);
});

test('the commit of a repository in which a program is only installed or called says nothing about it', () => {
  const installed = join(folder, 'node_modules', 'program');
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'package.json'), '{}');
  const unpacked = join(folder, 'unpacked');
  commitAll(folder);
  expect(commitOf(installed)).toBeUndefined();
  mkdirSync(unpacked);
  writeFileSync(join(unpacked, 'package.json'), '{}');
  expect(commitOf(unpacked)).toBeUndefined();
  const home = process.cwd();
  process.chdir(folder);
  try {
    expect(describeEnvironment({ engine: 'none' }).commit).toBeUndefined();
  } finally {
    process.chdir(home);
  }
});

test('an environment is what its schema says', () => {
  const environment = describeEnvironment({
    engine: 'wasm simd128',
    packages: { zod: '1.2.3' },
  });
  expect(environmentSchema.parse(environment)).toEqual(environment);
  expect(environment).toMatchObject({
    engine: 'wasm simd128',
    packages: { zod: '1.2.3' },
    node: process.version,
  });
});

test('versions of packages; absent ones are left out', () => {
  expect(packageVersions(['zod', '@metadescent/core', 'no-such-package'], import.meta.url)).toEqual({
    zod: expect.stringMatching(/^\d+\.\d+\.\d+/),
    '@metadescent/core': expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});
