import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { describeKind, printable, UserError } from '@metadescent/core';

import { shownPath, withFileErrors } from './file-errors.js';

/** A folder that is there, and in which this process has just written a file. */
export interface PreparedFolder {
  /** Absolute, so that a later change of the working directory changes nothing. */
  readonly path: string;
  /** Removes the folders that were made for it, as far as they are empty: for work that could not even start. */
  abandon(): void;
}

/**
 * Makes a folder with its parents, and finds out whether files can be written in it, before any work whose
 * results it is to take.
 *
 * The deepest part of the path that exists is looked at first. It must be a folder that this process may
 * write in; the rest is then made one folder at a time, because `mkdir` with `recursive` never returns for a
 * path in `/proc` and calls a read-only file system a missing folder. In the folder one byte is written and
 * removed again, which also finds a full disk.
 *
 * @param directory absolute, or relative to the working directory of this moment.
 * @throws UserError that names the path, what stands in the way and the next step; folders that were made
 *   until then are gone again.
 * @example
 * const out = prepareFolder('out/results'); // first of all
 * writeFileAtomic(join(out.path, 'results.json'), await hoursOfWork());
 */
export function prepareFolder(directory: string): PreparedFolder {
  const path = absolute(directory);
  const { folder, missing } = deepestExisting(path);
  requireFolder(path, folder);
  withFileErrors(missing.length > 0 ? 'make the folder' : 'write in the folder', path, () =>
    accessSync(folder, constants.W_OK | constants.X_OK),
  );
  const made: string[] = [];
  const abandon = () => removeEmpty(made.splice(0).reverse());
  try {
    for (const next of missing) if (makeOne(path, next)) made.push(next);
    writeProbe(path);
  } catch (error) {
    abandon();
    throw error;
  }
  return { path, abandon };
}

/** Whether a file is what `prepareFolder` writes for a moment: one that was killed just then leaves it behind. */
export function isProbe(name: string): boolean {
  return /^\.probe\.\d+\.tmp$/.test(name);
}

function absolute(directory: string): string {
  if (typeof directory !== 'string') {
    throw new UserError(
      `the path of a folder must be text, but is ${describeKind(directory)}; pass a path, such as 'runs/first'`,
    );
  }
  if (directory === '') throw new UserError('the path of a folder must not be empty; name a folder');
  if (directory.includes('\0')) {
    throw new UserError(
      `the path of a folder must not hold a character 0, but is ${printable(directory)}; choose another folder`,
    );
  }
  return withFileErrors('find the working directory, from which the path starts:', directory, () =>
    resolve(directory),
  );
}

/** The longest part of the path that is there, and the folders that are missing below it, outermost first. */
function deepestExisting(path: string): { readonly folder: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      statSync(folder);
      return { folder, missing: missing.reverse() };
    } catch (error) {
      // ENOTDIR: one of the parents is a file, which the walk arrives at.
      if (
        !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '') ||
        dirname(folder) === folder
      ) {
        return withFileErrors('look at', folder, () => {
          throw error;
        });
      }
      missing.push(folder);
    }
  }
}

function requireFolder(path: string, existing: string): void {
  if (statSync(existing).isDirectory()) return;
  throw new UserError(
    path === existing
      ? `${shownPath(path)} is a file, not a folder; choose another folder`
      : `cannot make the folder ${shownPath(path)}: ${shownPath(existing)} is a file, not a folder; choose another folder`,
  );
}

/** Makes one folder in a folder that exists. Returns false if somebody else has made it meanwhile. */
function makeOne(path: string, folder: string): boolean {
  return withFileErrors('make the folder', path, () => {
    try {
      mkdirSync(folder);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false;
      if (code === 'ENOENT') throw noPlace('make the folder', path, dirname(folder), error);
      throw error;
    }
  });
}

function writeProbe(path: string): void {
  const probe = join(path, `.probe.${process.pid}.tmp`);
  withFileErrors('write in the folder', path, () => {
    try {
      const file = openSync(probe, 'w');
      try {
        writeSync(file, Uint8Array.of(0));
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw noPlace('write in the folder', path, path, error);
      throw error;
    } finally {
      rmSync(probe, { force: true });
    }
  });
}

/** File systems that the kernel makes up, such as /proc, say of everything new that it does not exist. */
function noPlace(doing: string, path: string, parent: string, cause: unknown): UserError {
  return new UserError(
    `cannot ${doing} ${shownPath(path)}: the file system of ${shownPath(parent)} takes no files of yours; choose another folder`,
    { cause },
  );
}

/** Somebody else may have put something there meanwhile: then it stays. */
function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
      return;
    }
  }
}
