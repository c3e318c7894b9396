import { createKey } from '@metadescent/core';
import { describe, expect, test } from '@jest/globals';
import { gpsEnginesUnderTest } from '../testing/gps-engines-under-test.js';
import { positiveDefinite } from '../testing/gps-random-problem.js';

const transposed = (m: Float64Array, n: number) => m.map((_, at) => m[(at % n) * n + Math.floor(at / n)]!);
const normal = (name: string, n: number) => createKey(11).fold(name).normal(n);

describe.each(gpsEnginesUnderTest())('linear algebra, $label', ({ engine }) => {
  test.each([
    [1, 1, 1],
    [3, 5, 7],
    [16, 8, 4],
    [33, 17, 29],
    [77, 77, 77],
    [5, 155, 40],
  ])('gemm %ix%ix%i equals the defining sums, for every transposition', (m, n, k) => {
    const a = normal('a', m * k);
    const b = normal('b', k * n);
    const start = normal('c', m * n);
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const c = start.slice();
        engine.gemm({ m, n, k, a, b, c, transposeA, transposeB, alpha: 0.7, beta: -0.3 });
        const wanted = start.map((held, at) => {
          const i = Math.floor(at / n);
          const j = at % n;
          let sum = 0;
          for (let p = 0; p < k; p++)
            sum +=
              (transposeA ? a[p * m + i]! : a[i * k + p]!) * (transposeB ? b[j * k + p]! : b[p * n + j]!);
          return 0.7 * sum - 0.3 * held;
        });
        expect(c).toBeAllClose(wanted, { rtol: 1e-12, atol: 1e-12 });
      }
    }
  });

  test('gemm with beta 0 ignores what C held', () => {
    const c = new Float64Array(4).fill(NaN);
    engine.gemm({ m: 2, n: 2, k: 2, a: Float64Array.of(1, 2, 3, 4), b: Float64Array.of(5, 6, 7, 8), c });
    expect(c).toBeAllClose([19, 22, 43, 50]);
  });

  test.each([
    [1, 1],
    [10, 3],
    [100, 17],
    [301, 155],
  ])('syrk of %i rows of %i equals AᵀA, symmetric to the bit', (rows, n) => {
    const a = normal('a', rows * n);
    const offset = normal('offset', n);
    const c = normal('c', n * n);
    const start = c.slice();
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) start[j * n + i] = start[i * n + j]!;
    c.set(start);
    engine.syrk({ rows, n, a, c, offset, alpha: 0.5, beta: 2 });
    const wanted = start.map((held, at) => {
      const i = Math.floor(at / n);
      const j = at % n;
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += (a[r * n + i]! - offset[i]!) * (a[r * n + j]! - offset[j]!);
      return 0.5 * sum + 2 * held;
    });
    expect(c).toBeAllClose(wanted, { rtol: 1e-11, atol: 1e-10 });
    expect(c).toBeAllClose(transposed(c, n), { rtol: 0, atol: 0 });
  });

  test('syrk of no rows is zero', () => {
    const c = new Float64Array(9).fill(NaN);
    engine.syrk({ rows: 0, n: 3, a: new Float64Array(0), c });
    expect(c).toBeAllClose(new Float64Array(9));
  });

  test.each([
    [1, 1],
    [5, 3],
    [1001, 33],
  ])('column means of %i rows of %i', (rows, n) => {
    const a = normal('means', rows * n);
    const means = new Float64Array(n).fill(NaN);
    engine.columnMeans(rows, n, a, means);
    const wanted = means.map((_, j) => a.reduce((sum, x, at) => sum + (at % n === j ? x / rows : 0), 0));
    expect(means).toBeAllClose(wanted, { rtol: 1e-10, atol: 1e-13 });
  });

  test.each([1, 2, 7, 32, 77])('Cholesky of size %i: LLᵀ = A, zeros above, and solves invert', (n) => {
    const a = positiveDefinite(createKey(2), 1, n, 1);
    const factor = new Float64Array(n * n).fill(NaN);
    expect(engine.cholesky(n, a, factor)).toBe(0);
    const product = new Float64Array(n * n);
    engine.gemm({ m: n, n, k: n, a: factor, b: factor, c: product, transposeB: true });
    expect(product).toBeAllClose(a, { rtol: 1e-12, atol: 1e-13 });
    expect(factor.filter((x, at) => at % n > Math.floor(at / n) && x !== 0)).toHaveLength(0);
    const x = normal('x', n * 3);
    const b = new Float64Array(n * 3);
    engine.gemm({ m: n, n: 3, k: n, a, b: x, c: b });
    engine.choleskySolve(n, factor, 3, b);
    expect(b).toBeAllClose(x, { rtol: 1e-9, atol: 1e-9 });
    const inPlace = a.slice();
    expect(engine.cholesky(n, inPlace, inPlace)).toBe(0);
    expect(inPlace).toBeAllClose(factor, { rtol: 0, atol: 0 });
  });

  test('Cholesky names the first bad pivot', () => {
    const factor = new Float64Array(4);
    expect(engine.cholesky(2, Float64Array.of(1, 0, 2, 1), factor)).toBe(2);
    expect(engine.cholesky(2, Float64Array.of(-1, 0, 0, 1), factor)).toBe(1);
    expect(engine.cholesky(2, Float64Array.of(1, 0, NaN, 1), factor)).toBe(2);
  });

  test('wrong lengths are refused by name', () => {
    const three = new Float64Array(3);
    expect(() =>
      engine.gemm({ m: 2, n: 2, k: 2, a: three, b: new Float64Array(4), c: new Float64Array(4) }),
    ).toThrow(/gemm.*a.*4.*3/);
    expect(() => engine.syrk({ rows: 2, n: 2, a: new Float64Array(4), c: three })).toThrow(/syrk.*c.*4.*3/);
    expect(() => engine.cholesky(2, three, new Float64Array(4))).toThrow(/cholesky.*a.*4.*3/);
    expect(() => engine.choleskySolve(2, new Float64Array(4), 1, three)).toThrow(/choleskySolve.*b.*2.*3/);
  });
});
