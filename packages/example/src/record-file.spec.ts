import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { readRecord } from './record-file.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'record-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), /it is a pipe, a device or a socket/],
  ['a device', (path: string) => symlinkSync('/dev/zero', path), /it is a pipe, a device or a socket/],
  ['a folder', (path: string) => void mkdirSync(path), /this is a folder, not a file/],
  ['nothing', () => undefined, /it does not exist/],
])('%s in place of a record is refused by its path, and not waited for', (_, make, message) => {
  const path = join(folder, 'results.json');
  make(path);
  const read = () => readRecord(path, z.unknown(), 'run it again');
  expect(read).toThrow(UserError);
  expect(read).toThrow(message);
  expect(read).toThrow(path);
});
