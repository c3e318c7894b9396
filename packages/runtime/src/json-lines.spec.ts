import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UserError } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { anyRecordSchema, openJsonLines, readJsonLines } from './json-lines.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-lines-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('records come back in order, with their non-finite numbers', () => {
  const lines = openJsonLines(path);
  lines.append({ step: 1, loss: 0.1 });
  lines.append({ step: 2, loss: NaN, text: 'ünï\ncode' });
  lines.close();
  expect(readFileSync(path, 'utf8')).toBe(
    '{"step":1,"loss":0.1}\n{"step":2,"loss":"NaN","text":"ünï\\ncode"}\n',
  );
  expect(readJsonLines(path, anyRecordSchema)).toEqual([
    { step: 1, loss: 0.1 },
    { step: 2, loss: NaN, text: 'ünï\ncode' },
  ]);
  expect(readJsonLines(join(folder, 'absent.jsonl'), anyRecordSchema)).toEqual([]);
});

test('a half-written last line is cut off, wherever the writer was stopped', () => {
  const records = [{ step: 1, loss: 1.5 }, { step: 2, note: 'é' }, { step: 3 }];
  const whole = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  fc.assert(
    fc.property(fc.nat(whole.length), (cut) => {
      writeFileSync(path, whole.subarray(0, cut));
      const kept = readJsonLines(path, anyRecordSchema).length;
      expect(kept).toBe(whole.subarray(0, cut).filter((byte) => byte === 0x0a).length);
      const lines = openJsonLines(path);
      for (const record of records.slice(kept)) lines.append(record);
      expect(lines.bytes).toBe(whole.length);
      lines.close();
      expect(readFileSync(path).equals(whole)).toBe(true);
    }),
  );
});

test('keepBytes goes back to an earlier length, and refuses a file that is shorter', () => {
  const first = openJsonLines(path);
  first.append({ step: 1 });
  const { bytes } = first;
  first.append({ step: 2 });
  first.close();
  const second = openJsonLines(path, { keepBytes: bytes });
  second.append({ step: 3 });
  second.close();
  expect(readJsonLines(path, anyRecordSchema)).toEqual([{ step: 1 }, { step: 3 }]);
  expect(() => openJsonLines(path, { keepBytes: 1000 })).toThrow(
    /has 22 bytes, but had 1000 when its checkpoint was written/,
  );
});

test('what is kept must be whole records, or the file stays as it is', () => {
  const lines = openJsonLines(path);
  for (let step = 1; step <= 3; step++) lines.append({ step, loss: 1 / step });
  const { bytes } = lines;
  lines.close();
  const whole = readFileSync(path, 'utf8');
  const refused = (content: string, keepBytes: number, message: RegExp) => {
    writeFileSync(path, content);
    expect(() => openJsonLines(path, { keepBytes })).toThrow(UserError);
    expect(() => openJsonLines(path, { keepBytes })).toThrow(message);
    expect(readFileSync(path, 'utf8')).toBe(content);
  };
  refused(
    whole.replaceAll('\n', '\r\n'),
    bytes,
    /metrics\.jsonl has the line ends of Windows, which an editor or git gave it/,
  );
  refused(
    whole.replace('"step":1', '"step": 1'),
    bytes,
    /had a record that ended after \d+ bytes .*, and has none now/,
  );
  refused(whole.replace('"step":1', '"step\u001b:1'), bytes, /line 1, is not JSON \(\P{Cc}*\)/u);
  refused(
    `${'[]'.padEnd(whole.indexOf('\n'))}${whole.slice(whole.indexOf('\n'))}`,
    bytes,
    /line 1, is not what a run writes:\n✖ .*record/,
  );
  refused(whole.slice(0, 10), bytes, /has 10 bytes, but had \d+/);
  rmSync(path);
  expect(() => openJsonLines(path, { keepBytes: bytes })).toThrow(/has 0 bytes/);
  expect(existsSync(path)).toBe(false);
});

test('a damaged line is named', () => {
  writeFileSync(path, '{"step":1}\n');
  appendFileSync(path, '{"step":\n{"step":3}\n');
  expect(() => readJsonLines(path, anyRecordSchema)).toThrow(/metrics\.jsonl, line 2, is not JSON/);
});

(existsSync('/dev/full') ? test : test.skip)(
  'a full disk is a UserError with the path and the next step',
  () => {
    symlinkSync('/dev/full', path);
    const lines = openJsonLines(path, { keepBytes: 0 });
    let error: unknown;
    try {
      lines.append({ step: 1 });
    } catch (thrown) {
      error = thrown;
    }
    lines.close();
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe(
      `cannot write ${path}: the disk is full; free some space, then continue with --resume or choose another folder`,
    );
  },
);

(process.platform === 'win32' ? test.skip : test)(
  'a pipe or a device in its place is refused, and not waited for',
  () => {
    execFileSync('mkfifo', [path]);
    expect(() => readJsonLines(path, anyRecordSchema)).toThrow(
      `cannot read ${path}: it is a pipe, a device or a socket, not a file; choose another path`,
    );
    expect(() => openJsonLines(path, { keepBytes: 0 })).toThrow(
      `cannot open ${path}: it is a pipe, not a file; choose another folder`,
    );
    rmSync(path);
    symlinkSync('/dev/zero', path);
    expect(() => readJsonLines(path, anyRecordSchema)).toThrow(UserError);
  },
);
