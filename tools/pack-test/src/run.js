/**
 * `npm run test:packages`: the packages as people get them.
 *
 * Builds and packs every package, inspects the tarballs (contents, publint, attw), installs all of them
 * together into an empty folder outside the workspace, imports and requires every entry point, compiles
 * TypeScript consumers, bundles every entry point that runs in a browser and holds it against its budget,
 * runs the examples of each README and of docs/guide.md with plain node, and those of the doc comments whose `// =>` lines state
 * what they give, and loads the prebuilt native kernels without a compiler. Folders of packages as arguments
 * (`npm run test:packages -- core kernels`) restrict all of it to those and what they depend on; `--keep`
 * leaves the folder for a look; `--write-sizes` renews the table of docs/bundle-sizes.md.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { entryPoints, importProgram, requireProgram } from './entry-points.js';
import { measureBundles } from './measure-bundles.js';
import { prebuildProblems } from './native-prebuilds.js';
import { instrument, namedInInstall, readmeExamples } from './readme-examples.js';
import { contentProblems } from './tarball-contents.js';
import {
  compileConsumers,
  compileExamples,
  compileTypesThemselves,
  fileStem,
} from './typescript-consumers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const folders = withDependencies(
  chosen.length > 0
    ? chosen
    : readdirSync(join(root, 'packages')).filter((name) =>
        existsSync(join(root, 'packages', name, 'package.json')),
      ),
);

const work = mkdtempSync(join(tmpdir(), 'metadescent-packages-'));
const consumer = join(work, 'consumer');
/** @type {string[]} */
const problems = [];
let examples = 0;
let checks = 0;

/**
 * Folders of the packages, and of those of ours that they depend on.
 *
 * @param {readonly string[]} wanted
 * @returns {string[]}
 */
function withDependencies(wanted) {
  const found = new Set(wanted);
  for (const folder of found) {
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'),
    );
    for (const name of Object.keys(dependencies)) {
      if (name.startsWith('@metadescent/')) found.add(name.slice('@metadescent/'.length));
    }
  }
  return [...found].sort();
}

/**
 * Runs a command; its output is shown only where it fails.
 *
 * @param {string} what
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, tolerated?: RegExp | undefined }} options tolerated: what a failure may say without
 *   being a problem
 * @returns {string | undefined} what it printed, or undefined where it failed
 */
function run(what, command, args, { cwd, tolerated }) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 600_000,
    cwd,
  });
  if (status === 0) return stdout;
  const excuse = tolerated?.exec(stderr)?.[0];
  if (excuse !== undefined) {
    console.log(`Not run: ${what.replace(/ fails$/, '')}: ${excuse}`);
    return undefined;
  }
  problems.push(
    `${what}\n${[error?.message, stdout, stderr].filter(Boolean).join('\n').trim().replace(/^/gm, '    ')}`,
  );
  return undefined;
}

function pack() {
  execFileSync(
    'npx',
    [
      'nx',
      'run-many',
      '-t',
      'build',
      '-p',
      ...folders.map((folder) => `packages/${folder}`),
      '--outputStyle=static',
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { NX_DAEMON: 'false', ...process.env, NX_TUI: 'false' },
    },
  );
  const packed = execFileSync(
    'npm',
    [
      'pack',
      '--json',
      '--loglevel=error',
      '--pack-destination',
      work,
      ...folders.map((folder) => `./packages/${folder}`),
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  /** @type {{ name: string, filename: string, files: { path: string }[], size: number }[]} */
  const entries = JSON.parse(packed);
  return entries.map(({ name, filename, files, size }) => {
    const tarball = join(work, basename(filename));
    const unpacked = join(work, 'unpacked', name);
    mkdirSync(unpacked, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1']);
    return { name, tarball, unpacked, size, files: files.map(({ path }) => path) };
  });
}

/** @typedef {ReturnType<typeof pack>[number]} Packed */

/** @param {Packed} packed */
async function inspect({ name, tarball, unpacked, files }) {
  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  const contents = contentProblems({
    manifest,
    files,
    read: (file) => readFileSync(join(unpacked, file), 'utf8'),
  });
  for (const problem of contents) problems.push(`${name}: ${problem}`);

  const licence = join(unpacked, 'LICENSE');
  if (existsSync(licence) && readFileSync(licence, 'utf8') !== readFileSync(join(root, 'LICENSE'), 'utf8')) {
    problems.push(`${name}: LICENSE differs from the one at the root.`);
  }

  const { messages } = await publint({ pkgDir: unpacked, pack: false, strict: true });
  for (const message of messages)
    problems.push(
      `${name}: publint (${message.type}): ${formatMessage(message, manifest, { color: false })}`,
    );

  // CommonJS gets ES modules, which Node can require since 20.19, the oldest that is supported.
  run(
    `${name}: attw`,
    'npx',
    [
      'attw',
      tarball,
      '--profile',
      'node16',
      '--ignore-rules',
      'cjs-resolves-to-esm',
      '--no-emoji',
      '--no-color',
      '--format',
      'ascii',
    ],
    { cwd: root },
  );
}

/**
 * What else the README of a package tells its reader to install, in the versions of this workspace.
 *
 * @param {Packed} packed
 */
function alsoInstalled({ unpacked }) {
  const readme = join(unpacked, 'README.md');
  return (existsSync(readme) ? namedInInstall(readFileSync(readme, 'utf8')) : [])
    .filter((name) => !name.startsWith('@metadescent/'))
    .map((name) => {
      const manifest = join(root, 'node_modules', name, 'package.json');
      return existsSync(manifest) ? `${name}@${JSON.parse(readFileSync(manifest, 'utf8')).version}` : name;
    });
}

/** @param {readonly Packed[]} all */
function install(all) {
  mkdirSync(consumer);
  writeFileSync(
    join(consumer, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, version: '1.0.0' }),
  );
  copyFileSync(fileURLToPath(new URL('./check.mjs', import.meta.url)), join(consumer, 'check.mjs'));
  const installed = run(
    'npm install of all tarballs together',
    'npm',
    [
      ...['install', '--no-audit', '--no-fund', '--loglevel=error'],
      ...all.map(({ tarball }) => tarball),
      ...new Set(all.flatMap(alsoInstalled)),
    ],
    { cwd: consumer },
  );
  return installed !== undefined;
}

/** @param {readonly Packed[]} all */
function useEntryPoints(all) {
  const entries = all.flatMap(entryPoints);
  writeFileSync(join(consumer, 'import-all.mjs'), importProgram(entries));
  run('importing every entry point', process.execPath, ['import-all.mjs'], { cwd: consumer });
  writeFileSync(join(consumer, 'require-all.cjs'), requireProgram(entries));
  run('requiring every entry point', process.execPath, ['require-all.cjs'], { cwd: consumer });

  compileConsumers(entries, { folder: consumer, root, run });
  // The types of tfjs-layers do not compile without skipLibCheck.
  const own = entries.filter((entry) => !/\/(tfjs|example)($|\/)/.test(entry));
  compileTypesThemselves(own, { folder: consumer, root, run });
}

/** @param {Packed} packed */
function runReadme({ name, unpacked }) {
  const readme = join(unpacked, 'README.md');
  if (!existsSync(readme)) return; // contentProblems names it
  runExamples(`${name}: README.md`, readme, { furtherMayLackData: true });
}

/**
 * Compiles the examples of a document and runs them, each as a module of its own.
 *
 * @param {string} document what messages call it
 * @param {string} path
 * @param {{ furtherMayLackData: boolean }} options whether an example after the first may read a data set that is
 *   not there, and say so
 */
function runExamples(document, path, { furtherMayLackData }) {
  const found = readmeExamples(readFileSync(path, 'utf8'));
  if (found.length === 0) problems.push(`${document} has no example marked \`\`\`js.`);
  else compileExamples(document, found, { folder: consumer, root, run });
  for (const [index, example] of found.entries()) {
    const what = `${document} line ${example.line}: the example`;
    try {
      const instrumented = instrument(example, './check.mjs');
      const file = example.file ?? `${fileStem(document)}-${index + 1}.mjs`;
      writeFileSync(join(consumer, file), instrumented.code);
      const tolerated = furtherMayLackData && index > 0 ? /there is no [^\n]*/ : undefined;
      const ran = run(`${what} fails`, process.execPath, [file], { cwd: consumer, tolerated });
      if (ran === undefined) continue;
      examples++;
      checks += instrumented.checks;
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/**
 * Runs the examples in the doc comments of the sources.
 *
 * @param {readonly Packed[]} all
 */
function runDocExamples(all) {
  const driver = fileURLToPath(new URL('./run-doc-examples.js', import.meta.url));
  const printed = run(
    'running the doc-comment examples',
    process.execPath,
    [driver, consumer, ...all.map(({ name }) => name)],
    { cwd: consumer },
  );
  if (printed === undefined) return;
  const report = JSON.parse(printed.slice(printed.lastIndexOf('{"ran"')));
  problems.push(...report.problems);
  console.log(
    `${report.ran} doc-comment examples ran; ${report.illustrations.length} name things that they do not make, and were not run:`,
  );
  for (const illustration of report.illustrations) console.log(`  ${illustration}`);
}

/**
 * Commands that the packages bring must start.
 *
 * @param {Packed} packed
 */
function runCommands({ name, unpacked }) {
  const { bin = {} } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  for (const command of Object.keys(bin)) {
    run(`${name}: ${command} --help`, join(consumer, 'node_modules/.bin', command), ['--help'], {
      cwd: consumer,
    });
  }
}

try {
  const all = pack();
  for (const packed of all) await inspect(packed);
  if (install(all)) {
    useEntryPoints(all);
    problems.push(
      ...(await measureBundles(all.flatMap(entryPoints), consumer, {
        document: chosen.length === 0 ? join(root, 'docs/bundle-sizes.md') : undefined,
        write: process.argv.includes('--write-sizes'),
      })),
    );
    for (const packed of all) {
      runReadme(packed);
      runCommands(packed);
    }
    if (chosen.length === 0)
      runExamples('docs/guide.md', join(root, 'docs/guide.md'), { furtherMayLackData: false });
    runDocExamples(all);
    problems.push(...prebuildProblems(consumer));
  }
  for (const { name, size, files } of all)
    console.log(`${name}: ${files.length} files, ${(size / 1024).toFixed(0)} KiB`);
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  if (process.argv.includes('--keep')) console.log(`The consumer is kept: ${consumer}`);
  else rmSync(work, { recursive: true, force: true });
}

for (const problem of problems) console.error(`\n✗ ${problem}`);
console.log(
  `\n${examples} examples of READMEs and the guide ran, with ${checks} stated values checked; ${problems.length === 0 ? 'the packages are sound' : `${problems.length} problems`}.`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
