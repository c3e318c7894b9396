import { createKey } from '@metadescent/core';
import { typescriptGpsEngine, wasmGpsEngine } from '@metadescent/kernels';
import { describe, expect, test } from '@jest/globals';
import { controllerActor } from './actors.js';
import { decodeState, encodeState } from './checkpoint.js';
import { givenCost, leastSquaresCost } from './cost-expansion.js';
import type { Environment } from './environment.js';
import { improve } from './iteration.js';
import { zeroController } from './linear-gaussian.js';
import { parseOptions, type GuidedPolicySearchInput } from './options.js';
import { linearPolicy, type LinearPolicyState } from './policies/linear-policy.js';
import { mlpPolicy } from './policies/mlp-policy.js';
import { linearRegulator } from './problems/linear-regulator.js';
import { runGuidedPolicySearch } from './run.js';
import { simulatedEnvironment } from './simulate.js';
import { initialState, type GuidedPolicySearch, type GuidedPolicySearchState } from './state.js';
import { runGroupTask, type GroupTaskMapper } from './tasks.js';

const engine = typescriptGpsEngine();

function regulator(input: GuidedPolicySearchInput = {}): GuidedPolicySearch<LinearPolicyState> {
  return {
    ...linearRegulator(),
    policy: linearPolicy(),
    engine,
    key: createKey(3),
    options: parseOptions({
      trajectories: 12,
      innerIterations: 2,
      freshSamples: true,
      covariance: { floor: 0.1 },
      ...input,
    }),
  };
}

const bytes = (state: GuidedPolicySearchState<never>) => Array.from(encodeState(state));

describe('reproducibility', () => {
  test.each<GuidedPolicySearchInput>([
    {},
    { mode: 'mirror-descent' },
    { step: { rule: 'predicted' } },
    { mixture: { clusters: 3 } },
  ])('same seed, same bits; saved and resumed, same bits: %o', async (input) => {
    const through = await runGuidedPolicySearch(regulator(input), { iterations: 4 });
    const again = await runGuidedPolicySearch(regulator(input), { iterations: 4 });
    expect(bytes(again.state as never)).toEqual(bytes(through.state as never));
    const stopped = await runGuidedPolicySearch(regulator(input), {
      iterations: 4,
      onIteration: ({ iteration }) => iteration < 1,
    });
    expect(stopped.state.iteration).toBe(2);
    const resumed = await runGuidedPolicySearch(regulator(input), {
      iterations: 4,
      state: decodeState<LinearPolicyState>(encodeState(stopped.state)),
    });
    expect(bytes(resumed.state as never)).toEqual(bytes(through.state as never));
    expect(resumed.records).toEqual(through.records.slice(2));
  });

  test('another seed gives another run', async () => {
    const a = await runGuidedPolicySearch(regulator(), { iterations: 1 });
    const b = await runGuidedPolicySearch({ ...regulator(), key: createKey(4) }, { iterations: 1 });
    expect(bytes(a.state as never)).not.toEqual(bytes(b.state as never));
  });

  test('nothing is changed in place', async () => {
    const search = regulator();
    const first = await improve(search, initialState(search));
    const before = bytes(first.state as never);
    await improve(search, first.state);
    expect(bytes(first.state as never)).toEqual(before);
  });

  test('groups may be solved anywhere, in any order', async () => {
    const scattered: GroupTaskMapper = async (tasks) => {
      const results = new Array(tasks.length);
      // Backwards, with an engine of its own, on copies such as a worker gets.
      for (let i = tasks.length - 1; i >= 0; i--)
        results[i] = structuredClone(runGroupTask(typescriptGpsEngine(), structuredClone(tasks[i]!)));
      return results;
    };
    const search = twoGroups();
    const inline = await runGuidedPolicySearch(search, { iterations: 3 });
    const mapped = await runGuidedPolicySearch({ ...search, map: scattered }, { iterations: 3 });
    expect(bytes(mapped.state as never)).toEqual(bytes(inline.state as never));
  });

  test('engines agree to rounding', async () => {
    const a = await runGuidedPolicySearch(regulator(), { iterations: 1 });
    const b = await runGuidedPolicySearch({ ...regulator(), engine: wasmGpsEngine() }, { iterations: 1 });
    expect(b.state.controllers[0]!.K).toBeAllClose(a.state.controllers[0]!.K, { rtol: 1e-6, atol: 1e-7 });
  });
});

/** Two masses that never meet, each with its own controller; costs per group unless hidden. */
function twoGroups(separable = true): GuidedPolicySearch<LinearPolicyState> {
  const size = { stateSize: 2, actionSize: 1, horizon: 8 };
  const full = simulatedEnvironment({
    ...size,
    observationSize: 2,
    groups: ['light', 'heavy'],
    reset: (key, group) => key.normal(2).map((x) => 1 + 0.2 * x + group),
    step: ([x, v], [a], _t) => Float64Array.of(x! + 0.2 * v!, 0.95 * v! + 0.2 * a!),
    cost: ([x, v], action) => 0.5 * (x! * x! + 0.1 * v! * v! + 0.05 * (action?.[0] ?? 0) ** 2),
  });
  const environment: Environment = separable
    ? full
    : {
        ...full,
        rollout: async (actor, n, key) => {
          const samples = await full.rollout(actor, n, key);
          return { ...samples, groups: samples.groups.map(({ costs: _, ...group }) => group) };
        },
      };
  const cost = givenCost({
    ...size,
    state: { kind: 'dense', C: Float64Array.from({ length: 9 * 4 }, (_, i) => [1, 0, 0, 0.1][i % 4]!) },
    d: new Float64Array(18),
    h: new Float64Array(9),
    action: { R: new Float64Array(8).fill(0.05), N: new Float64Array(16), r: new Float64Array(8) },
  });
  return {
    environment,
    cost,
    initialControllers: [zeroController(size, 0.3), zeroController(size, 0.3)],
    policy: linearPolicy(),
    engine,
    key: createKey(1),
    options: parseOptions({
      trajectories: 15,
      innerIterations: 1,
      klStep: 0.5,
      nu: { initial: 1e-3 },
      covariance: { floor: 0.05 },
    }),
  };
}

test('groups have their own controllers, records and acceptance, with and without separable costs', async () => {
  for (const separable of [true, false]) {
    const { state, records } = await runGuidedPolicySearch(twoGroups(separable), { iterations: 4 });
    expect(records.at(-1)!.sampledCost).toBeLessThan(0.85 * records[0]!.sampledCost);
    expect(records[0]!.groups.map(({ name }) => name)).toEqual(['light', 'heavy']);
    expect(records[0]!.groups.every(({ improved }) => improved === true)).toBe(true);
    expect(state.controllers[0]!.k).not.toEqual(state.controllers[1]!.k);
  }
});

test('records carry the numbers behind every outcome', async () => {
  const { records } = await runGuidedPolicySearch(regulator(), { iterations: 3 });
  for (const record of records) {
    const [group] = record.groups;
    expect(['improved', 'rejected']).toContain(record.outcome);
    expect(group!.outcome!.evaluations.length).toBeGreaterThan(0);
    expect(group!.epsilon).toBeCloseTo(0.2 * record.stepMultiplier * 30, 10);
    expect(group!.nu.length).toBe(30);
    expect(group!.lambda.length).toBe(60);
    expect(group!.policyKl.every((x) => x >= 0)).toBe(true);
    for (const x of [
      record.sampledCost,
      record.sampledCostError,
      record.policyCost!,
      group!.entropy,
      group!.kl,
      group!.predictedBefore,
      group!.predictedAfter,
    ])
      expect(Number.isFinite(x)).toBe(true);
  }
  expect(records[0]!.acceptance!.after).toBeLessThan(records[0]!.acceptance!.before);
});

test('costs known only by samples', async () => {
  const search = {
    ...regulator({ trajectories: 60, klStep: 0.5, dynamics: { ridge: 1e-6, actionRidge: 1e-6, window: 11 } }),
    cost: leastSquaresCost({ terms: 'diagonal' }),
  };
  const { records } = await runGuidedPolicySearch(search, { iterations: 4 });
  expect(records.at(-1)!.sampledCost).toBeLessThan(0.7 * records[0]!.sampledCost);
});

test('an MLP policy runs in the same loop', async () => {
  const search = {
    ...regulator({ innerIterations: 1 }),
    policy: mlpPolicy(engine, { hidden: [8], cloneSteps: 100, steps: 150 }),
  };
  const { state, records } = await runGuidedPolicySearch(search, { iterations: 3 });
  expect(records.at(-1)!.policyCost!).toBeLessThan(0.8 * records[0]!.sampledCost);
  const resumed = decodeState<typeof state.policy>(encodeState(state));
  expect(resumed.policy.whitening!.mean).toBeAllClose(state.policy.whitening!.mean, { rtol: 0, atol: 0 });
});

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

test('equal keys are common random numbers: an actor that ignores its noise sees the same world', async () => {
  const { environment, initialControllers } = linearRegulator();
  const actor = controllerActor(initialControllers, { noise: false });
  const a = await environment.rollout(actor, 3, createKey(5));
  const b = await environment.rollout(actor, 5, createKey(5));
  for (let t = 0; t <= environment.horizon; t++)
    expect(Array.from(b.groups[0]!.states(t).subarray(0, 12))).toEqual(Array.from(a.groups[0]!.states(t)));
});

test('gain noise is shared by all groups and rows, action noise is not', () => {
  const shape = { stateSize: 1, actionSize: 1, horizon: 2 };
  const constant = { ...zeroController(shape, 1), k: Float64Array.of(1, 1) };
  const act = (gainNoise: number, noise: boolean, group: number) => {
    const out = new Float64Array(3);
    controllerActor([constant, constant], { gainNoise, noise })
      .start(group, 3, createKey(1))
      .act(0, new Float64Array(3), new Float64Array(3), out);
    return Array.from(out);
  };
  const gains = act(0.5, false, 0);
  expect(new Set(gains).size).toBe(1);
  expect(gains[0]).not.toBe(1);
  expect(act(0.5, false, 1)).toEqual(gains);
  expect(new Set([...act(0, true, 0), ...act(0, true, 1)]).size).toBe(6);
});
