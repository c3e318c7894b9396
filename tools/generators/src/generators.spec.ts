import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeEach, describe, expect, test } from '@jest/globals';
import { readJson, writeJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing.js';
import ts from 'typescript';

import { optimizeeGenerator } from './optimizee.js';
import { optimizerGenerator } from './optimizer.js';
import { packageGenerator } from './package.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

let tree: Tree;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  for (const file of [
    'LICENSE',
    'tsconfig.json',
    'tools/boundaries/arrows.json',
    'docs/architecture.md',
    'packages/core/package.json',
    'packages/kernels/package.json',
  ]) {
    tree.write(file, readFileSync(`${root}${file}`, 'utf8'));
  }
  tree.write('packages/optimizers/src/index.ts', `export * from './sgd.js';\n`);
  tree.write('packages/optimizees/src/index.ts', 'export {};\n');
});

const text = (path: string): string => tree.read(path, 'utf8') ?? '';

/** What the TypeScript parser has against a file; template tags left over would be among it. */
function syntaxErrors(path: string): string[] {
  const { diagnostics } = ts.transpileModule(text(path), { fileName: path, reportDiagnostics: true });
  return (diagnostics ?? []).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('optimizer', () => {
  test('adds the optimizer, its conformance test and its export', () => {
    optimizerGenerator(tree, { name: 'lazy-descent' });
    const source = 'packages/optimizers/src/lazy-descent.ts';
    const spec = 'packages/optimizers/src/lazy-descent.spec.ts';
    expect(syntaxErrors(source)).toEqual([]);
    expect(syntaxErrors(spec)).toEqual([]);
    expect(text(source)).toContain(
      'export function lazyDescent(options: LazyDescentOptions = {}): Optimizer<LazyDescentState>',
    );
    expect(text(spec)).toContain('optimizerConformance(() => lazyDescent(');
    expect(text('packages/optimizers/src/index.ts')).toBe(
      `export * from './sgd.js';\nexport * from './lazy-descent.js';\n`,
    );
  });

  test('refuses names that are not kebab-case, and names that are taken', () => {
    expect(() => optimizerGenerator(tree, { name: 'LazyDescent' })).toThrow('try "lazy-descent"');
    optimizerGenerator(tree, { name: 'lazy-descent' });
    expect(() => optimizerGenerator(tree, { name: 'lazy-descent' })).toThrow(
      'lazy-descent.ts exists already',
    );
  });
});

describe('optimizee', () => {
  test('adds the family, its conformance test and its export', () => {
    optimizeeGenerator(tree, { name: 'bowls' });
    const source = 'packages/optimizees/src/bowls.ts';
    const spec = 'packages/optimizees/src/bowls.spec.ts';
    expect(syntaxErrors(source)).toEqual([]);
    expect(syntaxErrors(spec)).toEqual([]);
    expect(text(source)).toContain('export function bowls(options: BowlsOptions = {}): OptimizeeFamily');
    expect(text(spec)).toContain('optimizeeConformance(() => bowls(');
  });

  test('the first export takes the place of the empty one', () => {
    optimizeeGenerator(tree, { name: 'bowls' });
    expect(text('packages/optimizees/src/index.ts')).toBe(`export * from './bowls.js';\n`);
  });
});

describe('package', () => {
  test('adds sources that parse, a conformance test, a README and the licence', () => {
    packageGenerator(tree, { name: 'evolved-rule' });
    for (const file of ['index.ts', 'evolved-rule.ts', 'evolved-rule.spec.ts']) {
      expect({ file, errors: syntaxErrors(`packages/evolved-rule/src/${file}`) }).toEqual({
        file,
        errors: [],
      });
    }
    expect(text('packages/evolved-rule/src/evolved-rule.spec.ts')).toContain(
      'optimizerConformance(() => evolvedRule(',
    );
    expect(text('packages/evolved-rule/README.md')).toContain(
      `import { evolvedRule } from '@metadescent/evolved-rule';`,
    );
    expect(text('packages/evolved-rule/LICENSE')).toBe(text('LICENSE'));
  });

  test('the manifest depends on core at its version and carries the tags of the boundaries', () => {
    writeJson(tree, 'packages/core/package.json', {
      ...readJson(tree, 'packages/core/package.json'),
      version: '4.5.6',
    });
    packageGenerator(tree, { name: 'evolved-rule', imports: ['kernels'], platform: 'node' });
    const manifest = readJson(tree, 'packages/evolved-rule/package.json');
    const core = readJson(tree, 'packages/core/package.json');
    expect(manifest.name).toBe('@metadescent/evolved-rule');
    expect(manifest.dependencies).toEqual({ '@metadescent/core': '4.5.6' });
    expect(manifest.exports['.']).toEqual(core.exports['.']);
    expect(manifest.nx.tags).toEqual(['type:evolved-rule', 'platform:node']);
    expect(readJson(tree, 'packages/evolved-rule/tsconfig.lib.json').references).toEqual([
      { path: '../core/tsconfig.lib.json' },
    ]);
  });

  test('takes its place among the arrows and in the TypeScript solution', () => {
    packageGenerator(tree, { name: 'evolved-rule', imports: ['kernels'] });
    const arrows = readJson(tree, 'tools/boundaries/arrows.json');
    expect(arrows['evolved-rule']).toEqual(['core', 'kernels']);
    expect(arrows.example).toContain('evolved-rule');
    expect(readJson(tree, 'tsconfig.json').references).toContainEqual({ path: './packages/evolved-rule' });
  });

  test('has its rows on the architecture page, which keeps its own', () => {
    const before = text('docs/architecture.md').split('\n');
    packageGenerator(tree, {
      name: 'evolved-rule',
      description: 'A rule found by search.',
      imports: ['kernels'],
    });
    const after = text('docs/architecture.md').split('\n');
    expect(after.filter((row) => !before.includes(row))).toEqual([
      '| `evolved-rule` | a rule found by search |',
      '| `evolved-rule` | core, kernels |',
      expect.stringMatching(/^\| `example` \| core, .*reporting, evolved-rule \|$/),
    ]);
  });

  test('refuses siblings that do not exist, before it writes anything', () => {
    expect(() => packageGenerator(tree, { name: 'evolved-rule', imports: ['kernel'] })).toThrow(
      'no packages/kernel',
    );
    expect(tree.exists('packages/evolved-rule')).toBe(false);
  });
});

test('no template tag is left in what is generated', () => {
  optimizerGenerator(tree, { name: 'a' });
  optimizeeGenerator(tree, { name: 'b' });
  packageGenerator(tree, { name: 'c' });
  const written = tree
    .listChanges()
    .filter(({ path }) => /packages\/(c|optimize(r|e)s\/src\/[ab])/.test(path));
  expect(written.length).toBeGreaterThanOrEqual(14);
  for (const { path, content } of written) {
    expect(path).not.toMatch(/template|__/);
    expect(content?.toString()).not.toMatch(/<%|%>/);
  }
});
