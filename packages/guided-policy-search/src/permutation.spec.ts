import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { controllerActor, policyActor } from './actors.js';
import type { Actor, Environment, GroupSamples, Samples } from './environment.js';
import { improve } from './iteration.js';
import { parseOptions, type GuidedPolicySearchInput } from './options.js';
import { linearPolicy } from './policies/linear-policy.js';
import { rankOneCost } from './rank-one-cost.js';
import { initialState } from './state.js';
import {
  gradientDescent,
  optimizationEnvironment,
  optimizationStructure,
  separableQuadratic,
} from './testing/optimization-environment.js';

/**
 * Coordinates of a group have no order (Li & Malik 2017, §3.5). An iteration on the same samples with the
 * coordinates of each trajectory in another order gives the same controllers and dual variables, and
 * everyone's actions in that other order.
 */
const engine = typescriptGpsEngine();
const HORIZON = 8;
const COORDINATES = 24;
const objective = separableQuadratic(COORDINATES, createKey(1));
const world = optimizationEnvironment(objective, HORIZON);
const order = createKey(2).permutation(COORDINATES);

/** Rows of every trajectory in the new order. */
function permuted(values: Float64Array, width: number): Float64Array {
  return Float64Array.from(values, (_, i) => {
    const row = Math.floor(i / width);
    const from = row - (row % COORDINATES) + order[row % COORDINATES]!;
    return values[from * width + (i % width)]!;
  });
}

const reordered = (group: GroupSamples): GroupSamples => ({
  ...group,
  states: (t) => permuted(group.states(t), world.stateSize),
  actions: (t) => permuted(group.actions(t), 1),
  observations: (t) => permuted(group.observations(t), world.observationSize),
  signals: (t) => permuted(group.signals!(t), 1),
});

async function iterated(samples: Samples, input: GuidedPolicySearchInput) {
  const environment: Environment = { ...world, rollout: () => samples };
  const policy = linearPolicy();
  const search = {
    environment,
    policy,
    engine,
    key: createKey(3),
    cost: rankOneCost({ weight: [COORDINATES], excludedColumns: [0] }),
    structure: optimizationStructure(1, HORIZON),
    initialControllers: [gradientDescent(0.1, 0.05, HORIZON)],
    options: parseOptions({
      step: { rule: 'fixed' },
      evaluatePolicy: false,
      nu: { initial: 0.01 },
      ...input,
    }),
  };
  const first = await improve(search, initialState(search));
  const { state } = await improve(search, first.state);
  const { rows, states, observations } = samples.groups[0]!;
  const actionsOf = (actor: Actor) => {
    const row = actor.start(0, rows, createKey(4));
    const actions = new Float64Array(HORIZON * rows);
    for (let t = 0; t < HORIZON; t++)
      row.act(t, states(t), observations(t), actions.subarray(t * rows, (t + 1) * rows));
    return actions;
  };
  return {
    state,
    controllerActions: actionsOf(controllerActor(state.controllers, { noise: false })),
    policyActions: actionsOf(policyActor(policy, state.policy)),
  };
}

test.each<GuidedPolicySearchInput>([{}, { mode: 'mirror-descent' }])(
  'permuting coordinates within a group permutes actions and changes nothing else: %o',
  async (input) => {
    const samples = await world.rollout(
      controllerActor([gradientDescent(0.1, 0.05, HORIZON)]),
      4,
      createKey(5),
    );
    const [group] = samples.groups as [GroupSamples];
    const there = await iterated(samples, input);
    const here = await iterated({ ...samples, groups: [reordered(group)] }, input);
    const close = { rtol: 1e-10, atol: 1e-10 };
    for (const part of ['K', 'k', 'G'] as const)
      expect(here.state.controllers[0]![part]).toBeAllClose(there.state.controllers[0]![part], close);
    expect(there.state.controllers[0]!.K).not.toBeAllClose(gradientDescent(0.1, 0.05, HORIZON).K, {
      atol: 1e-3,
    });
    for (const part of ['lambda', 'nu'] as const)
      expect(here.state.duals[0]![part]).toBeAllClose(there.state.duals[0]![part], close);
    expect(here.controllerActions).toBeAllClose(permuted(there.controllerActions, 1), close);
    expect(here.policyActions).toBeAllClose(permuted(there.policyActions, 1), close);
    expect(here.controllerActions).not.toBeAllClose(there.controllerActions, { atol: 1e-3 });
  },
);
