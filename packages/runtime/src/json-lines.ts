import { existsSync } from 'node:fs';

import { describeIssues, printable, type Schema, UserError } from '@metadescent/core';
import * as z from 'zod/mini';

import { openAppendFile } from './append-file.js';
import { parseExact, stringifyExact } from './exact-json.js';
import { shownPath } from './file-errors.js';
import { readOrdinaryFile } from './ordinary-file.js';

/** A file of one JSON record per line that only grows. */
export interface JsonLines {
  /** Length of the file in bytes. */
  readonly bytes: number;
  /**
   * Appends a record with one write. @throws UserError on a full disk and the like; the file then ends with
   * the record before.
   */
  append(record: object): void;
  /** Waits until everything is on the disk. */
  sync(): void;
  close(): void;
}

/** A record of which nothing is known but that it has names. */
export const anyRecordSchema = z.record(z.string(), z.unknown());

export interface JsonLinesOptions {
  /** Cut the file back to this length first. Default: only cut off a half-written last line. */
  readonly keepBytes?: number;
  /** What each record that is kept must be. Default: a JSON object. */
  readonly schema?: Schema<object>;
}

/**
 * Opens or creates a JSON-lines file for appending.
 *
 * @throws UserError if the first `keepBytes` are not whole, readable records (the file is then left as it
 *   is), or the file cannot be opened.
 */
export function openJsonLines(path: string, options: JsonLinesOptions = {}): JsonLines {
  const { schema = anyRecordSchema, keepBytes } = options;
  if (keepBytes !== undefined && keepBytes > 0) requireRecords(path, keepBytes, schema);
  const keep = keepBytes ?? wholeLines(contentOf(path));
  const file = openAppendFile(path);
  if (file.bytes > keep) file.cutBack(keep);
  return {
    get bytes() {
      return file.bytes;
    },
    append: (record) => file.append(Buffer.from(`${stringifyExact(record)}\n`)),
    sync: file.sync,
    close: file.close,
  };
}

/**
 * The records of a JSON-lines file; none if there is no such file. A half-written last line is left out.
 *
 * @throws UserError that names the line which is no JSON, or not what `schema` asks for.
 */
export function readJsonLines<Record extends object>(path: string, schema: Schema<Record>): Record[] {
  const content = contentOf(path);
  return parseLines(path, content.subarray(0, wholeLines(content)), schema);
}

/**
 * What is cut off must never begin inside a record: then the file is not the one that the checkpoint was
 * written for.
 */
function requireRecords(path: string, keepBytes: number, schema: Schema<object>): void {
  const content = contentOf(path);
  const changed = (how: string) =>
    new UserError(
      `${shownPath(path)} ${how}: the file was changed or damaged since; restore it or start a new run`,
    );
  if (content.length < keepBytes) {
    throw changed(`has ${content.length} bytes, but had ${keepBytes} when its checkpoint was written`);
  }
  const kept = content.subarray(0, keepBytes);
  // JSON writes a carriage return inside a text as two letters.
  if (kept.includes(0x0d)) {
    throw changed(
      'has the line ends of Windows, which an editor or git gave it after its checkpoint was written',
    );
  }
  if (kept.at(-1) !== 0x0a) {
    throw changed(
      `had a record that ended after ${keepBytes} bytes when its checkpoint was written, and has none now`,
    );
  }
  parseLines(path, kept, schema);
}

function parseLines<Record extends object>(path: string, content: Buffer, schema: Schema<Record>): Record[] {
  const lines = content.toString().split('\n');
  lines.pop();
  return lines.map((line, index) => {
    const damaged = (how: string) =>
      new UserError(`${shownPath(path)}, line ${index + 1}, ${how}; restore the file or start a new run`);
    let value: unknown;
    try {
      value = parseExact(line);
    } catch (error) {
      throw damaged(`is not JSON (${printable((error as Error).message, 200)}): the file is damaged`);
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw damaged(`is not what a run writes:\n${describeIssues(parsed.error.issues, value)}\n`);
  });
}

function contentOf(path: string): Buffer {
  return existsSync(path) ? readOrdinaryFile(path) : Buffer.alloc(0);
}

/** Bytes up to and with the last line break. */
function wholeLines(content: Uint8Array): number {
  return content.lastIndexOf(0x0a) + 1;
}
