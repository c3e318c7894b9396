import { existsSync, readFileSync } from 'node:fs';

import { UserError } from '@metadescent/core';

import { openAppendFile } from './append-file.js';
import { parseExact, stringifyExact } from './exact-json.js';
import { withFileErrors } from './file-errors.js';

/** A file of one JSON record per line that only grows. */
export interface JsonLines {
  /** Length of the file in bytes. */
  readonly bytes: number;
  /** Appends a record with one write. @throws UserError on a full disk and the like; the file then ends with the record before. */
  append(record: object): void;
  /** Waits until everything is on the disk. */
  sync(): void;
  close(): void;
}

export interface JsonLinesOptions {
  /** Cut the file back to this length first. Default: only cut off a half-written last line. */
  readonly keepBytes?: number;
}

/**
 * Opens or creates a JSON-lines file for appending.
 *
 * @throws UserError if the file is shorter than `keepBytes`, or cannot be opened.
 */
export function openJsonLines(path: string, options: JsonLinesOptions = {}): JsonLines {
  const file = openAppendFile(path);
  const keepBytes = options.keepBytes ?? wholeLines(readFileSync(path));
  if (file.bytes < keepBytes) {
    file.close();
    throw new UserError(
      `${path} has ${file.bytes} bytes, but had ${keepBytes} when its checkpoint was written: the file was changed or damaged since; restore it or start a new run`,
    );
  }
  if (file.bytes > keepBytes) file.cutBack(keepBytes);
  return {
    get bytes() {
      return file.bytes;
    },
    append: (record) => file.append(Buffer.from(`${stringifyExact(record)}\n`)),
    sync: file.sync,
    close: file.close,
  };
}

/** The records of a JSON-lines file; none if there is no such file. A half-written last line is left out. */
export function readJsonLines(path: string): Record<string, unknown>[] {
  if (!existsSync(path)) return [];
  const content = withFileErrors('read', path, () => readFileSync(path));
  const lines = content.subarray(0, wholeLines(content)).toString().split('\n');
  lines.pop();
  return lines.map((line, index) => {
    try {
      return parseExact(line) as Record<string, unknown>;
    } catch (error) {
      throw new UserError(
        `${path}, line ${index + 1}, is not JSON (${(error as Error).message}): the file is damaged; restore it or start a new run`,
      );
    }
  });
}

/** Bytes up to and with the last line break. */
function wholeLines(content: Uint8Array): number {
  return content.lastIndexOf(0x0a) + 1;
}
