import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { anyNumber } from '../record-fields.js';
import { fingerprint, keptFile } from './kept-file.js';

const numbers = z.array(anyNumber);
const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a value comes back as it was, numbers that are not finite among it', () => {
  const value = { curve: [2.5, NaN, Infinity, -Infinity], name: 'a' };
  const file = keptFile(join(folder, 'new', 'value.json'), z.object({ curve: numbers, name: z.string() }), {
    seed: 1,
  });
  expect(file.read()).toBeUndefined();
  file.write(value);
  expect(file.read()).toEqual(value);
});

test('it does not come back when an ingredient changed the file was cut short, or it holds something else', () => {
  const path = join(folder, 'value.json');
  const weights = Float32Array.of(1, 2, 3);
  keptFile(path, numbers, { seed: 1, weights }).write([1]);
  expect(keptFile(path, numbers, { seed: 1, weights: weights.slice() }).read()).toEqual([1]);
  expect(keptFile(path, numbers, { seed: 2, weights }).read()).toBeUndefined();
  expect(keptFile(path, numbers, { seed: 1, weights: Float32Array.of(1, 2, 4) }).read()).toBeUndefined();
  expect(keptFile(path, z.array(z.string()), { seed: 1, weights }).read()).toBeUndefined();
  truncateSync(path, 20);
  expect(keptFile(path, numbers, { seed: 1, weights }).read()).toBeUndefined();
});

test('a fingerprint sees the part of a buffer that an array shows, and nothing else', () => {
  const buffer = Float32Array.of(1, 2, 3);
  expect(fingerprint({ a: buffer.subarray(1) })).toBe(fingerprint({ a: Float32Array.of(2, 3) }));
  expect(fingerprint({ a: buffer.subarray(1) })).not.toBe(fingerprint({ a: buffer }));
});
