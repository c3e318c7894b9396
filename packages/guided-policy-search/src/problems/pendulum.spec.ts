import { createKey } from '@metadescent/core';
import { wasmGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { controllerActor } from '../actors.js';
import { parseOptions } from '../options.js';
import { tablePolicy } from '../policies/table-policy.js';
import { runGuidedPolicySearch } from '../run.js';
import { hiddenVelocityPendulum, isUpright, pendulum, PENDULUM_TORQUE, pendulumStep } from './pendulum.js';

test('the pendulum keeps its energy but for friction, and its torque is limited', () => {
  const energy = ([angle, velocity]: Float64Array) => 0.5 * velocity! ** 2 - 9.81 * Math.cos(angle!);
  let state: Float64Array = Float64Array.of(1, 0);
  const start = energy(state);
  let largest = -Infinity;
  for (let t = 0; t < 400; t++) {
    state = pendulumStep(state, 0);
    largest = Math.max(largest, energy(state));
  }
  expect(largest).toBeLessThan(start + 0.3);
  expect(energy(state)).toBeLessThan(start - 1);
  // From rest at the bottom, one step of the strongest push.
  expect(pendulumStep([0, 0], 1e9)[1]!).toBeLessThan(0.05 * PENDULUM_TORQUE);
  // The torque cannot hold it level, so it has to swing.
  expect(PENDULUM_TORQUE).toBeLessThan(9.81);
});

test('observations hide what they should', async () => {
  const actor = controllerActor(pendulum().initialControllers);
  const seen = await pendulum().environment.rollout(actor, 1, createKey(1));
  const hidden = await hiddenVelocityPendulum().environment.rollout(actor, 1, createKey(1));
  const [angle, velocity] = seen.groups[0]!.states(7) as unknown as [number, number];
  expect(seen.groups[0]!.observations(7)).toBeAllClose([Math.cos(angle), Math.sin(angle), velocity]);
  expect(hidden.groups[0]!.observations(7)).toBeAllClose([Math.cos(angle), Math.sin(angle)]);
});

test('the controller swings up from scratch, on unknown dynamics, from initial states it never saw', async () => {
  const { environment, ...problem } = pendulum();
  const options = parseOptions({
    klStep: 0.5,
    freshSamples: true,
    innerIterations: 1,
    nu: { initial: 0 },
    dynamics: { ridge: 1e-6, actionRidge: 1e-6 },
    covariance: { floor: 0.3 },
    evaluatePolicy: false,
  });
  const { state } = await runGuidedPolicySearch(
    { environment, ...problem, policy: tablePolicy(), engine: wasmGpsEngine(), key: createKey(1), options },
    { iterations: 22 },
  );
  const { groups } = await environment.rollout(
    controllerActor(state.controllers, { noise: false }),
    20,
    createKey(99),
  );
  const last = groups[0]!.states(environment.horizon);
  for (let r = 0; r < 20; r++) expect(isUpright(last.subarray(2 * r, 2 * r + 2))).toBe(true);
});
