import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import type { GroupSamples } from './environment.js';
import {
  actionScales,
  fitDynamics,
  type DynamicsFitOptions,
  type DynamicsStructure,
} from './fit-dynamics.js';
import { emptyMoments, groupMoments, momentsOf, type GroupMoments } from './moments.js';
import { randomController, randomDynamics } from './testing/random-problem.js';
import { linearGaussianSamples } from './testing/samples.js';
import { stateScales } from './units.js';

const engine = typescriptGpsEngine();
const options: DynamicsFitOptions = {
  ridge: 1e-9,
  actionRidge: 1e-9,
  window: 1,
  noiseFloor: 1e-10,
  initialVarianceFloor: 1e-6,
};
const size = { stateSize: 4, actionSize: 2, horizon: 3 };

function fit(
  samples: GroupSamples,
  structure?: DynamicsStructure,
  more: Partial<DynamicsFitOptions> = {},
  shape = size,
) {
  const moments = groupMoments(engine, samples, shape);
  return fitDynamics(engine, moments, stateScales(moments), actionScales(moments), {
    ...options,
    ...more,
    ...(structure && { structure }),
  });
}

/** Moments of no samples at all. */
function noData({ stateSize: D, actionSize: U, horizon: T }: typeof size): GroupMoments {
  return {
    stateSize: D,
    actionSize: U,
    signalCount: 0,
    steps: Array.from({ length: T }, () => emptyMoments(2 * D + U)),
    terminal: emptyMoments(D),
  };
}

describe('without structure', () => {
  const truth = { ...randomDynamics(createKey(1), size), F: new Float64Array(3 * 16) };
  const samples = linearGaussianSamples(truth, randomController(createKey(2), size), 200, createKey(3));

  test('noiseless linear dynamics come back', () => {
    const fitted = fit(samples);
    const close = { atol: 1e-5 };
    expect(fitted.A).toBeAllClose(truth.A, close);
    expect(fitted.B).toBeAllClose(truth.B, close);
    expect(fitted.c).toBeAllClose(truth.c, close);
    expect(Math.max(...fitted.F.map(Math.abs))).toBeLessThan(1e-6);
  });

  test('a strong prior at the truth keeps the truth, a strong wrong one moves the fit towards it', () => {
    const priorMean = new Float64Array(3 * 4 * 6);
    for (let row = 0; row < 12; row++) {
      priorMean.set(truth.A.subarray(row * 4, row * 4 + 4), row * 6);
      priorMean.set(truth.B.subarray(row * 2, row * 2 + 2), row * 6 + 4);
    }
    const at = fit(samples, { priorMean }, { ridge: 10, actionRidge: 10 });
    expect(at.A).toBeAllClose(truth.A, { atol: 1e-8 });
    expect(at.B).toBeAllClose(truth.B, { atol: 1e-8 });
    const shrunk = fit(samples, {}, { ridge: 1e8, actionRidge: 1e8 });
    expect(Math.max(...shrunk.A.map(Math.abs), ...shrunk.B.map(Math.abs))).toBeLessThan(1e-6);
  });

  test('with no data the fit is the prior mean, to the bit', () => {
    const priorMean = createKey(4).normal(3 * 4 * 6);
    const ones = (n: number) => new Float64Array(n).fill(1);
    const { A, B } = fitDynamics(engine, noData(size), ones(4), ones(2), {
      ...options,
      ridge: 1,
      actionRidge: 1,
      structure: { priorMean },
    });
    for (let row = 0; row < 12; row++) {
      expect(A.subarray(row * 4, row * 4 + 4)).toBeAllClose(priorMean.subarray(row * 6, row * 6 + 4), {
        rtol: 0,
        atol: 0,
      });
      expect(B.subarray(row * 2, row * 2 + 2)).toBeAllClose(priorMean.subarray(row * 6 + 4, row * 6 + 6), {
        rtol: 0,
        atol: 0,
      });
    }
  });

  test('the mean of the samples is reproduced exactly, pooled or not', () => {
    for (const window of [1, 3]) {
      const { A, B, c } = fit(samples, {}, { window, ridge: 0.1 });
      const moments = groupMoments(engine, samples, size);
      moments.steps.forEach(({ mean }, t) => {
        for (let i = 0; i < 4; i++) {
          let value = c[t * 4 + i]!;
          for (let j = 0; j < 4; j++) value += A[(t * 4 + i) * 4 + j]! * mean[j]!;
          for (let u = 0; u < 2; u++) value += B[(t * 4 + i) * 2 + u]! * mean[4 + u]!;
          expect(value).toBeCloseTo(mean[6 + i]!, 10);
        }
      });
    }
  });
});

describe('known structure holds exactly', () => {
  const shape = { stateSize: 4, actionSize: 1, horizon: 3 };
  const structure: DynamicsStructure = {
    knownRows: [{ row: 0, A: [{ column: 0, value: 1 }], B: [1], variance: 1e-12 }],
    actionRows: [0, 2],
    excludedColumns: [0],
    imposedB: [{ row: 2, B: Float64Array.of(0.3, 0.4, 0.5) }],
  };
  const samples = linearGaussianSamples(
    randomDynamics(createKey(5), shape),
    randomController(createKey(6), shape),
    60,
    createKey(7),
  );
  const fitted = fit(samples, structure, { ridge: 1e-3 }, shape);

  test('known rows, zero pattern, imposed B, excluded columns', () => {
    for (let t = 0; t < 3; t++) {
      expect(Array.from(fitted.A.subarray(t * 16, t * 16 + 4))).toEqual([1, 0, 0, 0]);
      expect(Array.from(fitted.B.subarray(t * 4, t * 4 + 4))).toEqual([
        1,
        0,
        structure.imposedB![0]!.B[t],
        0,
      ]);
      expect(fitted.c[t * 4]).toBe(0);
      expect(Array.from(fitted.F.subarray(t * 16, t * 16 + 4))).toEqual([1e-12, 0, 0, 0]);
      for (let i = 1; i < 4; i++) {
        expect(fitted.A[(t * 4 + i) * 4]).toBe(0);
        expect(fitted.F[(t * 4 + i) * 4]).toBe(0);
      }
    }
    expect(fitted.actionRows).toEqual([0, 2]);
  });

  test('A given B is the regression of s′ − Ba', () => {
    const moments = groupMoments(engine, samples, shape);
    const t = 1;
    const rows = 60;
    const block = new Float64Array(rows * 4);
    for (let r = 0; r < rows; r++) {
      for (let j = 1; j < 4; j++) block[r * 4 + j - 1] = samples.states(t)[r * 4 + j]!;
      block[r * 4 + 3] = samples.states(t + 1)[r * 4 + 2]! - 0.4 * samples.actions(t)[r]!;
    }
    const { covariance } = momentsOf(engine, 4, block);
    const scales = stateScales(moments);
    const gram = Float64Array.from(
      { length: 9 },
      (_, at) =>
        covariance[Math.floor(at / 3) * 4 + (at % 3)]! + (at % 4 === 0 ? 1e-3 * scales[1 + at / 4]! ** 2 : 0),
    );
    const w = Float64Array.from({ length: 3 }, (_, i) => covariance[i * 4 + 3]!);
    const factor = new Float64Array(9);
    engine.cholesky(3, gram, factor);
    engine.choleskySolve(3, factor, 1, w);
    expect(fitted.A.subarray((t * 4 + 2) * 4 + 1, (t * 4 + 2) * 4 + 4)).toBeAllClose(w, { rtol: 1e-10 });
  });

  test('an own precision of B shrinks that row’s B alone', () => {
    const actionPrecision = new Float64Array(12);
    for (let t = 0; t < 3; t++) actionPrecision[t * 4 + 1] = 1e6;
    const { B } = fit(samples, { actionPrecision }, {}, shape);
    const free = fit(samples, {}, { actionRidge: 0 }, shape);
    for (let t = 0; t < 3; t++) {
      expect(Math.abs(B[t * 4 + 1]!)).toBeLessThan(1e-5);
      for (const i of [0, 2, 3]) expect(B[t * 4 + i]).toBeCloseTo(free.B[t * 4 + i]!, 8);
    }
  });

  test('contradictions are refused', () => {
    expect(() =>
      fit(samples, { actionRows: [2], knownRows: [{ row: 0, A: [], B: [1] }] }, {}, shape),
    ).toThrow(/row 0 has a known non-zero B/);
    expect(() => fit(samples, { actionRows: [9] }, {}, shape)).toThrow(/actionRows.*9/);
    expect(() => fit(samples, { ridgeFactors: [1] }, {}, shape)).toThrow(/ridgeFactors must have 4/);
  });
});

describe('degenerate samples', () => {
  const shape = { stateSize: 6, actionSize: 2, horizon: 2 };
  const dynamics = randomDynamics(createKey(8), shape);
  const controller = randomController(createKey(9), shape);
  const finite = (fitted: ReturnType<typeof fit>) =>
    [fitted.A, fitted.B, fitted.c, fitted.F, fitted.initialCovariance].every((x) => x.every(Number.isFinite));

  test('fewer samples than dimensions', () => {
    expect(
      finite(
        fit(
          linearGaussianSamples(dynamics, controller, 3, createKey(1)),
          {},
          { ridge: 1e-3, actionRidge: 1e-3 },
          shape,
        ),
      ),
    ).toBe(true);
    expect(
      finite(
        fit(
          linearGaussianSamples(dynamics, controller, 1, createKey(1)),
          {},
          { ridge: 1e-3, actionRidge: 1e-3 },
          shape,
        ),
      ),
    ).toBe(true);
  });

  test('duplicated samples, and no ridge at all', () => {
    const one = linearGaussianSamples(dynamics, controller, 2, createKey(1));
    const twice = (values: Float64Array) => Float64Array.from([...values, ...values, ...values]);
    const repeated: GroupSamples = {
      ...one,
      rows: 6,
      states: (t) => twice(one.states(t)),
      actions: (t) => twice(one.actions(t)),
    };
    expect(finite(fit(repeated, {}, { ridge: 0, actionRidge: 0 }, shape))).toBe(true);
  });

  test('constant state dimensions, actions that never vary', () => {
    const base = linearGaussianSamples(dynamics, controller, 20, createKey(1));
    const constant: GroupSamples = {
      ...base,
      states: (t) => base.states(t).map((x, i) => (i % 6 === 2 ? 7 : i % 6 === 4 ? 0 : x)),
      actions: (t) => base.actions(t).fill(0.5),
    };
    const fitted = fit(constant, {}, { ridge: 1e-3, actionRidge: 1e-3 }, shape);
    expect(finite(fitted)).toBe(true);
    // Nothing to learn about an action that never varies.
    expect(fitted.B).toBeAllClose(new Float64Array(24), { atol: 1e-12 });
  });

  test('25 columns with one value per trajectory, of five trajectories only, get a ridge of their own', () => {
    const wide = { stateSize: 27, actionSize: 1, horizon: 2 };
    const [trajectories, coordinates] = [5, 12];
    const own = createKey(1);
    const states = Array.from({ length: 3 }, (_, t) => {
      const values = own.fold(t).normal(trajectories * coordinates * 27);
      const common = own
        .fold('common')
        .fold(t)
        .normal(trajectories * 25);
      return values.map((x, i) =>
        i % 27 < 25 ? common[Math.floor(i / 27 / coordinates) * 25 + (i % 27)]! : x,
      );
    });
    const group: GroupSamples = {
      rows: trajectories * coordinates,
      rowsPerTrajectory: coordinates,
      states: (t) => states[t]!,
      actions: (t) =>
        own
          .fold('action')
          .fold(t)
          .normal(trajectories * coordinates),
      observations: (t) => states[t]!,
    };
    const ridgeFactors = Array.from({ length: 27 }, (_, i) => (i < 25 ? coordinates : 1));
    const fitted = fit(group, { ridgeFactors }, { ridge: 1e-3 }, wide);
    expect(finite(fitted)).toBe(true);
    // Rank 4 of 25: what the data do not determine stays near the prior.
    expect(Math.max(...fitted.A.map(Math.abs))).toBeLessThan(3);
    expect(finite(fit(group, { ridgeFactors }, { ridge: 0, actionRidge: 0 }, wide))).toBe(true);
  });

  test('a NaN in the samples is refused with its step', () => {
    const base = linearGaussianSamples(dynamics, controller, 5, createKey(1));
    const broken: GroupSamples = {
      ...base,
      actions: (t) => (t === 1 ? base.actions(t).fill(NaN) : base.actions(t)),
    };
    expect(() => fit(broken, {}, {}, shape)).toThrow(/t = 1 is not finite/);
  });
});
