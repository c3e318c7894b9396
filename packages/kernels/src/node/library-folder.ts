import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { firstLine } from './c-compiler.js';
import { NativeUnavailable } from './native-unavailable.js';

/**
 * Shared libraries in a folder, under names that end with a digest of their bytes. A file that was truncated,
 * emptied or overwritten does not fit its name, and is never loaded: loading one may end the process
 * (SIGBUS).
 */

/** `<stem>-<digest of the bytes>.so`, `.dylib` or `.dll`. */
const ENDING = `.${{ win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so'}`;

export interface LibraryFiles {
  /** The files that fit their names. */
  readonly whole: readonly string[];
  /** Those that do not, folders and unreadable ones included. */
  readonly damaged: readonly string[];
}

/** The libraries of this stem in a folder, which need not exist. */
export function librariesIn(folder: string, stem: string): LibraryFiles {
  const files = namesIn(folder)
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(ENDING))
    .sort()
    .map((name) => join(folder, name));
  const whole = files.filter(fitsItsName);
  return { whole, damaged: files.filter((file) => !whole.includes(file)) };
}

/**
 * Puts a library that `make` writes to the path it is given into `folder`, whole or not at all: several
 * processes may do this at the same time.
 *
 * @returns the path of the library.
 * @throws NativeUnavailable if the folder cannot be written; what `make` throws.
 */
export function addLibrary(folder: string, stem: string, make: (output: string) => void): string {
  let scratch: string;
  try {
    mkdirSync(folder, { recursive: true });
    scratch = mkdtempSync(join(folder, 'compiling-'));
  } catch (error) {
    throw new NativeUnavailable(`the folder ${folder} cannot be written: ${firstLine(error)}`, {
      cause: error,
    });
  }
  try {
    const fresh = join(scratch, `library${ENDING}`);
    make(fresh);
    const file = join(folder, `${stem}-${digestOfFile(fresh)}${ENDING}`);
    putInPlace(fresh, file);
    return file;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Removes what can be removed of these files and folders. */
export function removeAll(files: readonly string[]): void {
  for (const file of files) {
    try {
      rmSync(file, { recursive: true, force: true });
    } catch {
      // It does no harm: nothing loads it.
    }
  }
}

function putInPlace(fresh: string, file: string): void {
  try {
    renameSync(fresh, file);
  } catch (error) {
    // Windows does not replace a library that a process has loaded; then the one in place is the same.
    if (fitsItsName(file)) return;
    // A folder has this name.
    removeAll([file]);
    try {
      renameSync(fresh, file);
    } catch {
      throw new NativeUnavailable(`${file} cannot be written: ${firstLine(error)}`, { cause: error });
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function fitsItsName(file: string): boolean {
  try {
    return file.endsWith(`-${digestOfFile(file)}${ENDING}`);
  } catch {
    return false;
  }
}

function digestOfFile(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
}
