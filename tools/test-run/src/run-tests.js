/**
 * `npm test`: typecheck, lint and unit tests of every project through Nx, then one line that counts the tests
 * of all of them.
 *
 * Arguments go on to `nx run-many`: `npm test -- -p core` runs one project, `npm test -- --skip-nx-cache`
 * everything afresh. Each project's jest leaves `test-results.json` (an Nx output, so that it comes back with
 * a cached run); they are added up here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { closingLine, summarise } from './summary.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const passedOn = process.argv.slice(2);

const projects = ['packages', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .map((name) => `${folder}/${name}`)
    .filter((project) => existsSync(join(root, project, 'jest.config.mjs'))),
);
/** @param {string} project */
const resultsFile = (project) => join(root, project, 'test-results.json');

for (const project of projects) rmSync(resultsFile(project), { force: true });

const nx = spawnSync(
  'npx',
  ['nx', 'run-many', '-t', 'typecheck', 'lint', 'test', '--outputStyle=static', ...passedOn],
  { cwd: root, stdio: 'inherit', env: { NX_DAEMON: 'false', ...process.env, NX_TUI: 'false' } },
);

const summary = summarise(
  new Map(
    projects.map((project) => [
      project,
      existsSync(resultsFile(project)) ? JSON.parse(readFileSync(resultsFile(project), 'utf8')) : undefined,
    ]),
  ),
);

const everything = passedOn.length === 0;
const complaints = [
  ...(nx.status === 0 ? [] : ['A task failed: its output is above.']),
  ...(everything ? summary.missing.map((project) => `${project}: its tests did not run.`) : []),
  ...summary.empty.map((project) => `${project}: no test was executed.`),
];
for (const complaint of complaints) console.error(complaint);
console.log(closingLine(summary));
process.exitCode = complaints.length > 0 || summary.failed > 0 ? 1 : 0;
