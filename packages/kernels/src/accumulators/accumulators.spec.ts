import { createKey } from '@metadescent/core';
import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { typescriptEngine } from '../engine/typescript-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { misaligned } from '../testing/random-arrays.js';
import type { Accumulators, RelativeChanges } from './accumulators.js';

const twin = typescriptEngine().accumulators;

const normal = (seed: number, n: number, scale = 1) =>
  createKey(seed)
    .normal(n)
    .map((x) => scale * x);
const single = (values: ArrayLike<number>) => misaligned(Float32Array.from(values));
const f32 = (n: number) => new Float32Array(n);
const f64 = (n: number) => new Float64Array(n);

const offsets = { gradientOffset: 1, movementOffset: 0.1 };
const decays = { momentumDecay: 0.9, squareDecay: 0.95, floor: 1e-12, logUnit: 5 };
const noChanges = (n: number) => ({ gradient: f32(n), previous: f32(n), earlier: f32(n) });
const noMoments = (n: number) => ({ momentum: f32(n), square: f32(n), total: f32(n) });

/** Ten steps; gradients go through many magnitudes, and are 0 now and then. */
function history(kernels: Accumulators, n: number) {
  const memory = noChanges(n);
  const averages = noMoments(n);
  const changes = misaligned(f32(2 * n), 3);
  const moments = misaligned(f32(4 * n), 1);
  return Array.from({ length: 10 }, (_, t) => {
    const gradient = single(normal(t, n).map((g, j) => ((j + t) % 7 === 0 ? 0 : g * 10 ** ((j % 9) - 6))));
    const parameters = single(normal(100 + t, n));
    kernels.relativeChanges({ t, scale: 16, gradient, parameters, memory, ...offsets, planes: changes });
    kernels.moments({ t, scale: 16, gradient, averages, ...decays, planes: moments });
    const held = Object.entries({ ...memory, ...averages }).map(([name, array]) => [name, array.slice()]);
    return { changes: changes.slice(), moments: moments.slice(), held };
  });
}

describe.each(enginesUnderTest())('accumulators, $label', ({ engine }: { engine: KernelEngine }) => {
  const kernels = engine.accumulators;

  test('changes, moments and what is held have the bits of the twin; the logarithm its first digits', () => {
    for (const n of [1, 2, 7, 16, 33, 500]) {
      const [own, other] = [history(kernels, n), history(twin, n)];
      own.forEach(({ changes, moments, held }, t) => {
        expect(held).toEqual(other[t]!.held);
        expect(changes).toEqual(other[t]!.changes);
        expect(moments.subarray(0, 3 * n)).toEqual(other[t]!.moments.subarray(0, 3 * n));
        expect(moments.subarray(3 * n)).toBeAllClose(other[t]!.moments.subarray(3 * n), {
          rtol: 1e-7,
          atol: 1e-8,
        });
      });
    }
  });

  test('closed form: a gradient that stays the same, an even walk', () => {
    const [memory, averages] = [noChanges(1), noMoments(1)];
    const [changes, moments] = [f32(2), f32(4)];
    for (let t = 0; t < 4; t++) {
      const gradient = Float32Array.of(-0.5);
      const parameters = Float32Array.of(0.25 * t);
      kernels.relativeChanges({ t, scale: 4, gradient, parameters, memory, ...offsets, planes: changes });
      kernels.moments({ t, scale: 4, gradient, averages, ...decays, planes: moments });
    }
    expect(changes).toBeAllClose([-2 / 3, 0.25 / 0.35], { rtol: 1e-6 });
    expect(moments).toBeAllClose([-1, -1, -0.5, Math.log(2) / 5], { rtol: 1e-6 });
  });

  test('decays, floor and unit are those that the caller gives', () => {
    const averages = noMoments(1);
    const planes = f32(4);
    const own = { momentumDecay: 0.5, squareDecay: 0.75, floor: 1, logUnit: 2 };
    for (const [t, g] of [2, -1].entries())
      kernels.moments({ t, scale: 1, gradient: Float32Array.of(g), averages, ...own, planes });
    // m = 0.5·(0.5·2) − 0.5, corrected by 1 − 0.5²; v = 0.75·(0.25·4) + 0.25, corrected by 1 − 0.75²; s = 5
    const root = Math.sqrt(1 / 0.4375) + 1;
    expect(planes).toBeAllClose([-1 / root, 0, -1 / (Math.sqrt(5) + 1), Math.log(root) / 2], {
      rtol: 1e-6,
      atol: 1e-7,
    });
  });

  test('what is no number stays none', () => {
    const planes = f32(4);
    kernels.relativeChanges({
      t: 3,
      scale: 1,
      gradient: Float32Array.of(NaN, Infinity),
      parameters: Float32Array.of(0, NaN),
      memory: noChanges(2),
      ...offsets,
      planes,
    });
    expect(Array.from(planes)).toEqual([NaN, Infinity, 0, NaN]);
  });

  test('inputs are standardised and clamped, in their columns alone', () => {
    const [planes, mean, deviation] = [
      single(normal(1, 3 * 20, 8)),
      normal(2, 3),
      Float64Array.of(0.5, 2, 1),
    ];
    planes[4] = NaN;
    const run = (kernels: typeof twin) => {
      const inputs = misaligned(new Float32Array(3 * 15).fill(-7), 1);
      kernels.standardise({ planes, first: 3, count: 11, mean, deviation, limit: 10, inputs, at: 2 });
      return inputs.slice();
    };
    const inputs = run(kernels);
    expect(inputs).toEqual(run(twin));
    expect(inputs[3]).toBeNaN();
    const expected = (i: number, j: number) =>
      j < 2 || j > 12
        ? -7
        : Math.max(-10, Math.min(10, (planes[i * 20 + j + 1]! - mean[i]!) / deviation[i]!));
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 15; j++)
        if (i > 0 || j !== 3) expect(inputs[i * 15 + j]).toBeCloseTo(expected(i, j), 5);
    expect(inputs).toContain(10);
    expect(inputs).toContain(-10);
  });

  test('ring means and ratios have the bits of the twin, also where arrays are one', () => {
    for (const n of [1, 3, 16, 301]) {
      const run = (kernels: typeof twin) => {
        const values = normal(3, 4 * n);
        const [mean, gradient, ratio, clamped] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
          Float64Array,
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        kernels.ringMean({ values, oldest: 2, width: 3, scale: 16, mean });
        const [late, early] = [values.subarray(0, n), values.subarray(n, 2 * n)];
        kernels.ratios({ now: mean, before: mean, offset: 1, ratio: gradient });
        kernels.changeRatios({ late, early, now: mean, before: late, offset: 0.1, ratio });
        kernels.changeRatios({
          late: mean,
          early: late,
          now: mean,
          before: late,
          offset: 0.1,
          ratio: clamped,
        });
        return { mean, gradient, ratio, clamped };
      };
      const own = run(kernels);
      expect(own).toEqual(run(twin));
      const values = normal(3, 4 * n);
      expect(own.mean[0]).toBeCloseTo((16 * (values[2 * n]! + values[3 * n]! + values[0]!)) / 3, 12);
      expect(own.clamped.every((x) => x >= 0 && x < 1)).toBe(true);
    }
  });

  test('columns anywhere in memory become rows, 0 where there are none', () => {
    const values = normal(4, 60);
    const numbers = Float64Array.of(1, 2, 3);
    for (const count of [1, 8, 13]) {
      const rows = f64(count * 6).fill(9);
      kernels.interleave({
        count,
        groups: [
          { values, starts: Int32Array.of(40, -1, 7) },
          { values: numbers, starts: Int32Array.of(2, -1, 0), shared: true },
        ],
        rows,
      });
      for (let j = 0; j < count; j++)
        expect(Array.from(rows.subarray(6 * j, 6 * j + 6))).toEqual([
          values[40 + j],
          0,
          values[7 + j],
          3,
          0,
          1,
        ]);
    }
  });

  test('any number of groups of columns', () => {
    const values = normal(5, 9);
    const starts = [4, 0, -1, 6, 2, 1, 3];
    const rows = f64(3 * 7);
    kernels.interleave({
      count: 3,
      groups: starts.map((start, i) => ({ values, starts: Int32Array.of(start), shared: i % 2 === 1 })),
      rows,
    });
    const expected = [0, 1, 2].flatMap((j) =>
      starts.map((start, i) => (start < 0 ? 0 : values[i % 2 === 1 ? start : start + j])),
    );
    expect(Array.from(rows)).toEqual(expected);
  });

  test('wrong arguments are refused by name', () => {
    const memory = noChanges(3);
    const changes = (change: Partial<RelativeChanges>) => () =>
      kernels.relativeChanges({
        t: 0,
        scale: 1,
        gradient: f32(3),
        parameters: f32(3),
        memory,
        ...offsets,
        planes: f32(6),
        ...change,
      });
    expect(changes({ parameters: f32(2) })).toThrow('`parameters`');
    expect(changes({ planes: f32(21) })).toThrow('`planes`');
    expect(changes({ t: -1 })).toThrow('`t`');
    expect(changes({ memory: { ...memory, earlier: f32(4) } })).toThrow('`memory.earlier`');
    const moments = (change: object) => () =>
      kernels.moments({
        t: 0,
        scale: 1,
        gradient: f32(3),
        averages: noMoments(3),
        ...decays,
        planes: f32(12),
        ...change,
      });
    expect(moments({})).not.toThrow();
    expect(moments({ averages: { ...noMoments(3), square: f32(2) } })).toThrow('`averages.square`');
    expect(moments({ momentumDecay: 1 })).toThrow('`momentumDecay` must lie in [0, 1)');
    expect(moments({ squareDecay: -0.1 })).toThrow('`squareDecay`');
    const standardise = (change: object) => () =>
      kernels.standardise({
        planes: f32(6),
        first: 0,
        count: 3,
        mean: f64(2),
        deviation: f64(2),
        limit: 1,
        inputs: f32(6),
        at: 0,
        ...change,
      });
    expect(standardise({ first: 1 })).toThrow('`first`');
    expect(standardise({ at: 1 })).toThrow('`at`');
    expect(standardise({ deviation: f64(3) })).toThrow('`deviation`');
    const ringMean = (change: object) => () =>
      kernels.ringMean({ values: f64(6), oldest: 0, width: 1, scale: 1, mean: f64(3), ...change });
    expect(ringMean({ oldest: 2 })).toThrow('`oldest`');
    expect(ringMean({ width: 3 })).toThrow('`width`');
    expect(() => kernels.ratios({ now: f64(2), before: f64(3), offset: 1, ratio: f64(2) })).toThrow(
      '`before`',
    );
    const four = { late: f64(2), early: f64(2), now: f64(2), before: f64(3) };
    expect(() => kernels.changeRatios({ ...four, offset: 1, ratio: f64(2) })).toThrow('`before`');
    const interleave =
      (starts: Int32Array, rows = f64(4), values = f64(4)) =>
      () =>
        kernels.interleave({ count: 2, groups: [{ values, starts }], rows });
    expect(interleave(Int32Array.of(0, 2))).not.toThrow();
    expect(interleave(Int32Array.of(0, 3))).toThrow('`groups[0].starts[1]`');
    expect(interleave(Int32Array.of(0, 2), f64(5))).toThrow('`rows`');
    expect(interleave(Int32Array.of(0, 2), f64(4), f64(1))).toThrow('`groups[0].starts[0]`');
  });
});
