import { fileURLToPath } from 'node:url';

import { generateFiles, installPackagesTask, readJson, updateJson, writeJson } from '@nx/devkit';

import { newName } from './new-name.js';

const scope = '@metadescent/';

/**
 * Adds a package that holds a learned optimizer (a function from meta-parameters to an optimizer) and its
 * conformance test, gives it its place among the arrows and in the TypeScript solution, and returns the task
 * that links it into the workspace.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, description?: string, imports?: readonly string[], platform?: 'pure' | 'node',
 *   skipInstall?: boolean }} options
 */
export function packageGenerator(
  tree,
  { name, description = 'A learned optimizer.', imports = [], platform = 'pure', skipInstall = false },
) {
  const spellings = newName(tree, name, (folder) => `packages/${folder}`);
  const siblings = [...new Set(['core', ...imports])];
  for (const sibling of siblings) {
    if (!tree.exists(`packages/${sibling}/package.json`)) {
      throw new Error(
        `imports names "${sibling}", but there is no packages/${sibling}: name existing packages, without the scope.`,
      );
    }
  }
  const root = `packages/${name}`;

  generateFiles(tree, fileURLToPath(new URL('../templates/package', import.meta.url)), root, {
    ...spellings,
    description,
  });
  tree.write(`${root}/LICENSE`, tree.read('LICENSE', 'utf8') ?? '');
  writeJson(tree, `${root}/package.json`, manifest(tree, { name, description, platform }));
  writeJson(tree, `${root}/tsconfig.lib.json`, {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      rootDir: 'src',
      outDir: 'dist',
      tsBuildInfoFile: 'dist/tsconfig.lib.tsbuildinfo',
      types: platform === 'node' ? ['node'] : [],
    },
    include: ['src/**/*.ts'],
    exclude: ['src/**/*.spec.ts'],
    references: [{ path: '../core/tsconfig.lib.json' }],
  });

  updateJson(tree, 'tsconfig.json', (solution) => ({
    ...solution,
    references: [...solution.references, { path: `./${root}` }],
  }));
  updateJson(tree, 'tools/boundaries/arrows.json', (arrows) => ({
    ...arrows,
    [name]: siblings,
    example: [...arrows.example, name],
  }));
  nameInArchitecture(tree, name, description, siblings);

  return () => {
    if (!skipInstall) installPackagesTask(tree, true);
  };
}

/**
 * Gives the package its rows in the two tables of the architecture page, which a test holds against the
 * workspace: what it holds, and what it may import.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {string} name
 * @param {string} description
 * @param {readonly string[]} siblings
 */
function nameInArchitecture(tree, name, description, siblings) {
  const page = 'docs/architecture.md';
  const text = tree.read(page, 'utf8');
  if (text === null) return;
  const held = description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, '');
  const cells = [held, siblings.join(', ')];
  // The app's row is the last of both tables; in the second it lists what the app may import.
  const written = text.replace(/^\| `example` \| .* \|$/gm, (row) => {
    const cell = cells.shift();
    if (cell === undefined) return row;
    return `| \`${name}\` | ${cell} |\n${cells.length === 0 ? row.replace(/ \|$/, `, ${name} |`) : row}`;
  });
  tree.write(page, written);
}

/**
 * The manifest of a new package. It depends on core alone: lint asks for each further dependency when it is
 * first imported.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, description: string, platform: string }} options
 */
function manifest(tree, { name, description, platform }) {
  const core = readJson(tree, 'packages/core/package.json');
  return {
    name: `${scope}${name}`,
    version: '0.1.0',
    description,
    license: core.license,
    type: 'module',
    engines: core.engines,
    sideEffects: false,
    exports: {
      './package.json': './package.json',
      '.': {
        [`${scope}source`]: './src/index.ts',
        types: './dist/index.d.ts',
        default: './dist/index.js',
      },
    },
    files: core.files,
    dependencies: { [core.name]: core.version },
    nx: { tags: [`type:${name}`, `platform:${platform}`] },
  };
}
