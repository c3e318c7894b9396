/** What the packages weigh in a bundle, measured with esbuild on what is installed. */
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

/** @typedef {import('./bundle-budgets.js').BundleBudget} BundleBudget */

/**
 * @typedef {object} BundleSize kilobytes (1,000 bytes) of what is loaded at first
 * @property {number} minified
 * @property {number} compressed with gzip
 * @property {number} later minified, in chunks that `import()` loads
 * @property {readonly string[]} modules at first, as paths
 */

/**
 * Bundles an import as a web page would, tfjs left out: it is a peer, which the page has anyway.
 *
 * @param {BundleBudget} bundle
 * @param {string} folder with the packages installed
 * @returns {Promise<BundleSize>}
 */
export async function bundleSize({ entry, names }, folder) {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export ${names.length > 0 ? `{ ${names.join(', ')} }` : '*'} from '${entry}';`,
      resolveDir: folder,
    },
    absWorkingDir: folder,
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['@tensorflow/*', 'node:*', 'canvas'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  /** @param {{ text: string }} file */
  const kilobytes = ({ text }) => Buffer.byteLength(text) / 1000;
  const [start] = Object.keys(metafile.outputs).filter(
    (name) => metafile.outputs[name]?.entryPoint === '<stdin>',
  );
  const first = new Set(start === undefined ? [] : [start]);
  for (const name of first) {
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && path in metafile.outputs) first.add(path);
    }
  }
  const loaded = outputFiles.filter(({ path }) => [...first].some((name) => path.endsWith(name)));
  const later = outputFiles.filter((file) => !loaded.includes(file));
  /** @type {(files: { text: string }[]) => number} */
  const total = (files) => files.reduce((sum, file) => sum + kilobytes(file), 0);
  return {
    minified: total(loaded),
    compressed: loaded.reduce((sum, { text }) => sum + gzipSync(text).length / 1000, 0),
    later: total(later),
    modules: [...first].flatMap((name) =>
      Object.entries(metafile.outputs[name]?.inputs ?? {})
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([module]) => module),
    ),
  };
}

/**
 * What is wrong with a bundle, as sentences.
 *
 * @param {BundleBudget} bundle
 * @param {BundleSize} size
 * @returns {string[]}
 */
export function budgetProblems(bundle, { minified, modules }) {
  const what = `a bundle of ${importOf(bundle)}`;
  /** @type {string[]} */
  const problems = [];
  if (minified > bundle.budget)
    problems.push(
      `${what} has ${minified.toFixed(1)} kB minified; its budget is ${bundle.budget} kB (bundle-budgets.js).`,
    );
  // `zod` and `zod/mini` share their core; the former brings all its methods and fifty languages.
  for (const unwanted of [/zod\/v4\/(classic|locales)/, ...(bundle.without ? [bundle.without] : [])]) {
    const found = modules.find((module) => unwanted.test(module));
    if (found !== undefined) problems.push(`${what} carries ${found}, which it must not need.`);
  }
  return problems;
}

/**
 * `{ sgd } from '@metadescent/optimizers'`.
 *
 * @param {Pick<BundleBudget, 'entry' | 'names'>} bundle
 */
export function importOf({ entry, names }) {
  return `${names.length > 0 ? `{ ${names.join(', ')} }` : '*'} from '${entry}'`;
}

/**
 * The table of the documentation.
 *
 * @param {readonly { bundle: BundleBudget, size: BundleSize }[]} measured
 */
export function sizeTable(measured) {
  const rows = measured.map(
    ({ bundle, size }) =>
      `| \`${importOf(bundle)}\` | ${shown(size.minified)} | ${shown(size.compressed)} | ${size.later > 0 ? shown(size.later) : ''} | ${bundle.budget} |`,
  );
  return [
    '| import | minified kB | gzip kB | loaded later kB | budget kB |',
    '|---|--:|--:|--:|--:|',
    ...rows,
    '',
  ].join('\n');
}

/** @param {number} kilobytes */
const shown = (kilobytes) => (kilobytes < 10 ? kilobytes.toFixed(1) : kilobytes.toFixed(0));

/**
 * What a table says that is no longer so: rows that are missing or too many, or sizes that are off by more
 * than a tenth.
 *
 * @param {string} markdown
 * @param {readonly { bundle: BundleBudget, size: BundleSize }[]} measured
 * @returns {string[]}
 */
export function tableProblems(markdown, measured) {
  const stated = new Map(
    [...markdown.matchAll(/^\| `([^`]+)` \| ([\d.]+) \|/gm)].map(([, what, size]) => [what, Number(size)]),
  );
  const problems = measured.flatMap(({ bundle, size }) => {
    const said = stated.get(importOf(bundle));
    if (said === undefined) return [`the table lacks ${importOf(bundle)}.`];
    return Math.abs(said - size.minified) > 0.1 * size.minified + 0.5
      ? [`the table says ${said} kB for ${importOf(bundle)}, which has ${shown(size.minified)}.`]
      : [];
  });
  const wanted = new Set(measured.map(({ bundle }) => importOf(bundle)));
  for (const what of stated.keys()) {
    if (what !== undefined && !wanted.has(what))
      problems.push(`the table has ${what}, which is not measured.`);
  }
  return problems;
}
