import type { GpsEngine } from '@metadescent/kernels/gps';
import type { LinearDynamics } from '../dynamics.js';
import { stepLambda } from '../duals.js';
import type { LinearGaussian } from '../linear-gaussian.js';
import { precisions, zeroController } from '../linear-gaussian.js';
import { createLqgSolver } from '../lqg.js';
import { tablePolicy, type TableState } from '../policies/table-policy.js';
import type { PolicyFit } from '../policy.js';
import { policyCovariance, policyTargets, regressionWeights } from '../policy-targets.js';
import type { QuadraticCost } from '../quadratic-cost.js';
import { createKey } from '@metadescent/core';
import { samplesOf } from './samples.js';

const T = 10;
const ones = (n: number) => new Float64Array(n).fill(1);

/**
 * The toy whose answer is known: x' = x + a from x_0 = 0, cost Σ_{t=0…10} (x − 1)²/2, and a policy that can
 * only choose one constant action b, so that b* = Σ t / Σ t² = 1/7. Bregman ADMM with exact dynamics, fixed ν
 * and no trust region.
 *
 * `target: 'reference'` shifts the regression target by ν G λ, the mistake of the reference implementations,
 * instead of G λ / ν
 */
export function badmmToy(
  engine: GpsEngine,
  nu: Float64Array,
  iterations: number,
  {
    target = 'correct',
    rate = 0.2,
    cap = false,
  }: { target?: 'correct' | 'reference'; rate?: number; cap?: boolean } = {},
): { b: number; violation: number } {
  const size = { stateSize: 1, actionSize: 1, horizon: T };
  const dynamics: LinearDynamics = {
    ...size,
    A: ones(T),
    B: ones(T),
    c: new Float64Array(T),
    F: new Float64Array(T),
    initialMean: new Float64Array(1),
    initialCovariance: new Float64Array(1),
  };
  const cost: QuadraticCost = {
    ...size,
    state: { kind: 'dense', C: ones(T + 1) },
    d: ones(T + 1).map((x) => -x),
    h: ones(T + 1).map((x) => x / 2),
  };
  const policy = tablePolicy({ stationary: true });
  let state: TableState = policy.init({ ...size, observationSize: 1, groups: 1 }, createKey(0));
  let lambda: Float64Array = new Float64Array(T);
  let covariance: Float64Array = Float64Array.of(1);
  let violation = Infinity;
  for (let i = 0; i < iterations; i++) {
    const b = state.table[0]!;
    const model: LinearGaussian = { ...zeroController(size, covariance[0]!), k: new Float64Array(T).fill(b) };
    const solver = createLqgSolver(engine, {
      dynamics,
      cost,
      previous: zeroController(size, 1),
      policy: { model, nu },
      lambda,
    });
    const solved = solver.solve(0);
    if ('failedAt' in solved) return { b: NaN, violation: NaN };
    const { controller } = solved;
    const { mean } = solver.evaluate(controller);
    // The mean trajectory stands for the samples: everything is linear.
    const samples = samplesOf(
      1,
      Array.from(mean, (x) => Float64Array.of(x)),
      Array.from({ length: T }, (_, t) => Float64Array.of(mean[t + 1]! - mean[t]!)),
    );
    const data = policyTargets(engine, samples, controller, { lambda, nu }, cap);
    if (target === 'reference') {
      for (let t = 0; t < T; t++)
        data.targets[t] =
          controller.K[t]! * mean[t]! + controller.k[t]! - nu[t]! * controller.G[t]! * lambda[t]!;
    }
    ({ state } = policy.fit(state, [data], {
      key: createKey(0),
      phase: 'iteration',
    }) as PolicyFit<TableState>);
    covariance = policyCovariance(engine, controller, nu);
    const gap = Float64Array.from({ length: T }, (_, t) => state.table[0]! - (mean[t + 1]! - mean[t]!));
    violation = Math.max(...gap.map(Math.abs));
    const { capped } = regressionWeights(engine, controller, nu, cap);
    lambda = stepLambda({
      horizon: T,
      actionSize: 1,
      lambda,
      nu: nu.map((x, t) => x * capped[t]!),
      precision: precisions(engine, controller).precision,
      gap,
      rate,
      precondition: true,
      clip: Infinity,
    });
  }
  return { b: state.table[0]!, violation };
}
