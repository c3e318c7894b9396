import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { LqgProblem, LqgShape } from './gps-engine.js';
import { gpsEnginesUnderTest } from '../testing/gps-engines-under-test.js';
import {
  emptyController,
  emptyMoments,
  emptyValues,
  randomLqgProblem,
} from '../testing/gps-random-problem.js';
import { typescriptGpsEngine } from './gps-typescript.js';

interface LinearGaussianRows {
  K: number[][];
  k: number[];
  G: number[];
}
/** See `provenance` in the file. */
const oracle = JSON.parse(
  readFileSync(new URL('../testing/gps-lqg-oracle.json', import.meta.url), 'utf8'),
) as {
  D: number;
  T: number;
  eta: number;
  A: number[][][];
  B: number[][];
  c: number[][];
  F: number[][][];
  C: number[][][];
  d: number[][];
  mu0: number[];
  Sigma0: number[][];
  nu: number[];
  lam: number[];
  psiOld: LinearGaussianRows;
  piLin: LinearGaussianRows;
  expected: LinearGaussianRows & { V: number[][][]; v: number[][] };
  forward: {
    klPsiOldPerStep: number[];
    klPiPerStep: number[];
    expectedCostPerStep: number[];
    muT: number[];
    SigmaT: number[][];
  };
};

type Nested = number | readonly Nested[];
const flat = (nested: Nested): Float64Array => Float64Array.from([nested].flat(Infinity as 1) as number[]);

function oracleProblem(): { shape: LqgShape; problem: LqgProblem } {
  const { D, T } = oracle;
  const penalty = ({ K, k, G }: LinearGaussianRows, weight: readonly number[]) => ({
    K: flat(K),
    k: flat(k),
    precision: Float64Array.from(G, (g, t) => weight[t]! / g),
  });
  return {
    shape: { stateSize: D, actionSize: 1, horizon: T, costRank: 'dense' },
    problem: {
      A: flat(oracle.A),
      B: flat(oracle.B),
      c: flat(oracle.c),
      F: flat(oracle.F),
      initialMean: flat(oracle.mu0),
      initialCovariance: flat(oracle.Sigma0),
      cost: { C: flat(oracle.C) },
      d: flat(oracle.d),
      h: new Float64Array(T + 1),
      action: {
        R: new Float64Array(T),
        N: new Float64Array(T * D),
        r: Float64Array.from(oracle.lam, (x) => -x),
      },
      previous: penalty(oracle.psiOld, new Array<number>(T).fill(1)),
      policy: penalty(oracle.piLin, oracle.nu),
      entropyWeight: flat(oracle.nu),
    },
  };
}

describe.each(gpsEnginesUnderTest())('LQG, $label', ({ engine }) => {
  test('reproduces the independent oracle, backward and forward', () => {
    const { shape, problem } = oracleProblem();
    const kernel = engine.lqg(shape);
    kernel.load(problem);
    const controller = emptyController(shape);
    const values = emptyValues(shape);
    const moments = emptyMoments(shape);
    expect(kernel.backward(oracle.eta, controller, values)).toBe(-1);
    const close = { rtol: 1e-10, atol: 1e-12 };
    expect(controller.K).toBeAllClose(flat(oracle.expected.K), close);
    expect(controller.k).toBeAllClose(oracle.expected.k, close);
    expect(controller.G).toBeAllClose(oracle.expected.G, close);
    expect(values.V).toBeAllClose(flat(oracle.expected.V), close);
    expect(values.v).toBeAllClose(flat(oracle.expected.v), close);

    kernel.forward(controller, moments);
    const kl = oracle.expected.G.map(
      (g, t) => 0.5 * (moments.previous[t]! - 1 + Math.log(oracle.psiOld.G[t]! / g)),
    );
    const klPolicy = oracle.expected.G.map(
      (g, t) => 0.5 * (moments.policy[t]! / oracle.nu[t]! - 1 + Math.log(oracle.piLin.G[t]! / g)),
    );
    expect(kl).toBeAllClose(oracle.forward.klPsiOldPerStep, close);
    expect(klPolicy).toBeAllClose(oracle.forward.klPiPerStep, close);
    // The oracle's cost has no multiplier; take the −λᵀE[a] out again.
    const cost = moments.cost.map((value, t) => {
      if (t === oracle.T) return value;
      let a = controller.k[t]!;
      for (let i = 0; i < oracle.D; i++)
        a += controller.K[t * oracle.D + i]! * moments.mean[t * oracle.D + i]!;
      return value + oracle.lam[t]! * a;
    });
    expect(cost).toBeAllClose(oracle.forward.expectedCostPerStep, close);
    expect(moments.mean.subarray(oracle.T * oracle.D)).toBeAllClose(oracle.forward.muT, close);
    expect(moments.finalCovariance).toBeAllClose(flat(oracle.forward.SigmaT), close);
  });

  const shapes: [string, LqgShape, Parameters<typeof randomLqgProblem>[2]][] = [
    [
      'scalar action, rank one, sparse B',
      { stateSize: 19, actionSize: 1, horizon: 12, costRank: 1 },
      { actionRows: [0, 3, 7, 18], action: false },
    ],
    ['scalar action, one state', { stateSize: 1, actionSize: 1, horizon: 1, costRank: 1 }, {}],
    ['vector action, dense', { stateSize: 6, actionSize: 3, horizon: 9, costRank: 'dense' }, {}],
    [
      'vector action, rank 2, no policy',
      { stateSize: 33, actionSize: 2, horizon: 4, costRank: 2 },
      { policy: false },
    ],
    [
      'more actions than states',
      { stateSize: 2, actionSize: 5, horizon: 5, costRank: 'dense' },
      { action: false },
    ],
    [
      '77 states',
      { stateSize: 77, actionSize: 1, horizon: 3, costRank: 1 },
      { actionRows: [0, 1, 26, 52], policy: false },
    ],
    ['no state cost', { stateSize: 8, actionSize: 2, horizon: 3, costRank: 0 }, {}],
  ];

  test.each(shapes)('equals the TypeScript twin: %s', (name, shape, options) => {
    const problem = randomLqgProblem(name, shape, options);
    const run = (kernel: ReturnType<typeof engine.lqg>) => {
      kernel.load(problem);
      const controller = emptyController(shape);
      const values = emptyValues(shape);
      const moments = emptyMoments(shape);
      expect(kernel.backward(0.8, controller, values)).toBe(-1);
      kernel.forward(controller, moments);
      const again = emptyController(shape);
      expect(kernel.backward(0.8, again)).toBe(-1);
      expect(again.K).toBeAllClose(controller.K, { rtol: 0, atol: 0 });
      return { ...controller, ...values, ...moments };
    };
    const ours = run(engine.lqg(shape));
    const twin = run(typescriptGpsEngine().lqg(shape));
    for (const name of Object.keys(twin) as (keyof typeof twin)[]) {
      expect(ours[name]).toBeAllClose(twin[name], { rtol: 1e-9, atol: 1e-10 });
    }
  });

  test.each(shapes.filter(([, { horizon }]) => horizon <= 9))(
    'is stationary: central differences of the objective in K and k: %s',
    (name, shape, options) => {
      const problem = randomLqgProblem(name, shape, options);
      const kernel = engine.lqg(shape);
      kernel.load(problem);
      const eta = 0.8;
      const best = emptyController(shape);
      kernel.backward(eta, best);
      const moments = emptyMoments(shape);
      const objective = (controller: typeof best) => {
        kernel.forward(controller, moments);
        let sum = 0;
        for (const x of moments.cost) sum += x;
        for (let t = 0; t < shape.horizon; t++)
          sum += 0.5 * (moments.policy[t]! + eta * moments.previous[t]!);
        return sum;
      };
      const epsilon = 1e-4;
      const scale = Math.max(1, Math.abs(objective(best)));
      for (const part of ['K', 'k'] as const) {
        for (let i = 0; i < best[part].length; i += 1 + Math.floor(best[part].length / 20)) {
          const moved = { ...best, [part]: best[part].slice() };
          moved[part][i] = best[part][i]! + epsilon;
          const up = objective(moved);
          moved[part][i] = best[part][i]! - epsilon;
          const down = objective(moved);
          expect(Math.abs(up - down) / (2 * epsilon)).toBeLessThan(1e-6 * scale);
        }
      }
    },
  );

  test('values are symmetric and positive semidefinite where the cost is', () => {
    const shape: LqgShape = { stateSize: 12, actionSize: 2, horizon: 30, costRank: 1 };
    const kernel = engine.lqg(shape);
    kernel.load(randomLqgProblem('psd', shape, { action: false }));
    const values = emptyValues(shape);
    kernel.backward(0.1, emptyController(shape), values);
    for (let t = 0; t <= 30; t++) {
      const V = values.V.slice(t * 144, (t + 1) * 144);
      const mirrored = V.map((_, at) => V[(at % 12) * 12 + Math.floor(at / 12)]!);
      expect(V).toBeAllClose(mirrored, { rtol: 0, atol: 0 });
      const norm = Math.max(...V);
      for (let i = 0; i < 12; i++) V[i * 13]! += 1e-10 * norm;
      expect(engine.cholesky(12, V, V)).toBe(0);
    }
  });

  test('an indefinite Q_aa and a NaN are reported with their step, not returned', () => {
    const shape: LqgShape = { stateSize: 3, actionSize: 1, horizon: 5, costRank: 1 };
    const problem = randomLqgProblem('indefinite', shape, { action: false, policy: false });
    const kernel = engine.lqg(shape);
    const weight = (problem.cost as { weight: Float64Array }).weight;
    kernel.load({
      ...problem,
      cost: {
        factor: (problem.cost as { factor: Float64Array }).factor,
        weight: weight.map((w, t) => (t === 5 ? -100 : w)),
      },
    });
    expect(kernel.backward(1e-6, emptyController(shape))).toBe(4);
    kernel.load({ ...problem, A: problem.A.map((x, i) => (i === 2 * 9 + 4 ? NaN : x)) });
    expect(kernel.backward(1, emptyController(shape))).toBe(2);
  });

  test('use before load and wrong lengths are refused by name', () => {
    const shape: LqgShape = { stateSize: 3, actionSize: 1, horizon: 5, costRank: 1 };
    const kernel = engine.lqg(shape);
    expect(() => kernel.backward(1, emptyController(shape))).toThrow(/lqg.backward.*load/);
    const problem = randomLqgProblem('checks', shape);
    expect(() => kernel.load({ ...problem, A: new Float64Array(4) })).toThrow(/lqg.load: `A` .*45.* 4/);
    expect(() => kernel.load({ ...problem, actionRows: [2, 1] })).toThrow(/actionRows/);
    expect(() => kernel.load({ ...problem, cost: { C: new Float64Array(54) } })).toThrow(/factor/);
    expect(() => engine.lqg({ ...shape, horizon: 0 })).toThrow(/horizon/);
  });
});
