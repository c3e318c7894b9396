import { createKey } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { wasmGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { meanCost } from './acceptance.js';
import { controllerActor, policyActor } from './actors.js';
import { parseOptions } from './options.js';
import { linearPolicy } from './policies/linear-policy.js';
import { mlpPolicy } from './policies/mlp-policy.js';
import type { Policy } from './policy.js';
import { rankOneCost } from './rank-one-cost.js';
import { runGuidedPolicySearch } from './run.js';
import {
  classifier,
  gradientDescent,
  optimizationEnvironment,
  optimizationStructure,
  separableQuadratic,
  type Objective,
} from './testing/optimization-environment.js';

const engine = wasmGpsEngine();

async function learn<S>(
  objective: Objective,
  horizon: number,
  rate: number,
  policy: Policy<S>,
  seed: number,
  iterations: number,
  trajectories: number,
) {
  const environment = optimizationEnvironment(objective, horizon);
  const search = {
    environment,
    policy,
    engine,
    key: createKey(seed),
    cost: rankOneCost({ weight: objective.groups.map(() => objective.size), excludedColumns: [0] }),
    structure: optimizationStructure(1, horizon),
    initialControllers: objective.groups.map(() => gradientDescent(rate, 0.05, horizon)),
    options: parseOptions({
      trajectories,
      klStep: 0.1,
      innerIterations: 2,
      nu: { initial: 0.01 },
      dynamics: { window: 5 },
      covariance: { relativeFloor: 0.05, relativeCap: 1 },
      evaluatePolicy: false,
    }),
  };
  const { state, records } = await runGuidedPolicySearch(search, { iterations });
  const held = createKey(1000 + seed);
  const measure = async (actor: Parameters<typeof environment.rollout>[0]) =>
    meanCost(await environment.rollout(actor, 20, held)) / (horizon + 1);
  return {
    records,
    start: await measure(controllerActor(search.initialControllers, { noise: false })),
    controller: await measure(controllerActor(state.controllers, { noise: false })),
    policy: await measure(policyActor(policy, state.policy)),
    constantGain: async (gains: readonly number[]) => {
      let best = Infinity;
      for (const gain of gains)
        best = Math.min(
          best,
          await measure(
            controllerActor(
              objective.groups.map(() => gradientDescent(gain, 1, horizon)),
              { noise: false },
            ),
          ),
        );
      return best;
    },
  };
}

describe.each([0, 1, 2])('seed %i', (seed) => {
  test('shared controllers beat the best constant gain on separable quadratics', async () => {
    const result = await learn(
      separableQuadratic(200, createKey(seed)),
      20,
      0.1,
      linearPolicy(),
      seed,
      10,
      5,
    );
    const gains = Array.from({ length: 30 }, (_, i) => 0.05 * (i + 1));
    const constant = await result.constantGain(gains);
    expect(result.controller).toBeLessThan(0.97 * constant);
  });

  test('four groups of an 8-6-3 network: at least 15 % better than ψ_0 after 6 iterations, the policy within 10 % of ψ', async () => {
    const objective = classifier(
      typescriptEngine().mlp({ sizes: [8, 6, 3], activation: 'relu', loss: 'softmax-cross-entropy' }),
      createKey(seed),
    );
    const result = await learn(
      objective,
      40,
      0.1,
      mlpPolicy(engine, { hidden: [12], cloneSteps: 500, steps: 200 }),
      seed,
      6,
      10,
    );
    expect(result.controller).toBeLessThan(0.85 * result.start);
    expect(result.policy).toBeLessThan(1.1 * result.controller);
    for (const { groups, sampledCost } of result.records) {
      expect(Number.isFinite(sampledCost)).toBe(true);
      expect(groups.length).toBe(4);
    }
  });

  test('logistic regression: monotone to about 60 % of the start within 6 iterations', async () => {
    const objective = classifier(
      typescriptEngine().mlp({ sizes: [4, 2], activation: 'relu', loss: 'softmax-cross-entropy' }),
      createKey(seed),
    );
    const { records } = await learn(objective, 40, 0.05, linearPolicy(), seed, 7, 10);
    // What no optimizer can undercut: the minimum of f, paid at every step.
    const x = new Float64Array(objective.size);
    const gradient = new Float64Array(objective.size);
    let least = Infinity;
    for (let i = 0; i < 3000; i++) {
      least = objective.exact(x, gradient);
      for (let j = 0; j < x.length; j++) x[j]! -= gradient[j]!;
    }
    const costs = records.map(({ sampledCost }) => sampledCost - 41 * least);
    for (let i = 1; i < costs.length; i++) expect(costs[i]!).toBeLessThan(1.03 * costs[i - 1]!);
    expect(costs.at(-1)!).toBeLessThan(0.6 * costs[0]!);
  });
});
