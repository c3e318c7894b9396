import { createKey } from '@metadescent/core';
import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import type { PsdMemory } from './accumulators.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { misaligned } from '../testing/random-arrays.js';
import { typescriptEngine } from '../engine/typescript-engine.js';

const twin = typescriptEngine().psdFeatures;

const normal = (seed: number, n: number, scale = 1) =>
  createKey(seed)
    .normal(n)
    .map((x) => scale * x);
const single = (values: ArrayLike<number>) => misaligned(Float32Array.from(values));

/** Ten steps of observations; gradients go through many magnitudes, and are 0 now and then. */
function observations({ psdFeatures }: Pick<KernelEngine, 'psdFeatures'>, n: number, averages: boolean) {
  const zeros = () => new Float32Array(n);
  const memory: PsdMemory = {
    gradient: zeros(),
    previous: zeros(),
    earlier: zeros(),
    ...(averages && { momentum: zeros(), square: zeros(), total: zeros() }),
  };
  const planes = misaligned(new Float32Array((averages ? 7 : 3) * n), 3);
  return Array.from({ length: 10 }, (_, t) => {
    const gradient = single(normal(t, n).map((g, j) => ((j + t) % 7 === 0 ? 0 : g * 10 ** ((j % 9) - 6))));
    psdFeatures.observe({
      t,
      change: 0.1 * t,
      scale: 16,
      gradient,
      parameters: single(normal(100 + t, n)),
      memory,
      planes,
    });
    return {
      planes: planes.slice(),
      memory: Object.fromEntries(Object.entries(memory).map(([name, array]) => [name, array.slice()])),
    };
  });
}

describe.each(enginesUnderTest())(
  'features of Predicted Step Descent, $label',
  ({ engine }: { engine: KernelEngine }) => {
    const { psdFeatures } = engine;

    test('Ψ has the bits of the twin at every step, and so has the memory', () => {
      for (const n of [1, 2, 7, 16, 33, 500])
        expect(observations(engine, n, false)).toEqual(observations({ psdFeatures: twin }, n, false));
    });

    test('the scale features agree with the twin: all but the logarithm bit for bit', () => {
      for (const n of [1, 5, 16, 500]) {
        const [own, other] = [observations(engine, n, true), observations({ psdFeatures: twin }, n, true)];
        own.forEach(({ planes, memory }, t) => {
          expect(memory).toEqual(other[t]!.memory);
          expect(planes.subarray(0, 6 * n)).toEqual(other[t]!.planes.subarray(0, 6 * n));
          expect(planes.subarray(6 * n)).toBeAllClose(other[t]!.planes.subarray(6 * n), {
            rtol: 1e-7,
            atol: 1e-8,
          });
        });
      }
    });

    test('closed form: a gradient that stays the same, an even walk', () => {
      const memory: PsdMemory = {
        gradient: new Float32Array(1),
        previous: new Float32Array(1),
        earlier: new Float32Array(1),
        momentum: new Float32Array(1),
        square: new Float32Array(1),
        total: new Float32Array(1),
      };
      const planes = new Float32Array(7);
      for (let t = 0; t < 4; t++)
        psdFeatures.observe({
          t,
          change: -0.5,
          scale: 4,
          gradient: Float32Array.of(-0.5),
          parameters: Float32Array.of(0.25 * t),
          memory,
          planes,
        });
      expect(planes).toBeAllClose([-0.5, -2 / 3, 0.25 / 0.35, -1, -1, -0.5, Math.log(2) / 5], { rtol: 1e-6 });
    });

    test('what is no number stays none', () => {
      const memory: PsdMemory = {
        gradient: new Float32Array(2),
        previous: new Float32Array(2),
        earlier: new Float32Array(2),
      };
      const planes = new Float32Array(6);
      psdFeatures.observe({
        t: 3,
        change: NaN,
        scale: 1,
        gradient: Float32Array.of(NaN, Infinity),
        parameters: Float32Array.of(0, NaN),
        memory,
        planes,
      });
      expect(Array.from(planes)).toEqual([NaN, NaN, NaN, Infinity, 0, NaN]);
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
      const inputs = run(psdFeatures);
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

    test('recent means and newest slots have the bits of the twin, also where arrays are one', () => {
      for (const n of [1, 3, 16, 301]) {
        const run = (kernels: typeof twin) => {
          const values = normal(3, 4 * n);
          const [mean, gradient, ratio, clamped] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
            Float64Array,
            Float64Array,
            Float64Array,
            Float64Array,
          ];
          kernels.recentMean({ values, oldest: 2, width: 3, scale: 16, mean });
          const [late, early] = [values.subarray(0, n), values.subarray(n, 2 * n)];
          kernels.gradientSlot(mean, mean, gradient);
          kernels.ratioSlot(late, early, mean, late, ratio);
          kernels.ratioSlot(mean, late, mean, late, clamped);
          return { mean, gradient, ratio, clamped };
        };
        const own = run(psdFeatures);
        expect(own).toEqual(run(twin));
        const values = normal(3, 4 * n);
        expect(own.mean[0]).toBeCloseTo((16 * (values[2 * n]! + values[3 * n]! + values[0]!)) / 3, 12);
        expect(own.clamped.every((x) => x >= 0 && x < 1)).toBe(true);
      }
    });

    test('states are put together from slots anywhere in memory, 0 where there are none', () => {
      const [gradient, ratio] = [normal(4, 60), normal(5, 60)];
      for (const count of [1, 8, 13]) {
        const states = new Float64Array(count * 11).fill(9);
        const iterates = normal(6, count);
        psdFeatures.states({
          rows: Int32Array.of(40, 7, -1, 20),
          objective: Float64Array.of(1, 2, 3),
          gradient,
          ratio,
          iterates,
          states,
        });
        for (let j = 0; j < count; j++)
          expect(Array.from(states.subarray(11 * j, 11 * j + 11))).toEqual([
            iterates[j],
            1,
            2,
            0,
            gradient[40 + j],
            gradient[7 + j],
            0,
            gradient[20 + j],
            ratio[40 + j],
            ratio[7 + j],
            0,
          ]);
      }
    });

    test('wrong arguments are refused by name', () => {
      const f32 = (n: number) => new Float32Array(n);
      const f64 = (n: number) => new Float64Array(n);
      const memory = { gradient: f32(3), previous: f32(3), earlier: f32(3) };
      const observe = (change: object) => () =>
        psdFeatures.observe({
          t: 0,
          change: 0,
          scale: 1,
          gradient: f32(3),
          parameters: f32(3),
          memory,
          planes: f32(9),
          ...change,
        });
      expect(observe({ parameters: f32(2) })).toThrow('`parameters`');
      expect(observe({ planes: f32(21) })).toThrow('`planes`');
      expect(observe({ t: -1 })).toThrow('`t`');
      expect(observe({ memory: { ...memory, earlier: f32(4) } })).toThrow('`memory.earlier`');
      expect(observe({ memory: { ...memory, square: f32(3) } })).toThrow('`memory.momentum`');
      const standardise = (change: object) => () =>
        psdFeatures.standardise({
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
      const recentMean = (change: object) => () =>
        psdFeatures.recentMean({ values: f64(6), oldest: 0, width: 1, scale: 1, mean: f64(3), ...change });
      expect(recentMean({ oldest: 2 })).toThrow('`oldest`');
      expect(recentMean({ width: 3 })).toThrow('`width`');
      expect(() => psdFeatures.gradientSlot(f64(2), f64(3), f64(2))).toThrow('`before`');
      expect(() => psdFeatures.ratioSlot(f64(2), f64(2), f64(2), f64(3), f64(2))).toThrow('`before`');
      const states = (change: object) => () =>
        psdFeatures.states({
          rows: Int32Array.of(0, 2),
          objective: f64(1),
          gradient: f64(4),
          ratio: f64(4),
          iterates: f64(2),
          states: f64(10),
          ...change,
        });
      expect(states({})).not.toThrow();
      expect(states({ rows: Int32Array.of(0, 3) })).toThrow('`rows[1]`');
      expect(states({ ratio: f64(1) })).toThrow('`rows[0]`');
      expect(states({ states: f64(9) })).toThrow('`states`');
    });
  },
);
