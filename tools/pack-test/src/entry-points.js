/** Programs that use every entry point, as the ways in which packages are loaded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Entry points that a package exports, as module specifiers.
 *
 * @param {{ name: string, unpacked: string }} packed
 */
export function entryPoints({ name, unpacked }) {
  const { exports } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => typeof target === 'object' && 'types' in target)
    .map(([subpath]) => name + subpath.slice(1));
}

/**
 * An ES module that imports every entry point.
 *
 * @param {readonly string[]} entries
 */
export function importProgram(entries) {
  return entries
    .map(
      (entry) => `{
      const place = import.meta.resolve('${entry}');
      if (!place.includes('/dist/')) throw new Error('${entry} resolves to ' + place + ', not to its build');
      if (Object.keys(await import('${entry}')).length === 0) throw new Error('${entry} exports nothing');
    }`,
    )
    .join('\n');
}

/**
 * A CommonJS module that requires every entry point.
 *
 * @param {readonly string[]} entries
 */
export function requireProgram(entries) {
  return entries
    .map(
      (entry) => `{
      const place = require.resolve('${entry}');
      if (!place.includes('/dist/')) throw new Error('${entry} resolves to ' + place + ', not to its build');
      if (Object.keys(require('${entry}')).length === 0) throw new Error('${entry} exports nothing');
    }`,
    )
    .join('\n');
}

/**
 * TypeScript that uses the types of every entry point; in a `.cts` file the imports become calls of `require`.
 *
 * @param {readonly string[]} entries
 */
export function typescriptProgram(entries) {
  const imports = entries.map((entry, i) => `import * as entry${i} from '${entry}';`);
  return `${imports.join('\n')}\nexport const all = [${entries.map((_, i) => `entry${i}`).join(', ')}];\n`;
}
