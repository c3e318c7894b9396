import { createKey } from '@metadescent/core';
import { typescriptGpsEngine, wasmGpsEngine } from '@metadescent/kernels/gps';
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
import {
  continueState,
  initialState,
  type GuidedPolicySearch,
  type GuidedPolicySearchState,
} from './state.js';
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

const mlp = mlpPolicy(engine, { hidden: [4], cloneSteps: 20, steps: 10 });
const noTrajectories: Environment['rollout'] = (_actor, dropped) => ({
  trajectories: 0,
  dropped,
  costs: new Float64Array(0),
  groups: [],
});

describe('stages', () => {
  test('a search goes on with the controllers of another one and a policy of its own, which clones them first', async () => {
    const first = await runGuidedPolicySearch(regulator({ nu: { initial: 0 } }), { iterations: 2 });
    const phases: string[] = [];
    const policy: typeof mlp = {
      ...mlp,
      fit(state, data, options) {
        phases.push(options.phase);
        return mlp.fit(state, data, options);
      },
    };
    const search = { ...regulator({ nu: { initial: 0.05 } }), policy };
    const start = continueState(search, first.state);
    expect(start.controllers).toBe(first.state.controllers);
    expect(start).toMatchObject({
      iteration: 2,
      eta: first.state.eta,
      stepMultiplier: first.state.stepMultiplier,
    });
    expect(Array.from(start.duals[0]!.nu)).toEqual(new Array(30).fill(0.05));
    const { state, records } = await runGuidedPolicySearch(search, { iterations: 3, state: start });
    expect(records.map(({ iteration }) => iteration)).toEqual([2]);
    expect(phases).toEqual(['clone', 'iteration']);
    expect(state.untrained).toBeUndefined();
  });

  test('a divergence before the first fit leaves the policy untrained, and the next iteration clones', async () => {
    const search = regulator();
    const broken = { ...search, environment: { ...search.environment, rollout: noTrajectories } };
    const { state } = await improve(broken, initialState(broken));
    expect(state.untrained).toBe(true);
    const { state: next } = await improve(search, state);
    expect(next.untrained).toBeUndefined();
    expect(next.policy.weights.some((x) => x !== 0)).toBe(true);
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
