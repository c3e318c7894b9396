import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFreeList } from './free-list.js';

test('regions never overlap, and lie on cache lines from the base on', () => {
  const action = fc.record({ bytes: fc.nat(1000), give: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const list = createFreeList(128);
      let taken: { from: number; to: number }[] = [];
      for (const { bytes, give } of actions) {
        const from = list.take(bytes);
        expect(from % 64).toBe(0);
        for (const other of taken) expect(from >= other.to || from + bytes <= other.from).toBe(true);
        expect(taken.some((other) => other.from === from)).toBe(false);
        taken.push({ from, to: from + bytes });
        const returned = taken[give];
        if (returned) {
          list.give(returned.from);
          taken = taken.filter((other) => other !== returned);
        }
        expect(list.end()).toBeGreaterThanOrEqual(Math.max(128, ...taken.map(({ to }) => to)));
      }
      for (const { from } of taken) list.give(from);
      expect(list.end()).toBe(128);
    }),
    { seed: 3 },
  );
});

test('eighty sizes one after the other take no more room than the two largest', () => {
  const list = createFreeList(0);
  let before: number | undefined;
  for (let i = 0; i < 80; i++) {
    const address = list.take(6400 + 64 * i);
    expect(list.end()).toBeLessThanOrEqual(3 * (6400 + 64 * i));
    if (before !== undefined) list.give(before);
    before = address;
  }
});

test('what was not taken cannot be given back', () => {
  const list = createFreeList(64);
  expect(() => list.give(64)).toThrow('no region begins at 64');
});
