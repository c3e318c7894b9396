import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readSafetensors, UserError, writeSafetensors } from '@metadescent/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, openCheckpoints } from './checkpoints.js';

let folder: string;
let warnings: string[];
const warn = (message: string) => void warnings.push(message);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const checkpointOf = (step: number, score?: number): Checkpoint => ({
  step,
  tensors: {
    weights: { shape: [2, 2], data: Float32Array.of(step, -0, NaN, 1e-40) },
    moments: { shape: [1], data: Float64Array.of(Math.PI) },
  },
  state: { best: Infinity, epoch: step },
  ...(score !== undefined && { score }),
  metadata: { config: '{}' },
});
const fileOf = (step: number) => join(folder, `step-${String(step).padStart(10, '0')}.safetensors`);

test('a checkpoint comes back with its bits, also to readers of plain safetensors', () => {
  const checkpoint = checkpointOf(7, 0.25);
  const bytes = encodeCheckpoint(checkpoint);
  const back = decodeCheckpoint(bytes);
  expect(back).toMatchObject({
    step: 7,
    score: 0.25,
    state: { best: Infinity, epoch: 7 },
    metadata: { config: '{}' },
  });
  const plain = readSafetensors(bytes);
  for (const { tensors } of [back, plain]) {
    expect(
      Buffer.from(tensors['weights']!.data.buffer).equals(
        Buffer.from(Float32Array.of(7, -0, NaN, 1e-40).buffer),
      ),
    ).toBe(true);
    expect(tensors['moments']!.data[0]).toBe(Math.PI);
  }
  expect(Buffer.from(encodeCheckpoint(back)).equals(Buffer.from(bytes))).toBe(true);
});

test('any damage is found out', () => {
  const bytes = encodeCheckpoint(checkpointOf(3, 1));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => decodeCheckpoint(damaged)).toThrow();
  }
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeCheckpoint(bytes.slice(0, length))).toThrow();
  const withoutState = encodeCheckpoint({ step: 0, tensors: {} });
  expect(decodeCheckpoint(withoutState)).toEqual({ step: 0, tensors: {}, metadata: {} });
  expect(() => decodeCheckpoint(writeSafetensors({ tensors: {}, metadata: {} }))).toThrow(/not a checkpoint/);
});

test('the newest and the best stay', () => {
  const store = openCheckpoints(folder, { keepLast: 2, warn });
  const scores = [5, 3, 3, 4, NaN, 6];
  scores.forEach((score, i) => store.save(checkpointOf(i + 1, score)));
  expect(store.steps()).toEqual([2, 5, 6]);
  expect(store.best()?.step).toBe(2);
  expect(store.latest()?.step).toBe(6);

  const again = openCheckpoints(folder, { keepLast: 1, warn });
  expect(again.steps()).toEqual([2, 6]);
  again.save(checkpointOf(7, 2));
  expect(again.steps()).toEqual([7]);
  expect(warnings).toEqual([]);
});

test('a checkpoint under the name of another step is no checkpoint of that step', () => {
  const store = openCheckpoints(folder, { warn });
  store.save(checkpointOf(1));
  writeFileSync(fileOf(9), encodeCheckpoint(checkpointOf(2)));
  expect(openCheckpoints(folder, { warn }).latest()?.step).toBe(1);
  expect(warnings).toEqual([expect.stringMatching(/step-0000000009\.safetensors: it holds step 2$/)]);
});

test('a file that cannot be read just now is no damaged one', () => {
  const store = openCheckpoints(folder, { warn });
  store.save(checkpointOf(1));
  mkdirSync(fileOf(2));
  expect(() => openCheckpoints(folder, { warn })).toThrow(
    /cannot read .*step-0000000002\.safetensors: this is a folder/,
  );
  expect(warnings).toEqual([]);
});

test('without scores there is no best one', () => {
  const store = openCheckpoints(folder, { warn });
  expect(store.latest()).toBeUndefined();
  for (const step of [10, 20, 30]) store.save(checkpointOf(step));
  expect(store.steps()).toEqual([20, 30]);
  expect(store.best()).toBeUndefined();
});

test('a damaged newest checkpoint is skipped with one warning, pushes no whole one out, and is replaced', () => {
  const store = openCheckpoints(folder, { keepLast: 2, warn });
  for (const step of [1, 2, 3]) store.save(checkpointOf(step, step));
  truncateSync(fileOf(3), 100);
  writeFileSync(`${fileOf(4)}.tmp`, 'half');
  writeFileSync(join(folder, 'README'), 'not a checkpoint');

  const again = openCheckpoints(folder, { keepLast: 1, warn });
  expect(existsSync(`${fileOf(4)}.tmp`)).toBe(false);
  expect(again.latest()?.step).toBe(2);
  expect(warnings).toEqual([
    expect.stringMatching(/skipping the checkpoint .*step-0000000003\.safetensors: safetensors: /),
  ]);
  again.save(checkpointOf(3, 3));
  expect(again.latest()?.step).toBe(3);
});

test('bad arguments are refused before anything is written', () => {
  const store = openCheckpoints(folder, { warn });
  expect(() => store.save(checkpointOf(-1))).toThrow(/^a checkpoint: .*-1.*\n.*expected number to be >=0/);
  expect(() => store.save({ step: 1, tensors: {}, metadata: { crc32c: 'x' } })).toThrow(
    /metadata key "crc32c" of a checkpoint is taken/,
  );
  expect(() => store.save({ step: 1, tensors: {}, state: { w: Float32Array.of(1) } })).toThrow(/typed array/);
  expect(readdirSync(folder)).toEqual([]);
  expect(() => openCheckpoints(folder, { keepLast: 0 })).toThrow(/keepLast/);
});

(existsSync('/dev/full') ? test : test.skip)(
  'a full disk leaves nothing half-written, and the checkpoints before it',
  () => {
    const store = openCheckpoints(folder, { warn });
    store.save(checkpointOf(1));
    const before = readFileSync(fileOf(1));
    symlinkSync('/dev/full', `${fileOf(2)}.tmp`);
    let error: unknown;
    try {
      store.save(checkpointOf(2));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(
      /cannot write .*step-0000000002\.safetensors: the disk is full; free some space/,
    );
    expect(readdirSync(folder)).toEqual(['step-0000000001.safetensors']);
    expect(readFileSync(fileOf(1)).equals(before)).toBe(true);
  },
);
