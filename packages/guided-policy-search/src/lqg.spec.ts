import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Matrix, inverse } from 'ml-matrix';
import { precisions, zeroController, type LinearGaussian } from './linear-gaussian.js';
import { createLqgSolver, type ControllerProblem } from './lqg.js';
import { total } from './statistics.js';
import { denseOptimum } from './testing/dense-optimum.js';
import { randomParts } from './testing/random-problem.js';

const engine = typescriptGpsEngine();

function solved(problem: ControllerProblem, eta: number): LinearGaussian {
  const result = createLqgSolver(engine, problem).solve(eta);
  if ('failedAt' in result) throw new Error(`no solution at ${result.failedAt}`);
  return result.controller;
}

test.each([
  { stateSize: 4, actionSize: 1, horizon: 10 },
  { stateSize: 4, actionSize: 2, horizon: 10 },
  { stateSize: 3, actionSize: 2, horizon: 1 },
])('without KL terms it is the optimum of the stacked quadratic programme: %o', (size) => {
  const { dynamics, cost } = randomParts('dense', size);
  const controller = solved({ dynamics, cost, previous: zeroController(size, 1), entropyBonus: 1e-12 }, 0);
  const { actions, states } = denseOptimum(dynamics, cost);
  const { stateSize: D, actionSize: U, horizon: T } = size;
  const ours = Float64Array.from({ length: T * U }, (_, at) => {
    const t = Math.floor(at / U);
    let a = controller.k[at]!;
    for (let i = 0; i < D; i++) a += controller.K[at * D + i]! * states[t * D + i]!;
    return a;
  });
  expect(ours).toBeAllClose(actions, { rtol: 1e-8, atol: 1e-9 });
});

/** The Lagrangian Σ E[c − λᵀa] + ν KL(ψ‖π̃) + η KL(ψ‖ψ'), by the forward pass. */
function lagrangian(problem: ControllerProblem, eta: number) {
  const solver = createLqgSolver(engine, problem);
  return (controller: LinearGaussian) => {
    const { cost, kl, policyKl, mean } = solver.evaluate(controller);
    const { actionSize: U, stateSize: D, horizon: T } = controller;
    let value = total(cost) + eta * total(kl);
    for (let t = 0; t < T; t++) {
      value += (problem.policy?.nu[t] ?? 0) * policyKl[t]!;
      for (let u = 0; u < U; u++) {
        let a = controller.k[t * U + u]!;
        for (let i = 0; i < D; i++) a += controller.K[(t * U + u) * D + i]! * mean[t * D + i]!;
        value -= (problem.lambda?.[t * U + u] ?? 0) * a;
      }
    }
    return value;
  };
}

test.each([
  { stateSize: 5, actionSize: 1, horizon: 6 },
  { stateSize: 4, actionSize: 2, horizon: 4 },
])('is stationary in K, k and G for time-varying ν, by central differences: %o', (size) => {
  const { model, nu, ...parts } = randomParts('stationary', size);
  const problem = { ...parts, policy: { model, nu } };
  const eta = 0.7;
  const best = solved(problem, eta);
  const value = lagrangian(problem, eta);
  const epsilon = 1e-5;
  for (const part of ['K', 'k', 'G'] as const) {
    for (let i = 0; i < best[part].length; i++) {
      const moved = (step: number) => {
        const values = best[part].slice();
        values[i]! += step;
        if (part === 'G') {
          // Keep G symmetric: move the mirrored entry along.
          const U = size.actionSize;
          const [row, column] = [Math.floor(i / U) % U, i % U];
          if (row !== column) values[i + (column - row) * (U - 1)]! += step;
        }
        return value({ ...best, [part]: values });
      };
      expect(Math.abs((moved(epsilon) - moved(-epsilon)) / (2 * epsilon))).toBeLessThan(1e-5);
    }
  }
});

test('the Joseph form of the value matrix is its Schur complement', () => {
  const size = { stateSize: 5, actionSize: 2, horizon: 6 };
  const { dynamics, cost, previous } = randomParts('joseph', size);
  const [D, U, T] = [5, 2, 6];
  const eta = 0.3;
  const { precision } = precisions(engine, previous);
  if (cost.state.kind !== 'dense') throw new Error('a dense cost is needed');
  const kernel = engine.lqg({ ...size, costRank: 'dense' });
  kernel.load({
    ...dynamics,
    cost: cost.state,
    d: cost.d,
    h: cost.h,
    action: cost.action!,
    previous: { K: previous.K, k: previous.k, precision },
    entropyWeight: new Float64Array(T),
  });
  const controller = {
    K: new Float64Array(T * U * D),
    k: new Float64Array(T * U),
    G: new Float64Array(T * U * U),
  };
  const values = { V: new Float64Array((T + 1) * D * D), v: new Float64Array((T + 1) * D) };
  expect(kernel.backward(eta, controller, values)).toBe(-1);
  const matrix = (rows: number, columns: number, array: Float64Array, t: number) =>
    Matrix.from1DArray(
      rows,
      columns,
      Array.from(array.subarray(t * rows * columns, (t + 1) * rows * columns)),
    );
  let V = matrix(D, D, values.V, T);
  for (let t = T - 1; t >= 0; t--) {
    const [A, B] = [matrix(D, D, dynamics.A, t), matrix(D, U, dynamics.B, t)];
    const [K, P] = [matrix(U, D, previous.K, t), matrix(U, U, precision, t).mul(eta)];
    const Qss = matrix(D, D, cost.state.C, t)
      .add(A.transpose().mmul(V).mmul(A))
      .add(K.transpose().mmul(P).mmul(K));
    const Qas = matrix(U, D, cost.action!.N, t).add(B.transpose().mmul(V).mmul(A)).sub(P.mmul(K));
    const Qaa = matrix(U, U, cost.action!.R, t).add(B.transpose().mmul(V).mmul(B)).add(P);
    V = Qss.sub(Qas.transpose().mmul(inverse(Qaa)).mmul(Qas));
    const joseph = values.V.subarray(t * D * D, (t + 1) * D * D);
    const norm = Math.max(...joseph.map(Math.abs));
    expect(joseph).toBeAllClose(V.to1DArray(), { rtol: 0, atol: 1e-9 * norm });
  }
});

test('the derivative of the dual function in η is the KL divergence', () => {
  const { model, nu, ...parts } = randomParts('dual', { stateSize: 5, actionSize: 2, horizon: 8 });
  const problem = { ...parts, policy: { model, nu } };
  for (const eta of [0.01, 0.3, 5]) {
    const dual = (x: number) => lagrangian(problem, x)(solved(problem, x));
    const step = 1e-4 * eta;
    const derivative = (dual(eta + step) - dual(eta - step)) / (2 * step);
    const kl = total(createLqgSolver(engine, problem).evaluate(solved(problem, eta)).kl);
    expect(Math.abs(derivative - kl)).toBeLessThan(1e-5 * kl);
  }
});

test('the KL divergence does not increase with η, whatever the problem', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      (seed, actionSize, withPolicy) => {
        const { model, nu, ...parts } = randomParts(`monotone ${seed}`, {
          stateSize: 4,
          actionSize,
          horizon: 5,
        });
        const solver = createLqgSolver(engine, withPolicy ? { ...parts, policy: { model, nu } } : parts);
        let before = Infinity;
        for (let i = 0; i < 17; i++) {
          const result = solver.solve(10 ** (-4 + i / 2));
          if ('failedAt' in result) throw new Error('no solution');
          const kl = total(solver.evaluate(result.controller).kl);
          expect(kl).toBeLessThanOrEqual(before + 1e-9);
          before = kl;
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('for large η the controller is the previous one', () => {
  const parts = randomParts('limit', { stateSize: 4, actionSize: 2, horizon: 5 });
  const controller = solved(parts, 1e12);
  expect(controller.K).toBeAllClose(parts.previous.K, { atol: 1e-9 });
  expect(controller.k).toBeAllClose(parts.previous.k, { atol: 1e-9 });
  expect(controller.G).toBeAllClose(parts.previous.G, { atol: 1e-9 });
});

test('every KL is zero between a controller and itself', () => {
  const parts = randomParts('self', { stateSize: 3, actionSize: 2, horizon: 4 });
  const { kl } = createLqgSolver(engine, parts).evaluate(parts.previous);
  expect(kl).toBeAllClose(new Float64Array(4), { atol: 1e-12 });
});

test('a covariance that is not positive definite is refused with its step', () => {
  const parts = randomParts('bad', { stateSize: 3, actionSize: 1, horizon: 4 });
  const G = parts.previous.G.slice();
  G[2] = 0;
  expect(() => createLqgSolver(engine, { ...parts, previous: { ...parts.previous, G } })).toThrow(
    /t = 2 is not positive definite/,
  );
  expect(() => zeroController({ stateSize: 1, actionSize: 1, horizon: 1 }, createKey(0).bits() * 0)).toThrow(
    /variance of action 0/,
  );
});
