import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { givenCost } from './cost-expansion.js';
import type { Environment } from './environment.js';
import { improve } from './iteration.js';
import { zeroController } from './linear-gaussian.js';
import { parseOptions } from './options.js';
import { linearPolicy, type LinearPolicyState } from './policies/linear-policy.js';
import { runGuidedPolicySearch } from './run.js';
import { simulatedEnvironment } from './simulate.js';
import { initialState, type GuidedPolicySearch, type GuidedPolicySearchState } from './state.js';

const engine = typescriptGpsEngine();

describe('degenerate worlds end in named outcomes', () => {
  const size = { stateSize: 2, actionSize: 1, horizon: 4 };
  const world = (
    change: (state: Float64Array) => Float64Array,
    horizon = 4,
  ): GuidedPolicySearch<LinearPolicyState> => {
    const shape = { ...size, horizon };
    return {
      environment: simulatedEnvironment({
        ...shape,
        observationSize: 2,
        reset: (key) => change(Float64Array.of(1 + 0.1 * key.normal(1)[0]!, 3)),
        step: ([x, y], [a]) => change(Float64Array.of(x! + a!, y!)),
        cost: ([x]) => 0.5 * x! * x!,
      }),
      cost: givenCost({
        ...shape,
        state: {
          kind: 'factors',
          rank: 1,
          factor: Float64Array.from({ length: (horizon + 1) * 2 }, (_, i) => (i % 2 === 0 ? 1 : 0)),
          weight: new Float64Array(horizon + 1).fill(1),
        },
        d: new Float64Array((horizon + 1) * 2),
        h: new Float64Array(horizon + 1),
      }),
      initialControllers: [zeroController(shape, 0.01)],
      policy: linearPolicy(),
      engine,
      key: createKey(2),
      options: parseOptions({ trajectories: 10, klStep: 1, innerIterations: 1, nu: { initial: 1e-3 } }),
    };
  };
  const finite = ({ controllers, duals }: GuidedPolicySearchState<LinearPolicyState>) =>
    [controllers[0]!.K, controllers[0]!.k, controllers[0]!.G, duals[0]!.lambda, duals[0]!.nu].every((x) =>
      x.every(Number.isFinite),
    );

  test('a constant state dimension', async () => {
    const { state, records } = await runGuidedPolicySearch(
      world((s) => s),
      { iterations: 3 },
    );
    expect(finite(state)).toBe(true);
    expect(records.at(-1)!.sampledCost).toBeLessThan(records[0]!.sampledCost);
  });

  test('horizon 1', async () => {
    const { state, records } = await runGuidedPolicySearch(
      world((s) => s, 1),
      { iterations: 3 },
    );
    expect(finite(state)).toBe(true);
    expect(records.at(-1)!.sampledCost).toBeLessThan(records[0]!.sampledCost);
  });

  test('a nearly deterministic controller', async () => {
    const search = { ...world((s) => s), initialControllers: [zeroController(size, 1e-14)] };
    const { state, records } = await runGuidedPolicySearch(search, { iterations: 2 });
    expect(finite(state)).toBe(true);
    expect(records.every(({ groups }) => Number.isFinite(groups[0]!.kl))).toBe(true);
  });

  test('fewer samples than dimensions: one trajectory', async () => {
    const base = world((s) => s);
    const { state } = await runGuidedPolicySearch(
      { ...base, options: parseOptions({ trajectories: 1, innerIterations: 1 }) },
      { iterations: 2 },
    );
    expect(finite(state)).toBe(true);
  });

  test('duplicated samples: every trajectory is the same', async () => {
    const base = world((s) => s);
    const twins: Environment = {
      ...base.environment,
      async rollout(actor, trajectories, key) {
        const one = await base.environment.rollout(actor, 1, key);
        const repeat = (values: Float64Array) =>
          Float64Array.from({ length: trajectories * values.length }, (_, i) => values[i % values.length]!);
        return {
          trajectories,
          dropped: 0,
          costs: repeat(one.costs),
          groups: one.groups.map((group) => ({
            rows: trajectories,
            rowsPerTrajectory: 1,
            states: (t) => repeat(group.states(t)),
            actions: (t) => repeat(group.actions(t)),
            observations: (t) => repeat(group.observations(t)),
          })),
        };
      },
    };
    const { state, records } = await runGuidedPolicySearch(
      { ...base, environment: twins },
      { iterations: 3 },
    );
    expect(finite(state)).toBe(true);
    for (const { outcome, groups } of records) {
      expect(['improved', 'rejected']).toContain(outcome);
      expect(['converged', 'inactive', 'exhausted']).toContain(groups[0]!.outcome!.kind);
    }
  });

  test('the covariance of the policy has a floor, also under a nearly deterministic controller', async () => {
    const base = world((s) => s);
    const { state } = await runGuidedPolicySearch(
      {
        ...base,
        initialControllers: [zeroController(size, 1e-14)],
        options: parseOptions({ trajectories: 10, innerIterations: 1, policyModel: { floor: 0.5 } }),
      },
      { iterations: 1 },
    );
    expect(state.policyCovariances[0]![0]).toBe(0.25);
  });

  test('trajectories that turn non-finite are dropped, counted, and too many of them restore the best controllers', async () => {
    const search = world((s) => (s[0]! > 1.05 ? Float64Array.of(NaN, 3) : s));
    const { state, record } = await improve(search, initialState(search));
    expect(record.outcome).toBe('diverged');
    expect(record.dropped).toBeGreaterThan(2);
    expect(state.stepMultiplier).toBe(0.25);
    expect(state.controllers).toBe(search.initialControllers);
    expect(finite(state)).toBe(true);
  });

  test('a world without any trajectory that ends', async () => {
    const search = world(() => Float64Array.of(NaN, NaN));
    const { record } = await improve(search, initialState(search));
    expect(record).toMatchObject({ outcome: 'diverged', dropped: 10 });
  });

  test('a cost of negative curvature', async () => {
    const base = world((s) => s);
    const negative = givenCost({
      ...size,
      state: { kind: 'dense', C: Float64Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? -1 : 0)) },
      d: new Float64Array(10),
      h: new Float64Array(5),
    });
    const { state, records } = await runGuidedPolicySearch({ ...base, cost: negative }, { iterations: 2 });
    expect(finite(state)).toBe(true);
    expect(records.every(({ outcome }) => outcome === 'rejected' || outcome === 'improved')).toBe(true);
  });

  test('controllers that do not fit the environment are refused before anything runs', () => {
    expect(() => initialState({ ...world((s) => s), initialControllers: [] })).toThrow(
      /1 groups, but 0 initial controllers/,
    );
    expect(() =>
      initialState({ ...world((s) => s), initialControllers: [zeroController({ ...size, horizon: 9 }, 1)] }),
    ).toThrow(/horizon of the environment is 4, but initial controller 0 has 9/);
    expect(() => parseOptions({ klStep: -1, trajectories: 0 })).toThrow(/klStep[\s\S]*|trajectories/);
    expect(() => parseOptions({ dynamics: { window: 4 } })).toThrow(/odd/);
  });
});
