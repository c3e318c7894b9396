import { availableParallelism } from 'node:os';

import { UserError } from '@metadescent/core';
import { expect, test } from '@jest/globals';

import { createExecutor } from './executor.js';
import { workerCount } from './workers.js';

const GIB = 2 ** 30;

test('one worker per core, as far as memory goes', () => {
  expect(workerCount(undefined, { cores: 16, memory: 64 * GIB })).toBe(16);
  expect(workerCount(undefined, { cores: 16, memory: GIB })).toBe(8);
  expect(workerCount(undefined, { cores: 1, memory: GIB / 16 })).toBe(1);
  expect(workerCount()).toBeLessThanOrEqual(availableParallelism());
});

test.each([0, 1, 7, 8])('%i workers on two cores', (workers) => {
  expect(workerCount(workers, { cores: 2, memory: 8 * GIB })).toBe(workers);
});

test.each([
  [9, 8 * GIB, 'an integer from 0 to 8 on this machine, but is 9: it has 2 cores'],
  [300, 8 * GIB, '8.0 GB of memory, of which each takes 64 MB or more (300: 19 GB); take 2'],
  [5, GIB / 2, 'an integer from 0 to 4 on this machine, but is 5'],
  [-1, 8 * GIB, 'but is -1: '],
  [1.5, 8 * GIB, 'but is 1.5: '],
  [NaN, 8 * GIB, 'but is NaN: '],
])('%d workers with %d bytes are refused', (workers, memory, message) => {
  const call = () => workerCount(workers, { cores: 2, memory });
  expect(call).toThrow(UserError);
  expect(call).toThrow(message);
});

test('an executor starts no more than that', () => {
  const call = () => createExecutor({ workers: 100_000, module: 'data:text/javascript,' });
  expect(call).toThrow(UserError);
  expect(call).toThrow(/workers must be an integer from 0 to \d+ on this machine, but is 100000: /);
});
