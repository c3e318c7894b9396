import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { badmmToy } from './testing/badmm-toy.js';

const engine = typescriptGpsEngine();
/** b* = Σ t / Σ t² over t = 0 … 10. */
const best = 55 / 385;
const randomNu = (seed: number) =>
  createKey(seed)
    .uniform(10)
    .map((x) => 0.1 * 100 ** x);

test.each([0, 1, 2, 3])(
  'Bregman ADMM finds the best constant action of the toy, ν random in [0.1, 10], seed %i',
  (seed) => {
    const { b, violation } = badmmToy(engine, randomNu(seed), 200);
    expect(Math.abs(b - best)).toBeLessThan(1e-6);
    expect(violation).toBeLessThan(1e-9);
  },
);

test.each([0, 1, 2, 3])(
  'with the smaller dual step α = 0.1, 10⁻⁶ in b after 200 iterations and 10⁻⁹ in the violation after 250, seed %i',
  (seed) => {
    expect(Math.abs(badmmToy(engine, randomNu(seed), 200, { rate: 0.1 }).b - best)).toBeLessThan(1e-6);
    expect(badmmToy(engine, randomNu(seed), 250, { rate: 0.1 }).violation).toBeLessThan(1e-9);
  },
);

test.each([0, 1, 2, 3])(
  'capped regression weights slow it down, but leave the fixed point where it is, seed %i',
  (seed) => {
    const { b, violation } = badmmToy(engine, randomNu(seed), 1000, { cap: true });
    expect(Math.abs(b - best)).toBeLessThan(1e-6);
    expect(violation).toBeLessThan(1e-9);
  },
);

test('negative control: the reference implementations’ target ends elsewhere or nowhere', () => {
  const ends = [0, 1, 2, 3].map(
    (seed) => badmmToy(engine, randomNu(seed), 2000, { target: 'reference', rate: 0.1 }).b,
  );
  for (const b of ends) expect(Math.abs(b - best) > 1e-3 || Number.isNaN(b)).toBe(true);
  expect(ends.some(Number.isNaN)).toBe(true);
});
