import { fileURLToPath } from 'node:url';

import { generateFiles } from '@nx/devkit';

import { addExport } from './add-export.js';
import { newName } from './new-name.js';

const sources = 'packages/optimizees/src';

/**
 * Adds `<name>.ts` and `<name>.spec.ts` to packages/optimizees and exports the former.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string }} options
 */
export function optimizeeGenerator(tree, options) {
  const spellings = newName(tree, options.name, (name) => `${sources}/${name}.ts`);
  generateFiles(tree, fileURLToPath(new URL('../templates/optimizee', import.meta.url)), sources, spellings);
  addExport(tree, `${sources}/index.ts`, options.name);
}
