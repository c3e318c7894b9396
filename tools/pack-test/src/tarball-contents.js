import { posix } from 'node:path';

import ts from 'typescript';

/**
 * A packed package, as it lies unpacked.
 *
 * @typedef {object} PackedPackage
 * @property {Record<string, any>} manifest
 * @property {readonly string[]} files paths from the package's root
 * @property {(file: string) => string} read
 */

/**
 * What belongs to the workspace and not to a user.
 *
 * @type {readonly (readonly [RegExp, string])[]}
 */
const unwanted = [
  [/\.(spec|statistical)\.(d\.)?[cm]?[jt]s(\.map)?$/, 'a test'],
  [/\.fixture\./, 'test data'],
  [/\.tsbuildinfo$/, 'a build record of the compiler'],
  [/(^|\/)(testing|oracles|fixtures)\//, 'test data'],
  [
    /(^|\/)(test-results\.json|jest\.[^/]*\.mjs|tsconfig[^/]*\.json|project\.json)$/,
    'workspace configuration',
  ],
  [/(^|\/)node_modules\//, 'an installed dependency'],
];

/**
 * What is wrong with a package's contents, as sentences; empty where all is well.
 *
 * @param {PackedPackage} packed
 * @returns {string[]}
 */
export function contentProblems(packed) {
  return [
    ...fileProblems(packed),
    ...entryProblems(packed),
    ...sourceMapProblems(packed),
    ...dependencyProblems(packed),
  ];
}

/** @param {PackedPackage} packed */
function fileProblems({ manifest, files }) {
  /** @type {string[]} */
  const problems = [];
  for (const file of ['README.md', 'LICENSE', 'package.json']) {
    if (!files.includes(file)) problems.push(`${file} is missing.`);
  }
  for (const [pattern, what] of unwanted) {
    const [first, ...others] = files.filter((file) => pattern.test(file));
    if (first === undefined) continue;
    const more = others.length > 0 ? ` (and ${others.length} more)` : '';
    problems.push(`${first}${more} is ${what}: leave it out through "files" in package.json.`);
  }
  for (const script of ['preinstall', 'install', 'postinstall']) {
    if (manifest.scripts?.[script])
      problems.push(`package.json has a script "${script}": packages here run nothing when installed.`);
  }
  return problems;
}

/**
 * Every file that `exports` and `bin` point to must be there, and sources must not be what an ordinary consumer gets.
 *
 * @param {PackedPackage} packed
 */
function entryProblems({ manifest, files }) {
  /** @type {string[]} */
  const problems = [];
  /** @type {(target: unknown, where: string) => void} */
  const visit = (target, where) => {
    if (typeof target === 'string') {
      const file = posix.normalize(target);
      if (!file.includes('*') && !files.includes(file))
        problems.push(`${where} points to ${target}, which is not in the package.`);
    } else if (target && typeof target === 'object') {
      for (const [key, inner] of Object.entries(target)) visit(inner, `${where} → ${key}`);
    }
  };
  visit(manifest.exports, 'exports');
  visit(manifest.bin, 'bin');
  return problems;
}

/**
 * Source maps must lead to sources that are in the package.
 *
 * @param {PackedPackage} packed
 */
function sourceMapProblems({ files, read }) {
  /** @type {string[]} */
  const problems = [];
  for (const file of files.filter((name) => name.endsWith('.map'))) {
    const { sources, sourcesContent, sourceRoot = '' } = JSON.parse(read(file));
    for (const [index, source] of sources.entries()) {
      const target = posix.normalize(posix.join(posix.dirname(file), sourceRoot, source));
      if (target.startsWith('..') || posix.isAbsolute(source))
        problems.push(`${file} points outside the package, to ${source}.`);
      else if (!files.includes(target) && typeof sourcesContent?.[index] !== 'string') {
        problems.push(
          `${file} points to ${target}, which is not in the package (left from an earlier build? remove dist and build again).`,
        );
      }
    }
  }
  return problems;
}

/**
 * What the shipped code and types import must be declared, or the package works only beside packages that
 * happen to bring it.
 *
 * @param {PackedPackage} packed
 */
function dependencyProblems({ manifest, files, read }) {
  const declared = new Set([
    manifest.name,
    ...Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    }),
  ]);
  /** @type {Map<string, string>} */
  const missing = new Map();
  for (const file of files.filter((name) => /^(dist|bin)\/.*(\.d\.ts|\.m?js)$/.test(name))) {
    for (const { fileName } of ts.preProcessFile(read(file), true, true).importedFiles) {
      if (fileName.startsWith('.') || fileName.startsWith('node:')) continue;
      const name = fileName
        .split('/')
        .slice(0, fileName.startsWith('@') ? 2 : 1)
        .join('/');
      if (!declared.has(name)) missing.set(name, file);
    }
  }
  return [...missing].map(
    ([name, file]) => `${file} imports "${name}", which package.json does not declare as a dependency.`,
  );
}
