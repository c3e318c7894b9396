import { describe, expect, test } from '@jest/globals';
import type { GemmOptions } from './gemm.js';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { misaligned, normals } from '../testing/random-arrays.js';
import { typescriptEngine } from '../engine/typescript-engine.js';

const draws = normals('gemm', 220_000);

function product(
  engine: KernelEngine,
  m: number,
  n: number,
  k: number,
  options: Partial<GemmOptions> = {},
): Float32Array {
  const c = draws.slice(0, m * n);
  engine.gemm({ m, n, k, a: draws.subarray(1, 1 + m * k), b: draws.subarray(7, 7 + k * n), c, ...options });
  return options.c ?? c;
}

/** The twin's product, computed once for all engines. */
const twinResults = new Map<string, Float32Array>();
function expected(m: number, n: number, k: number, options: Partial<GemmOptions> = {}): Float32Array {
  const key = JSON.stringify([m, n, k, options]);
  const result = twinResults.get(key) ?? product(typescriptEngine(), m, n, k, options);
  twinResults.set(key, result);
  return result;
}

describe.each(enginesUnderTest())('GEMM, $label', ({ engine }: { engine: KernelEngine }) => {
  test('by hand', () => {
    const c = new Float32Array(4).fill(10);
    const a = Float32Array.of(1, 2, 3, 4, 5, 6);
    const b = Float32Array.of(1, 0, 0, 1, 1, 1);
    engine.gemm({ m: 2, n: 2, k: 3, a, b, c });
    expect(Array.from(c)).toEqual([4, 5, 10, 11]);
    engine.gemm({ m: 2, n: 2, k: 3, a, b, c, alpha: 2, beta: -1 });
    expect(Array.from(c)).toEqual([4, 5, 10, 11]);
    engine.gemm({ m: 2, n: 2, k: 3, a, b, c, transposeA: true, transposeB: true });
    // Aᵀ of the stored [3, 2] is [[1, 3, 5], [2, 4, 6]], Bᵀ of the stored [2, 3] is [[1, 1], [0, 1], [0, 1]].
    expect(Array.from(c)).toEqual([1, 9, 2, 12]);
  });

  // The twin is not compared with itself.
  if (engine.name !== 'typescript') {
    test('agrees with the twin for every remainder and transposition', () => {
      const extents = [1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33];
      for (const m of extents)
        for (const n of extents)
          for (const k of [1, 4, 19]) {
            const options = {
              transposeA: (m + n) % 2 === 0,
              transposeB: (n + k) % 2 === 0,
              alpha: 0.5,
              beta: m % 2,
            };
            expect(product(engine, m, n, k, options)).toBeAllClose(expected(m, n, k, options), {
              rtol: 1e-5,
              atol: 1e-5,
            });
          }
    });

    test.each([
      [200, 150, 300],
      [64, 48, 1000],
      [1, 700, 300],
      [700, 1, 300],
    ])('agrees with the twin beyond one cache block: %d × %d × %d', (m, n, k) => {
      expect(product(engine, m, n, k)).toBeAllClose(expected(m, n, k), {
        rtol: 2e-5,
        atol: 2e-4,
      });
    });
  }

  test('beta = 0 ignores what C held, even NaN', () => {
    const c = new Float32Array(6).fill(NaN);
    expect(product(engine, 2, 3, 4, { c }).every(Number.isFinite)).toBe(true);
  });

  test('equal inputs give equal bits, at any address', () => {
    const once = product(engine, 21, 19, 40);
    const again = product(engine, 21, 19, 40, {
      a: misaligned(draws.subarray(1, 1 + 21 * 40)),
      b: misaligned(draws.subarray(7, 7 + 40 * 19), 3),
      c: misaligned(new Float32Array(21 * 19), 2),
    });
    expect(Array.from(again)).toEqual(Array.from(once));
  });

  test('a NaN reaches its row only', () => {
    const a = draws.slice(0, 5 * 6);
    a[2 * 6] = NaN;
    const c = product(engine, 5, 4, 6, { a });
    for (let i = 0; i < 5; i++) for (let j = 0; j < 4; j++) expect(Number.isNaN(c[i * 4 + j])).toBe(i === 2);
  });

  test('wrong lengths are refused by name', () => {
    const f = (length: number) => new Float32Array(length);
    expect(() => engine.gemm({ m: 2, n: 3, k: 4, a: f(7), b: f(12), c: f(6) })).toThrow('`a`');
    expect(() => engine.gemm({ m: 2, n: 3, k: 4, a: f(8), b: f(13), c: f(6) })).toThrow('`b`');
    expect(() => engine.gemm({ m: 2, n: 3, k: 4, a: f(8), b: f(12), c: f(5) })).toThrow('`c`');
    expect(() => engine.gemm({ m: 0, n: 3, k: 4, a: f(0), b: f(12), c: f(0) })).toThrow('`m`');
  });
});
