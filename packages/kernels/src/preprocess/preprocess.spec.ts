import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { misaligned } from '../testing/random-arrays.js';

function features(engine: KernelEngine, gradient: ArrayLike<number>, p: number): number[] {
  const g = misaligned(Float32Array.from(gradient));
  const out = misaligned(new Float32Array(2 * g.length), 3);
  engine.preprocessGradient(g, p, out);
  return Array.from(out);
}

describe.each(enginesUnderTest())(
  'gradient preprocessing, $label',
  ({ engine }: { engine: KernelEngine }) => {
    test('closed form', () => {
      const edge = Math.exp(-10);
      const given = [1, -1, Math.E, -edge * 1.01, edge * 0.5, 0, -edge * 0.25, 1e30, -1e-30];
      expect(features(engine, given, 10)).toBeAllClose(
        [
          ...[0, 0, 0.1, Math.log(edge * 1.01) / 10, -1, -1, -1, (30 * Math.LN10) / 10, -1],
          ...[1, -1, 1, -1, 0.5, 0, -0.25, 1, -1e-30 * Math.exp(10)],
        ],
        { rtol: 1e-6, atol: 1e-7 },
      );
    });

    test('every length from 1 to 40, every magnitude, several p', () => {
      fc.assert(
        fc.property(
          fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 }),
          fc.constantFrom(1, 5, 10, 20),
          (gradient, p) => {
            const first = gradient.map((g) => (Math.abs(g) >= Math.exp(-p) ? Math.log(Math.abs(g)) / p : -1));
            const second = gradient.map((g) =>
              Math.abs(g) >= Math.exp(-p) ? Math.sign(g) : Math.exp(p) * g,
            );
            expect(features(engine, gradient, p)).toBeAllClose([...first, ...second], {
              rtol: 2e-6,
              atol: 3e-7,
            });
          },
        ),
        { numRuns: 300, seed: 5 },
      );
    });

    test('the seam: second feature is continuous, first is −1 on it', () => {
      const edge = Math.exp(-10);
      const out = features(engine, [edge * (1 - 1e-6), edge * (1 + 1e-6)], 10);
      expect(out).toBeAllClose([-1, -1, 1, 1], { rtol: 1e-5 });
    });

    test('non-finite gradients', () => {
      const out = features(engine, [NaN, Infinity, -Infinity, 1], 10);
      expect(out[0]).toBeNaN();
      expect(out[4]).toBeNaN();
      expect(out.slice(1, 4)).toEqual([Infinity, Infinity, 0]);
      expect(out.slice(5)).toEqual([1, -1, 1]);
    });

    test('wrong arguments are refused by name', () => {
      expect(() => engine.preprocessGradient(new Float32Array(3), 10, new Float32Array(5))).toThrow(
        '`features`',
      );
      expect(() => engine.preprocessGradient(new Float32Array(3), 0, new Float32Array(6))).toThrow('`p`');
      expect(() => engine.preprocessGradient(new Float32Array(3), NaN, new Float32Array(6))).toThrow('`p`');
    });
  },
);
