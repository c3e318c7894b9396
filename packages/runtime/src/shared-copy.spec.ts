import { expect, test } from '@jest/globals';

import { sharedCopy } from './shared-copy.js';

test('a shared copy has the type and the values of its source, and memory of its own', () => {
  const source = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
  const copy = sharedCopy(source);
  source.fill(9);
  expect(copy).toBeInstanceOf(Float32Array);
  expect(copy).toBeAllClose([1, 2]);
  expect(copy.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(copy.buffer.byteLength).toBe(8);
});
