import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { describeEnvironment, environmentSchema, packageVersions } from './environment.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'environment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the commit of a checkout is told, and whether its files were changed', () => {
  const git = (...parameters: string[]) =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e', ...parameters], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  const commit = () => describeEnvironment({ engine: 'wasm simd128', sourceDirectory: folder }).commit;
  expect(commit()).toBeUndefined();
  git('init');
  writeFileSync(join(folder, 'file'), '1');
  git('add', 'file');
  git('commit', '-m', 'first');
  git('tag', 'v1');
  const head = git('rev-parse', 'HEAD').trim();
  expect(commit()).toBe(head);
  writeFileSync(join(folder, 'file'), '2');
  expect(commit()).toBe(`${head}-dirty`);
});

test('an environment is what its schema says', () => {
  const environment = describeEnvironment({
    engine: 'wasm simd128',
    packages: { zod: '1.2.3' },
    sourceDirectory: folder,
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
