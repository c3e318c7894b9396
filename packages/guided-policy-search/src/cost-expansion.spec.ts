import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { givenCost, leastSquaresCost, taylorCost, type CostContext } from './cost-expansion.js';
import type { GroupSamples } from './environment.js';
import { groupMoments } from './moments.js';
import { evaluateCost, stateCostAt } from './quadratic-cost.js';
import { rankOneCost, secantCurvature } from './rank-one-cost.js';
import { randomController, randomCost, randomDynamics } from './testing/random-problem.js';
import { linearGaussianSamples } from './testing/samples.js';
import { stateScales } from './units.js';

const engine = typescriptGpsEngine();
const size = { stateSize: 3, actionSize: 2, horizon: 4 };
const truth = randomCost(createKey(1), size);
const samples = linearGaussianSamples(
  randomDynamics(createKey(2), size),
  randomController(createKey(3), size),
  200,
  createKey(4),
);

function context(group: GroupSamples, costs: Float64Array = new Float64Array(0), shape = size): CostContext {
  const moments = groupMoments(engine, group, shape);
  return { ...shape, engine, group: 0, samples: group, costs, moments, scales: stateScales(moments) };
}

/** The true cost of every sample [trajectories, T + 1]. */
function sampledCosts(): Float64Array {
  const costs = new Float64Array(200 * 5);
  for (let t = 0; t <= 4; t++) {
    for (let r = 0; r < 200; r++) {
      const action = t < 4 ? samples.actions(t).subarray(r * 2, r * 2 + 2) : undefined;
      costs[r * 5 + t] = evaluateCost(truth, t, samples.states(t).subarray(r * 3, r * 3 + 3), action);
    }
  }
  return costs;
}

test('a given cost is itself', () => {
  expect(givenCost(truth)(context(samples))).toBe(truth);
});

test('the averaged Taylor expansion of a quadratic is that quadratic', () => {
  const expand = taylorCost((t, s, a) => {
    const C = stateCostAt(truth, t);
    const { R, N, r } = truth.action!;
    const state = Float64Array.from({ length: 3 }, (_, i) => {
      let g = truth.d[t * 3 + i]!;
      for (let j = 0; j < 3; j++) g += C[i * 3 + j]! * s[j]!;
      for (let u = 0; a && u < 2; u++) g += N[(t * 2 + u) * 3 + i]! * a[u]!;
      return g;
    });
    if (!a) return { value: evaluateCost(truth, t, s), state, stateState: C };
    const action = Float64Array.from({ length: 2 }, (_, u) => {
      let g = r[t * 2 + u]!;
      for (let w = 0; w < 2; w++) g += R[(t * 2 + u) * 2 + w]! * a[w]!;
      for (let i = 0; i < 3; i++) g += N[(t * 2 + u) * 3 + i]! * s[i]!;
      return g;
    });
    return {
      value: evaluateCost(truth, t, s, a),
      state,
      stateState: C,
      action,
      actionAction: R.subarray(t * 4, t * 4 + 4),
      actionState: N.subarray(t * 6, t * 6 + 6),
    };
  });
  const found = expand(context(samples));
  const close = { rtol: 1e-9, atol: 1e-9 };
  for (let t = 0; t <= 4; t++) expect(stateCostAt(found, t)).toBeAllClose(stateCostAt(truth, t), close);
  expect(found.d).toBeAllClose(truth.d, close);
  expect(found.h).toBeAllClose(truth.h, close);
  for (const part of ['R', 'N', 'r'] as const)
    expect(found.action![part]).toBeAllClose(truth.action![part], close);
});

test('negative curvature is clipped', () => {
  const found = taylorCost(() => ({ value: 0, state: [0, 0, 0], stateState: [1, 0, 0, 0, -1, 0, 0, 0, 2] }))(
    context(samples),
  );
  expect(stateCostAt(found, 0)).toBeAllClose([1, 0, 0, 0, 0, 0, 0, 0, 2], { atol: 1e-12 });
});

describe('least squares on sampled costs', () => {
  test('recovers a quadratic from its values', () => {
    const found = leastSquaresCost({ terms: 'full', ridge: 1e-10 })(context(samples, sampledCosts()));
    for (const t of [1, 4]) {
      for (let r = 0; r < 5; r++) {
        const state = samples.states(t).subarray(r * 3, r * 3 + 3);
        const action = t < 4 ? samples.actions(t).subarray(r * 2, r * 2 + 2) : undefined;
        expect(evaluateCost(found, t, state, action)).toBeCloseTo(evaluateCost(truth, t, state, action), 5);
      }
    }
  });
  test('with fewer samples than terms it stays finite and positive semidefinite', () => {
    const few: GroupSamples = {
      ...samples,
      rows: 4,
      states: (t) => samples.states(t).slice(0, 12),
      actions: (t) => samples.actions(t).slice(0, 8),
    };
    const found = leastSquaresCost({ terms: 'full' })(context(few, sampledCosts().slice(0, 20)));
    expect([...found.d, ...found.h].every(Number.isFinite)).toBe(true);
    for (let t = 0; t <= 4; t++) {
      const C = stateCostAt(found, t);
      for (let i = 0; i < 3; i++) C[i * 4]! += 1e-9;
      expect(engine.cholesky(3, C, C)).toBe(0);
    }
  });
});

describe('the rank-one cost', () => {
  const kappa = 3;
  const shape = { stateSize: 2, actionSize: 1, horizon: 3 };
  // State (x, g): the gradient κ (x − x*) of a separable quadratic is part of the state, x* differs from row to row.
  const rows = 100;
  const x = Array.from({ length: 4 }, (_, t) => createKey(5).fold(t).normal(rows));
  const best = createKey(6).normal(rows);
  const states = x.map((values) =>
    Float64Array.from({ length: 2 * rows }, (_, i) =>
      i % 2 === 0 ? values[i / 2]! : kappa * (values[(i - 1) / 2]! - best[(i - 1) / 2]!),
    ),
  );
  const group: GroupSamples = {
    rows,
    rowsPerTrajectory: rows,
    states: (t) => states[t]!,
    actions: () => createKey(7).normal(rows),
    observations: (t) => states[t]!,
    signals: (t) => states[t]!.filter((_, i) => i % 2 === 1),
    signalCount: 1,
  };

  test('reproduces f − f* and the Newton step of a separable quadratic', () => {
    const cost = rankOneCost({ kappa, ridge: 1e-14, excludedColumns: [0] })(context(group, undefined, shape));
    for (let t = 0; t <= 3; t++) {
      for (let r = 0; r < rows; r++) {
        const excess = 0.5 * kappa * (x[t]![r]! - best[r]!) ** 2;
        expect(Math.abs(evaluateCost(cost, t, states[t]!.subarray(2 * r, 2 * r + 2)) - excess)).toBeLessThan(
          1e-8 * (1 + excess),
        );
      }
      // Moving x by a moves g by κa: the minimiser of c̃ along (1, κ) is a = −g/κ.
      const C = stateCostAt(cost, t);
      const curvature = kappa * kappa * C[3]!;
      const s = states[t]!.subarray(0, 2);
      const slope = kappa * (C[2]! * s[0]! + C[3]! * s[1]! + cost.d[2 * t + 1]!);
      expect(-slope / curvature).toBeCloseTo(-s[1]! / kappa, 8);
    }
  });

  test('weight and κ scale it, the excluded column stays out', () => {
    const one = rankOneCost({ ridge: 1e-6 })(context(group, undefined, shape));
    const scaled = rankOneCost({ ridge: 1e-6, weight: [6], kappa: () => new Float64Array(4).fill(2) })(
      context(group, undefined, shape),
    );
    expect(stateCostAt(scaled, 1)).toBeAllClose(
      stateCostAt(one, 1).map((v) => 3 * v),
      { rtol: 1e-12 },
    );
    const without = rankOneCost({ excludedColumns: [0] })(context(group, undefined, shape));
    expect(stateCostAt(without, 1).subarray(0, 3)).toBeAllClose([0, 0, 0]);
  });

  test('without signals it says what is missing', () => {
    expect(() => rankOneCost()(context(samples))).toThrow(/carry 0; give them signals/);
  });

  test('secant curvature of a quadratic is the Rayleigh quotient', () => {
    const H = [2, 0.5, 0.5, 1];
    const a = createKey(8).normal(2);
    const b = createKey(9).normal(2);
    const gradient = (p: Float64Array) => [H[0]! * p[0]! + H[1]! * p[1]!, H[2]! * p[0]! + H[3]! * p[1]!];
    const step = [b[0]! - a[0]!, b[1]! - a[1]!] as const;
    const quotient =
      (H[0]! * step[0] ** 2 + 2 * H[1]! * step[0] * step[1] + H[3]! * step[1] ** 2) /
      (step[0] ** 2 + step[1] ** 2);
    expect(secantCurvature(a, b, gradient(a), gradient(b))).toBeCloseTo(quotient, 10);
    expect(secantCurvature(a, a, [1, 1], [1, 1])).toBe(0);
  });
});
