import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { withFileErrors } from './file-errors.js';

/** Suffix of files that are not yet whole; whoever holds the folder's lock may delete them. */
export const TEMPORARY_SUFFIX = '.tmp';

/**
 * Writes a file so that it is there whole or not at all, also after a power cut: write aside, sync, rename,
 * sync the folder. For folders with one writer.
 *
 * @throws UserError on a full disk and the like; the unfinished file is gone then, an older file of that name stays.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string): void {
  const temporary = path + TEMPORARY_SUFFIX;
  withFileErrors('write', path, () => {
    try {
      const file = openSync(temporary, 'w');
      try {
        writeFileSync(file, data);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(dirname(path));
  });
}

/** Makes renames and deletions in a folder survive a power cut. */
export function syncFolder(directory: string): void {
  // Windows cannot open folders, and writes its directory entries through.
  if (process.platform === 'win32') return;
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
