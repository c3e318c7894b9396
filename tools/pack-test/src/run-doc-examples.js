/**
 * Runs the doc-comment examples of the installed packages: `node run-doc-examples.js <folder with
 * node_modules> <package>…`.
 *
 * An example sees the exports of its own file, of its package and of the other packages named, in this order.
 * One that uses a name beyond those (a data set, an engine) or reads a file that is not there illustrates and
 * is not counted. Prints one JSON object: { ran, illustrations, problems }.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import ts from 'typescript';

import { check, printed } from './check.mjs';
import { docExamples, freeNames } from './doc-examples.js';
import { instrument } from './readme-examples.js';

const [folder = '.', ...packages] = process.argv.slice(2);

/** @type {{ ran: number, illustrations: string[], problems: string[] }} */
const report = { ran: 0, illustrations: [], problems: [] };

/** @param {string} name */
const placeOf = (name) => join(folder, 'node_modules', name);

/** @param {string} file */
const load = (file) => import(pathToFileURL(file).href);

/** @type {Map<string, Record<string, unknown>>} */
const exportsOf = new Map();
for (const name of packages) {
  const { exports } = JSON.parse(readFileSync(join(placeOf(name), 'package.json'), 'utf8'));
  /** @type {Record<string, unknown>} */
  const all = {};
  // The main entry last: its names are meant where another entry has the same.
  for (const [, target] of Object.entries(exports).sort(([a], [b]) => b.length - a.length)) {
    if (typeof target === 'object' && target.default)
      Object.assign(all, await load(join(placeOf(name), target.default)));
  }
  exportsOf.set(name, all);
}

const AsyncFunction = /** @type {FunctionConstructor} */ (Object.getPrototypeOf(async () => {}).constructor);

for (const name of packages) {
  const sources = join(placeOf(name), 'src');
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.gen|\.d)\.ts$/.test(file),
  );
  for (const file of files.sort()) {
    for (const example of docExamples(readFileSync(join(sources, file), 'utf8'))) {
      const where = `${name}: ${relative(placeOf(name), join(sources, file))} line ${example.line}`;
      try {
        const own = await load(join(placeOf(name), 'dist', file.replace(/\.ts$/, '.js')));
        const others = packages.filter((other) => other !== name).map((other) => exportsOf.get(other));
        const scope = Object.assign({}, ...others.reverse(), exportsOf.get(name), own);
        const needed = freeNames(example.code);
        const unknown = needed.filter((free) => !(free in scope));
        if (unknown.length > 0) {
          report.illustrations.push(`${where} (needs ${unknown.join(', ')})`);
          continue;
        }
        const { code } = instrument(example, './check.mjs');
        const body = ts.transpile(code.slice(code.indexOf('\n') + 1), {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ESNext,
        });
        await AsyncFunction(
          'check',
          'printed',
          ...needed,
          body,
        )(check, printed, ...needed.map((free) => scope[free]));
        report.ran++;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (/there is no (file|folder)/.test(message))
          report.illustrations.push(`${where} (needs a file: ${message})`);
        else report.problems.push(`${where}: ${message}`);
      }
    }
  }
}
process.stdout.write(JSON.stringify(report));
process.exit(0); // an example may leave a worker running
