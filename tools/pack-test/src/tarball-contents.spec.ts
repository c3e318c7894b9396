import { expect, test } from '@jest/globals';

import { contentProblems } from './tarball-contents.js';

const wellMade: Record<string, string> = {
  LICENSE: '',
  'README.md': '',
  'package.json': '',
  'dist/index.js': `import { z } from 'zod';\nimport './part.js';\nexport const load = () => import('node:fs');\n`,
  'dist/index.js.map': JSON.stringify({ version: 3, sources: ['../src/index.ts'] }),
  'dist/index.d.ts': `import type { Key } from '@metadescent/core';\n`,
  'src/index.ts': '',
};
const manifest = {
  name: '@metadescent/sample',
  exports: {
    '.': { '@metadescent/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
  },
  dependencies: { zod: '4', '@metadescent/core': '1' },
};

const problems = (files: Record<string, string | undefined>, changes: object = {}): string[] => {
  const merged = Object.entries({ ...wellMade, ...files }).filter(([, text]) => text !== undefined) as [
    string,
    string,
  ][];
  const texts = new Map(merged);
  return contentProblems({
    manifest: { ...manifest, ...changes },
    files: [...texts.keys()],
    read: (file) => texts.get(file) ?? '',
  });
};

test('a well-made package has no problems', () => {
  expect(problems({})).toEqual([]);
});

test.each([
  ['dist/index.spec.js', 'a test'],
  ['src/index.spec.ts', 'a test'],
  ['dist/index.spec.d.ts.map', 'a test'],
  ['dist/tsconfig.lib.tsbuildinfo', 'a build record'],
  ['src/oracles/numbers.json', 'test data'],
  ['src/slopes.fixture.ts', 'test data'],
  ['dist/li-malik/slopes.fixture.d.ts.map', 'test data'],
  ['dist/testing/child.js', 'test data'],
  ['src/meta-training.statistical.ts', 'a test'],
  ['test-results.json', 'workspace configuration'],
])('%s does not belong into a tarball', (file, what) => {
  expect(problems({ [file]: '{"sources":[]}' })).toEqual([expect.stringContaining(`${file} is ${what}`)]);
});

test('the licence and the README must be there', () => {
  expect(problems({ LICENSE: undefined })).toEqual(['LICENSE is missing.']);
  expect(problems({ 'README.md': undefined })).toEqual(['README.md is missing.']);
});

test('entry points must be there', () => {
  expect(problems({ 'dist/index.d.ts': undefined })).toEqual([
    'exports → . → types points to ./dist/index.d.ts, which is not in the package.',
  ]);
  expect(problems({}, { bin: { sample: './bin/sample.js' } })).toEqual([
    'bin → sample points to ./bin/sample.js, which is not in the package.',
  ]);
});

test('source maps must lead to shipped sources', () => {
  const map = (source: string) => ({
    'dist/index.js.map': JSON.stringify({ version: 3, sources: [source] }),
  });
  expect(problems(map('../../core/src/index.ts'))).toEqual([
    expect.stringContaining('points outside the package'),
  ]);
  expect(problems(map('../src/gone.ts'))).toEqual([
    expect.stringContaining('src/gone.ts, which is not in the package'),
  ]);
});

test('what is imported must be declared', () => {
  const { zod, ...dependencies } = manifest.dependencies;
  expect(zod).toBe('4');
  expect(problems({}, { dependencies })).toEqual([expect.stringContaining('dist/index.js imports "zod"')]);
  expect(problems({}, { dependencies: { zod: '4' } })).toEqual([
    expect.stringContaining('imports "@metadescent/core"'),
  ]);
});

test('nothing runs when a package is installed', () => {
  expect(problems({}, { scripts: { postinstall: 'node build.js' } })).toEqual([
    expect.stringContaining('"postinstall"'),
  ]);
});
