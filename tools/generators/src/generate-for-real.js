/**
 * Runs each generator as a developer would, in a copy of the workspace, and holds what it wrote against the
 * workspace's own targets: it must typecheck, lint and pass its tests unmodified. The copy is removed at the
 * end, or kept with `--keep`.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'metadescent-generated-'));
const leftOut = new Set([
  '.git',
  '.nx',
  'node_modules',
  'dist',
  'out-tsc',
  'runs',
  'tmp',
  'test-results.json',
]);

cpSync(root, copy, { recursive: true, filter: (path) => path === root || !leftOut.has(basename(path)) });

// The installed packages are shared, except for the links to the workspace's own, which must lead into the copy.
mkdirSync(join(copy, 'node_modules/@metadescent'), { recursive: true });
for (const name of readdirSync(join(root, 'node_modules'))) {
  if (name !== '@metadescent')
    symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
}
/** @param {string} project */
const link = (project) =>
  symlinkSync(join(copy, project), join(copy, 'node_modules/@metadescent', basename(project)));
for (const project of ['packages', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
)) {
  if (existsSync(join(root, project, 'package.json'))) link(project);
  const own = join(root, project, 'node_modules');
  if (existsSync(own)) symlinkSync(own, join(copy, project, 'node_modules'));
}

/** @param {readonly string[]} args */
const nx = (...args) =>
  execFileSync('npx', ['nx', ...args], {
    cwd: copy,
    stdio: 'inherit',
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_WORKSPACE_ROOT_PATH: copy },
  });

try {
  nx('g', '@metadescent/generators:package', 'generated-package', '--imports=kernels', '--skipInstall');
  link('packages/generated-package');
  nx('g', '@metadescent/generators:optimizer', 'generated-optimizer');
  nx('g', '@metadescent/generators:optimizee', 'generated-optimizee');
  nx('sync:check');
  const projects = ['generated-package', 'optimizers', 'optimizees', 'boundaries'].map(
    (name) => `@metadescent/${name}`,
  );
  nx('run-many', '-t', 'typecheck', 'lint', 'test', '-p', ...projects, '--outputStyle=static');
  console.log('What the generators write compiles, lints and passes its tests.');
} catch (error) {
  // The command's own output says what is wrong.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  if (process.argv.includes('--keep')) console.log(`The copy is kept: ${copy}`);
  else rmSync(copy, { recursive: true, force: true });
}
