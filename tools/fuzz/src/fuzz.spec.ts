import { afterAll, describe, expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';

import { fuzz, inputOf, tryInput } from './fuzz.js';
import { openReaders, Unsound, type Reader } from './readers.js';
import { fuzzWatched } from './watchdog.js';

const { readers, close } = openReaders();
afterAll(close);

describe.each(readers.map((reader) => [reader.name, reader] as const))('%s', (_, reader) => {
  test('accepts its seeds', () => {
    for (const seed of reader.seeds) expect(tryInput(reader, seed)).toEqual({ accepted: true });
  });

  test('reads damaged files soundly, or refuses them as the user is to see it', () => {
    const { counts, faults } = fuzz([reader], { seed: 20, inputs: 300 });
    expect(faults).toEqual([]);
    expect(counts[0]!.accepted).toBeLessThan(300);
  });
});

test('an input follows from seed and number; others differ', () => {
  const bytes = (seed: number, index: number) => Array.from(inputOf(readers, seed, index).bytes);
  expect(bytes(1, 123)).toEqual(bytes(1, 123));
  const seen = new Set(Array.from({ length: 200 }, (_, i) => bytes(1, i * readers.length).join()));
  expect(seen.size).toBeGreaterThan(100);
  expect(bytes(2, 123)).not.toEqual(bytes(1, 123));
});

describe('each kind of fault is found', () => {
  const reader = (read: (bytes: Uint8Array) => void): Reader => ({
    name: 'planted',
    kind: 'binary',
    seeds: [Uint8Array.of(1, 2, 3, 4)],
    read,
  });
  const faultOf = (read: (bytes: Uint8Array) => void) => tryInput(reader(read), Uint8Array.of(1)).fault;

  test('a crash, a wrong acceptance, a message that a terminal would obey, a message without an end', () => {
    expect(faultOf(() => (undefined as unknown as string[]).length)).toMatch(/^TypeError: /);
    expect(
      faultOf(() => {
        throw new Unsound('accepted');
      }),
    ).toMatch(/^Unsound: .*accepted/);
    expect(
      faultOf(() => {
        throw new UserError('name \u001b[2J');
      }),
    ).toMatch(/control characters/);
    expect(
      faultOf(() => {
        throw new UserError('x'.repeat(10_000));
      }),
    ).toMatch(/10000 characters/);
    expect(
      faultOf(() => {
        throw new UserError('line 1\nline 2');
      }),
    ).toBeUndefined();
  });

  test('a fault names the input that shows it', () => {
    const picky = reader((bytes) => {
      if (bytes[0] !== 1) throw new RangeError('not 1');
    });
    const { faults } = fuzz([picky], { seed: 3, inputs: 200, mostFaults: 1 });
    expect(faults).toHaveLength(1);
    expect(inputOf([picky], 3, faults[0]!.index).bytes[0]).not.toBe(1);
  });
});

test('a reader that hangs is ended with the number of its input', async () => {
  const hanging = new URL(
    `data:text/javascript,import { workerData } from 'node:worker_threads'; new Float64Array(workerData.shared)[0] = 42; for (;;);`,
  );
  await expect(fuzzWatched({ seed: 1, first: 0, inputs: 1, worker: hanging })).rejects.toThrow(
    'input 42: no end after 5000 ms',
  );
});

test('a reader that fills the heap is ended with the number of its input', async () => {
  const hungry = new URL(
    `data:text/javascript,import { workerData } from 'node:worker_threads'; new Float64Array(workerData.shared)[0] = 7; ` +
      'const all = []; for (;;) all.push({ some: all.length });',
  );
  await expect(fuzzWatched({ seed: 1, first: 0, inputs: 1, worker: hungry })).rejects.toThrow(
    /^input 7: [\s\S]*memory/i,
  );
});
