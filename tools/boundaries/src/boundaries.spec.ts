import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, test } from '@jest/globals';
import { createProjectGraphAsync, type ProjectGraph } from '@nx/devkit';
import { ESLint } from 'eslint';

import { arrows } from './arrows.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly nx?: { readonly tags?: readonly string[] };
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as Manifest;

const manifests = new Map(
  readdirSync(`${root}packages`).map((folder) => [folder, readManifest(`packages/${folder}`)]),
);

// The type-aware rules need files on disk; the snippets below exist in memory only, so that no other task can
// stumble over them.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: {
    languageOptions: { parserOptions: { projectService: false, project: false } },
    rules: {
      '@typescript-eslint/await-thenable': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  },
});

/** Names of the rules that a file with this text would break, were it at this place. */
async function rulesBroken(filePath: string, text: string): Promise<string[]> {
  const results = await eslint.lintText(text, { filePath: `${root}${filePath}` });
  const messages = results.flatMap((result) => result.messages);
  const fatal = messages.find((message) => message.fatal);
  if (fatal) throw new Error(`${filePath} does not parse: ${fatal.message}`);
  return [...new Set(messages.map((message) => message.ruleId ?? message.message))].sort();
}

const boundaries = '@nx/enforce-module-boundaries';

let graph: ProjectGraph;

beforeAll(async () => {
  // The boundaries rule reads the graph that this leaves in the cache, and skips itself where there is none.
  graph = await createProjectGraphAsync({ exitOnError: false });
}, 60_000);

describe('the arrows', () => {
  const folders = [...manifests.keys()];

  test.each(folders)('%s may import what its arrows lead to, and nothing else of ours', async (from) => {
    const allowed: string[] = [];
    for (const to of folders.filter((folder) => folder !== from)) {
      const broken = await rulesBroken(
        `packages/${from}/src/snippet.ts`,
        `export * from '@metadescent/${to}';\n`,
      );
      if (broken.length === 0) allowed.push(to);
      else expect(broken).toEqual([boundaries]);
    }
    expect(allowed.sort()).toEqual(folders.filter((folder) => arrows[from]?.includes(folder)).sort());
  });

  test('the project graph has no edge against an arrow', () => {
    const typeOf = (project: string): string | undefined =>
      graph.nodes[project]?.data.tags?.find((tag) => tag.startsWith('type:'))?.slice('type:'.length);
    const edges = Object.values(graph.dependencies)
      .flat()
      .filter((edge) => graph.nodes[edge.source] && graph.nodes[edge.target])
      .map((edge) => ({ from: typeOf(edge.source), to: typeOf(edge.target) }));
    expect(edges.length).toBeGreaterThan(manifests.size);
    expect(edges.filter(({ from, to }) => !from || !to || !arrows[from]?.includes(to))).toEqual([]);
  });

  test('every package has an entry in the table and tags that name it', () => {
    for (const [folder, manifest] of manifests) {
      expect(Object.keys(arrows)).toContain(folder);
      expect(manifest.nx?.tags).toContain(`type:${folder}`);
      expect(manifest.nx?.tags?.filter((tag) => /^platform:(pure|node)$/.test(tag))).toHaveLength(1);
    }
  });

  test('package.json names only packages that an arrow leads to', () => {
    for (const [folder, manifest] of manifests) {
      const ours = Object.keys({
        ...manifest.dependencies,
        ...manifest.optionalDependencies,
        ...manifest.peerDependencies,
      })
        .filter((name) => name.startsWith('@metadescent/'))
        .map((name) => name.slice('@metadescent/'.length));
      expect({ folder, outside: ours.filter((name) => !arrows[folder]?.includes(name)) }).toEqual({
        folder,
        outside: [],
      });
    }
  });

  test('the arrows have no cycle', () => {
    const reach = (from: string, seen: readonly string[] = []): void => {
      expect(seen).not.toContain(from);
      for (const to of arrows[from] ?? []) reach(to, [...seen, from]);
    };
    for (const type of Object.keys(arrows)) reach(type);
  });

  test('a relative path into another package is an error', async () => {
    expect(
      await rulesBroken('packages/kernels/src/snippet.ts', `export * from '../../core/src/index.js';\n`),
    ).toEqual([boundaries]);
  });

  test('tools stand alone', async () => {
    expect(
      await rulesBroken('tools/boundaries/src/snippet.js', `export * from '@metadescent/core';\n`),
    ).toEqual([boundaries]);
  });
});

describe('pure packages', () => {
  const pure = 'packages/optimizees/src/snippet.ts';
  const node = 'packages/optimizees/src/node/snippet.ts';

  test.each([
    [
      'a static import',
      `import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n`,
      'no-restricted-imports',
    ],
    [
      'a type import',
      `import type { Stats } from 'node:fs';\nexport type S = Stats;\n`,
      'no-restricted-imports',
    ],
    ['a builtin without its prefix', `export { join } from 'path';\n`, 'no-restricted-imports'],
    ['a dynamic import', `export const fs = await import('node:fs');\n`, 'no-restricted-syntax'],
    ['a computed import', `export const load = (name: string) => import(name);\n`, 'no-restricted-syntax'],
    ['a require', `export const fs: unknown = require('node:fs');\n`, 'no-restricted-syntax'],
    [
      'the node entry point of a sibling',
      `export * from '@metadescent/kernels/node';\n`,
      'no-restricted-imports',
    ],
    ['its own node folder', `export * from './node/snippet.js';\n`, 'no-restricted-imports'],
    ['a native library', `import koffi from 'koffi';\nexport const k = koffi;\n`, 'no-restricted-imports'],
    ['process', `export const argv = process.argv;\n`, 'no-restricted-globals'],
    ['global randomness', `export const draw = () => Math.random();\n`, 'no-restricted-properties'],
    ['the clock', `export const now = () => Date.now();\n`, 'no-restricted-properties'],
    ['a date of now', `export const now = () => new Date();\n`, 'no-restricted-syntax'],
    ['printing', `console.log('hello');\n`, 'no-console'],
  ])('%s is an error', async (_what, text, rule) => {
    expect(await rulesBroken(pure, text)).toContain(rule);
  });

  test('the same is fine behind src/node/, in specs and in packages for Node', async () => {
    const text = `import { readFileSync } from 'node:fs';\nexport const read = (): string => readFileSync(process.argv[1]!, 'utf8');\n`;
    expect(await rulesBroken(node, text)).toEqual([]);
    expect(await rulesBroken('packages/optimizees/src/snippet.spec.ts', text)).toEqual([]);
    expect(await rulesBroken('packages/runtime/src/snippet.ts', text)).toEqual([]);
  });

  test('a pure file without any of it passes', async () => {
    expect(
      await rulesBroken(
        pure,
        `import { createKey } from '@metadescent/core';\nexport const key = createKey(1);\n`,
      ),
    ).toEqual([]);
  });
});

describe('house style', () => {
  test('default exports are errors, except in configuration files', async () => {
    expect(await rulesBroken('packages/core/src/snippet.ts', 'export default 1;\n')).toEqual([
      'no-restricted-exports',
    ]);
    expect(
      await rulesBroken('packages/core/src/snippet.ts', 'const a = 1;\nexport { a as default };\n'),
    ).toEqual(['no-restricted-exports']);
    expect(await rulesBroken('packages/core/jest.config.mjs', 'export default {};\n')).toEqual([]);
  });

  test('file and folder names are kebab-case', async () => {
    expect(await rulesBroken('packages/core/src/metaLoss.ts', 'export {};\n')).toEqual([
      'check-file/filename-naming-convention',
    ]);
    expect(await rulesBroken('packages/core/src/metaLoss/sum.ts', 'export {};\n')).toEqual([
      'check-file/folder-naming-convention',
    ]);
    expect(await rulesBroken('packages/core/src/meta-loss.spec.ts', 'export {};\n')).toEqual([]);
  });
});

test('docs/dependencies.md has a line for each dependency, and for no other', () => {
  const tools = readdirSync(`${root}tools`).filter((folder) =>
    existsSync(`${root}tools/${folder}/package.json`),
  );
  const used = [
    readManifest('.'),
    ...manifests.values(),
    ...tools.map((folder) => readManifest(`tools/${folder}`)),
  ].flatMap(({ dependencies, devDependencies, optionalDependencies, peerDependencies }) =>
    Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }),
  );
  const theirs = new Set(used.filter((name) => !name.startsWith('@metadescent/')));
  const described = readFileSync(`${root}docs/dependencies.md`, 'utf8').matchAll(/^\| `([^`]+)` \|/gm);
  expect([...described].map((match) => match[1]).sort()).toEqual([...theirs].sort());
});
