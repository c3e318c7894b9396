import { createKey } from '@metadescent/core';
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  featuresWithin,
  paperFeatures,
  stateSizeOf,
  stateSlots,
  type FeatureShape,
} from './feature-shape.js';
import { observationFeatures, recentMean, stateFeatures } from './state-features.js';
import { column, randomHistory } from './testing/random-history.js';

/** From an independent transcription of Li & Malik 2017, §3.6 in double precision (numpy). */
const oracle = JSON.parse(readFileSync(new URL('./oracles/gps-features.json', import.meta.url), 'utf8')) as {
  x: number[][];
  grad: number[][];
  f: number[];
  cases: { t: number; coordinate: number; phi: number[]; psi: number[]; state: number[] }[];
};

const history = randomHistory(createKey(1), 145, 2);
const historyOf = (j: number) => ({
  iterates: column(history.iterates, j),
  gradients: column(history.gradients, j),
  objectives: history.objectives,
});
const slots = stateSlots(paperFeatures);

describe('independent numbers', () => {
  test.each(oracle.cases.map((known) => [known.t, known.coordinate, known] as const))(
    't = %i, coordinate %i',
    (t, j, { psi, state }) => {
      const one = {
        iterates: oracle.x.map((row) => row[j]!),
        gradients: oracle.grad.map((row) => row[j]!),
        objectives: oracle.f,
      };
      expect(stateFeatures(paperFeatures, t, one)).toBeAllClose(state, { rtol: 1e-12, atol: 1e-12 });
      expect(observationFeatures(t, one)).toBeAllClose(psi, { rtol: 1e-12, atol: 1e-12 });
    },
  );
});

test('25 + 26 + 25 features and the iterate', () => {
  expect(stateSizeOf(paperFeatures)).toBe(77);
  expect([slots.gradient - slots.objective, slots.ratio - slots.gradient, 77 - slots.ratio]).toEqual([
    25, 26, 25,
  ]);
});

/** Which recent means a slot is made of, as [numerator …, denominator …]; undefined slots are absent. */
function pairs(t: number) {
  const r = t % 5;
  const at = <V>(count: number, value: (i: number) => V | undefined) =>
    Array.from({ length: count }, (_, i) => value(i));
  return {
    objective: at(25, (i) => (t - 5 * (i + 1) >= 0 ? [t - 5 * i, t - 5 * (i + 1)] : undefined)),
    gradient: at(26, (i) => (t - 5 * i >= 0 ? [t - 5 * i, Math.max(t - 5 * (i + 1), r)] : undefined)),
    ratio: at(25, (i) =>
      t - 5 * (i + 1) >= 0
        ? [Math.max(t - 5 * (i + 1), r + 5), Math.max(t - 5 * (i + 2), r), t - 5 * i, t - 5 * (i + 1)]
        : undefined,
    ),
  };
}

test('the index pairs of t = 5 and t = 12', () => {
  expect(pairs(5).objective.filter(Boolean)).toEqual([[5, 0]]);
  expect(pairs(5).gradient.filter(Boolean)).toEqual([
    [5, 0],
    [0, 0],
  ]);
  expect(pairs(5).ratio.filter(Boolean)).toEqual([[5, 0, 5, 0]]);
  expect(pairs(12).objective.filter(Boolean)).toEqual([
    [12, 7],
    [7, 2],
  ]);
  expect(pairs(12).gradient.filter(Boolean)).toEqual([
    [12, 7],
    [7, 2],
    [2, 2],
  ]);
  expect(pairs(12).ratio.filter(Boolean)).toEqual([
    [7, 2, 12, 7],
    [7, 2, 7, 2],
  ]);
});

test('every slot at every t ≤ 140 is what its index pair says, and 0 where it has none', () => {
  const one = historyOf(0);
  const mean = (values: ArrayLike<number>) => (i: number) => recentMean(values, i, 3);
  const [x, g, f] = [mean(one.iterates), mean(one.gradients), mean(one.objectives)];
  for (let t = 0; t <= 140; t++) {
    const known = pairs(t);
    const expected = [
      one.iterates[t]!,
      ...known.objective.map((p) => (p ? (f(p[0]!) - f(p[1]!)) / f(p[1]!) : 0)),
      ...known.gradient.map((p) => (p ? g(p[0]!) / (Math.abs(g(p[1]!)) + 1) : 0)),
      ...known.ratio.map((p) =>
        p ? Math.abs(x(p[0]!) - x(p[1]!)) / (Math.abs(x(p[2]!) - x(p[3]!)) + 0.1) : 0,
      ),
    ];
    expect(stateFeatures(paperFeatures, t, one)).toBeAllClose(expected, { rtol: 1e-13, atol: 1e-13 });
  }
  expect(Object.values(pairs(124)).flat().includes(undefined)).toBe(true);
  expect(Object.values(pairs(125)).flat().includes(undefined)).toBe(false);
});

test('linear motion gives closed forms', () => {
  const line = (slope: number) => Float64Array.from({ length: 200 }, (_, t) => slope * t);
  const one = { iterates: line(0.2), gradients: line(3), objectives: line(1).map((f) => f + 50) };
  const state = stateFeatures(paperFeatures, 180, one);
  for (let i = 0; i < 25; i++) {
    const at = 180 - 5 * i - 1;
    expect(state[slots.objective + i]!).toBeCloseTo(5 / (at + 45), 12);
    expect(state[slots.gradient + i]!).toBeCloseTo((3 * at) / (3 * (at - 5) + 1), 12);
    expect(state[slots.ratio + i]!).toBeCloseTo(1 / 1.1, 12);
  }
});

const shapes: FeatureShape[] = [
  paperFeatures,
  { history: 5, stride: 5, window: 3 },
  { history: 4, stride: 3, window: 2 },
  { history: 3, stride: 1, window: 1 },
];
describe.each(shapes)('shape %j', (shape) => {
  const at = stateSlots(shape);
  const { history: H, stride: S } = shape;

  test('slot i at t + S is slot i − 1 at t, in all families', () => {
    for (let t = 0; t <= 140 - S; t++) {
      const [now, later] = [stateFeatures(shape, t, historyOf(0)), stateFeatures(shape, t + S, historyOf(0))];
      for (const [family, count] of [
        [at.objective, H],
        [at.gradient, H + 1],
        [at.ratio, H],
      ] as const)
        expect(later.subarray(family + 1, family + count)).toBeAllClose(
          now.subarray(family, family + count - 1),
          { rtol: 0, atol: 0 },
        );
    }
  });

  test('what happens at t changes x and the first slot of each family alone', () => {
    for (let t = 0; t <= 140; t += 7) {
      const one = historyOf(0);
      const before = stateFeatures(shape, t, one);
      one.iterates[t]! += 0.3;
      one.gradients[t]! += 0.3;
      one.objectives[t]! += 0.3;
      const after = stateFeatures(shape, t, one);
      const touched = [at.iterate, at.objective, at.gradient, at.ratio];
      before.forEach((value, i) => {
        if (!touched.includes(i)) expect(after[i]).toBe(value);
      });
      expect(after[at.gradient]).not.toBe(before[at.gradient]);
    }
  });
});

test('a short horizon needs no slots that would stay 0', () => {
  const shape = featuresWithin(paperFeatures, 40);
  const [whole, at] = [stateFeatures(paperFeatures, 40, historyOf(0)), stateSlots(shape)];
  const part = stateFeatures(shape, 40, historyOf(0));
  expect(whole.subarray(slots.gradient, slots.gradient + shape.history + 1)).toEqual(
    part.subarray(at.gradient, at.gradient + shape.history + 1),
  );
  expect(whole.filter((value) => value !== 0).length).toBe(part.filter((value) => value !== 0).length);
  expect(part.length).toBeLessThan(30);
});
