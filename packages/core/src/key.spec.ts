import { expect, test } from '@jest/globals';
import { createKey, keyFromWords, threefry2x32 } from './key.js';
import { UserError } from './user-error.js';

test('Threefry-2x32-20 gives the Random123 known answers', () => {
  const out = new Uint32Array(2);
  const answer = (k0: number, k1: number, c0: number, c1: number) => {
    threefry2x32(k0, k1, c0, c1, out);
    return Array.from(out, (word) => word.toString(16).padStart(8, '0'));
  };
  expect(answer(0, 0, 0, 0)).toEqual(['6b200159', '99ba4efe']);
  const ones = 0xffffffff;
  expect(answer(ones, ones, ones, ones)).toEqual(['1cb996fc', 'bb002be7']);
  expect(answer(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual(['c4923a9c', '483df7a0']);
});

test('a key survives a message: the same words give the same draws', () => {
  const key = createKey(2 ** 40 + 5)
    .fold('somewhere')
    .fold(9);
  expect(keyFromWords(structuredClone(key.words)).normal(5)).toEqual(key.normal(5));
});

test('children differ from each other, from named children and from the parent', () => {
  const key = createKey(0);
  const firsts = [key, ...key.split(1000), key.fold('0'), key.fold('a'), key.fold('b')].map(
    (k) => k.uniform(1)[0],
  );
  expect(new Set(firsts).size).toBe(firsts.length);
});

test('a longer draw continues a shorter one', () => {
  const key = createKey(1);
  expect(Array.from(key.uniform(7).subarray(0, 3))).toEqual(Array.from(key.uniform(3)));
  expect(Array.from(key.normal(8).subarray(0, 5))).toEqual(Array.from(key.normal(5)));
});

test('uniform draws have the moments of U[0, 1) and neighbouring seeds are uncorrelated', () => {
  const n = 40_000;
  const [u, v] = [createKey(1).uniform(n), createKey(2).uniform(n)];
  let [sum, squares, cross] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [(u[i] as number) - 0.5, (v[i] as number) - 0.5];
    sum += x;
    squares += x * x;
    cross += x * y;
  }
  // Five standard errors: σ(mean) = 1/√(12n), σ(variance) ≈ 1/√(180n), σ(cross) = 1/(12√n).
  expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(12 * n));
  expect(Math.abs(squares / n - 1 / 12)).toBeLessThan(5 / Math.sqrt(180 * n));
  expect(Math.abs(cross / n)).toBeLessThan(5 / (12 * Math.sqrt(n)));
});

test('normal draws have the first four moments of N(0, 1)', () => {
  const n = 40_000;
  const moments = [0, 0, 0, 0];
  for (const x of createKey(3).normal(n))
    for (let p = 0; p < 4; p++) moments[p] = (moments[p] as number) + x ** (p + 1) / n;
  expect(Math.abs(moments[0] as number)).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs((moments[1] as number) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  expect(Math.abs(moments[2] as number)).toBeLessThan(5 * Math.sqrt(15 / n));
  expect(Math.abs((moments[3] as number) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
});

test('integers cover their range evenly (χ² over 10 cells)', () => {
  const counts = new Array<number>(10).fill(0);
  for (const i of createKey(4).integers(10_000, 10)) counts[i] = (counts[i] as number) + 1;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(33.7); // 9 degrees of freedom, p = 1e-4
});

test('a permutation holds every index once, and every place is reachable', () => {
  const order = createKey(5).permutation(100);
  expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  const firsts = new Set(
    createKey(6)
      .split(300)
      .map((key) => key.permutation(5)[0]),
  );
  expect(firsts.size).toBe(5);
});

test('bad seeds, counts and indices are refused with the value', () => {
  expect(() => createKey(-1)).toThrow(/createKey: .* -1/);
  expect(() => createKey(0.5)).toThrow(/createKey: .* 0.5/);
  expect(() => createKey(0).fold(-2)).toThrow(/fold: .* -2/);
  expect(() => createKey(0).normal(1.5)).toThrow(/normal: .* 1.5/);
  expect(() => createKey(0).integers(1, 0)).toThrow(/integers: .* 0/);
  expect(() => createKey(0).split(-1)).toThrow(/split: .* -1/);
  expect(() => createKey(-1)).toThrow(UserError);
});
