import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';

import { UserError } from '@metadescent/core';

import { shownPath, withFileErrors } from './file-errors.js';

/**
 * A file that only grows, by whole records. Writes are synchronous: they are few and small, and their order
 * is the guarantee.
 */
export interface AppendFile {
  /** Length in bytes. */
  readonly bytes: number;
  /**
   * Appends a record with one write. @throws UserError on a full disk and the like; the file then ends with
   * the record before.
   */
  append(record: Uint8Array): void;
  /** Cuts the file back to an earlier length. */
  cutBack(bytes: number): void;
  /** Waits until everything is on the disk. */
  sync(): void;
  close(): void;
}

/**
 * Opens or creates a file for appending.
 *
 * @throws UserError if that is not possible.
 */
export function openAppendFile(path: string): AppendFile {
  const file = withFileErrors('open', path, () => {
    // To open one waits for a reader, for ever.
    if (existsSync(path) && statSync(path).isFIFO())
      throw new UserError(`cannot open ${shownPath(path)}: it is a pipe, not a file; choose another folder`);
    return openSync(path, 'a');
  });
  let bytes = fstatSync(file).size;
  return {
    get bytes() {
      return bytes;
    },
    append: (record) => {
      withFileErrors('write', path, () => {
        try {
          // A short write is how a disk says that it is almost full: the next one says so in words.
          for (let written = 0; written < record.length;) written += writeSync(file, record, written);
        } catch (error) {
          if (fstatSync(file).isFile()) ftruncateSync(file, bytes);
          throw error;
        }
      });
      bytes += record.length;
    },
    cutBack: (length) => {
      ftruncateSync(file, length);
      bytes = length;
    },
    sync: () => withFileErrors('write', path, () => fsyncSync(file)),
    close: () => closeSync(file),
  };
}
