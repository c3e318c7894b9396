import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { Matrix, solve } from 'ml-matrix';
import { dynamicsMatrices } from '../dynamics.js';
import type { LinearGaussian } from '../linear-gaussian.js';
import { createLqgSolver } from '../lqg.js';
import { parseOptions, type GuidedPolicySearchInput } from '../options.js';
import { linearPolicy } from '../policies/linear-policy.js';
import { stateCostAt } from '../quadratic-cost.js';
import { runGuidedPolicySearch } from '../run.js';
import { total } from '../statistics.js';
import { linearRegulator, regulatorCost, regulatorDynamics } from './linear-regulator.js';

const engine = typescriptGpsEngine();
const dynamics = regulatorDynamics();
const cost = regulatorCost();
const { stateSize: D, actionSize: U, horizon: T } = dynamics;

/** Riccati recursion with ml-matrix: the expected cost of the best feedback law. */
function riccatiOptimum(): number {
  const at = (t: number) => Matrix.from1DArray(D, D, Array.from(stateCostAt(cost, t)));
  const R = Matrix.from1DArray(U, U, Array.from(cost.action!.R.subarray(0, U * U)));
  let V = at(T);
  let noise = 0;
  for (let t = T - 1; t >= 0; t--) {
    const { A, B, F } = dynamicsMatrices(dynamics, t);
    noise += 0.5 * V.mmul(F).trace();
    const BV = B.transpose().mmul(V);
    const gain = solve(Matrix.add(R, BV.mmul(B)), BV.mmul(A));
    V = Matrix.add(
      at(t),
      A.transpose()
        .mmul(V)
        .mmul(Matrix.sub(A, B.mmul(gain))),
    );
  }
  const mean = Matrix.columnVector(Array.from(dynamics.initialMean));
  const covariance = Matrix.from1DArray(D, D, Array.from(dynamics.initialCovariance));
  return noise + 0.5 * (V.mmul(covariance).trace() + mean.transpose().mmul(V).mmul(mean).get(0, 0));
}

/** The expected cost of the means of a controller under the true model: exact, no rollouts. */
function trueCost(controller: LinearGaussian): number {
  const quiet = { ...controller, G: controller.G.map((_, i) => (i % (U + 1) === 0 || U === 1 ? 1e-14 : 0)) };
  for (let t = 0; t < T; t++) quiet.G.set([1e-14, 0, 0, 1e-14], t * 4);
  return total(createLqgSolver(engine, { dynamics, cost, previous: quiet }).evaluate(quiet).cost);
}

async function run(input: GuidedPolicySearchInput, iterations: number) {
  const { environment, ...problem } = linearRegulator();
  const search = {
    environment,
    ...problem,
    policy: linearPolicy(),
    engine,
    key: createKey(1),
    options: parseOptions(input),
  };
  const { state, records } = await runGuidedPolicySearch(search, { iterations });
  const row = state.policy.weights;
  const policy: LinearGaussian = {
    ...state.controllers[0]!,
    K: Float64Array.from({ length: T * U * D }, (_, i) => row[(Math.floor(i / D) % U) * (D + 1) + (i % D)]!),
    k: Float64Array.from({ length: T * U }, (_, i) => row[(i % U) * (D + 1) + D]!),
  };
  return { records, controller: trueCost(state.controllers[0]!), policy: trueCost(policy) };
}

const fits = {
  trajectories: 40,
  freshSamples: true,
  klStep: 1,
  covariance: { floor: 0.1 },
  dynamics: { ridge: 1e-6, actionRidge: 1e-6, window: 21 },
} as const;

describe('linear-quadratic regulator with unknown dynamics', () => {
  const optimum = riccatiOptimum();

  test('LQG on the true model is the Riccati optimum', () => {
    const solver = createLqgSolver(engine, {
      dynamics,
      cost,
      previous: linearRegulator().initialControllers[0]!,
      entropyBonus: 1e-12,
    });
    const solved = solver.solve(0);
    expect('controller' in solved && trueCost(solved.controller)).toBeCloseTo(optimum, 8);
  });

  test.each([
    ['Bregman ADMM', { ...fits, nu: { initial: 1e-3 } }],
    // Comparing a prediction with the next samples needs common random numbers.
    [
      'Bregman ADMM, steps by prediction',
      {
        ...fits,
        freshSamples: false,
        trajectories: 100,
        nu: { initial: 1e-3, adapt: false },
        step: { rule: 'predicted' as const, max: 2 },
      },
    ],
    ['pure imitation (ν = 0)', { ...fits, innerIterations: 1, nu: { initial: 0 } }],
    ['mirror descent', { ...fits, mode: 'mirror-descent' as const }],
  ])('%s reaches the optimum within 1 %%', async (_name, input) => {
    const { controller, policy, records } = await run(input, 16);
    expect(controller).toBeLessThan(1.01 * optimum);
    expect(policy).toBeLessThan(1.03 * optimum);
    expect(
      records.every(
        ({ sampledCost, policyCost }) => Number.isFinite(sampledCost) && Number.isFinite(policyCost),
      ),
    ).toBe(true);
  });
});
