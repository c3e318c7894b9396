import { createKey } from '@metadescent/core';
import { wasmEngine } from '@metadescent/kernels';
import { wasmGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { meanCost } from '../acceptance.js';
import { controllerActor, policyActor } from '../actors.js';
import type { Actor } from '../environment.js';
import { mlpPolicy } from '../policies/mlp-policy.js';
import { recurrentPolicy } from '../policies/recurrent-policy.js';
import type { Policy } from '../policy.js';
import type { ControlProblem } from './linear-regulator.js';
import { hiddenVelocityPendulum, isUpright, pendulum, solvePendulum } from './pendulum.js';

const engine = wasmGpsEngine();
const TRIALS = 100;

/** Mean cost and share of trials that end upright, from initial states that training never saw. */
async function trial(
  { environment }: ControlProblem,
  actor: Actor,
): Promise<{ cost: number; upright: number }> {
  const samples = await environment.rollout(actor, TRIALS, createKey(99));
  const last = samples.groups[0]!.states(environment.horizon);
  let upright = 0;
  for (let r = 0; r < TRIALS; r++) upright += isUpright(last.subarray(2 * r, 2 * r + 2)) ? 1 : 0;
  return { cost: meanCost(samples), upright: upright / TRIALS };
}

async function solve<S>(problem: ControlProblem, policy: Policy<S>) {
  const { state } = await solvePendulum(problem, policy, { engine, key: createKey(1) });
  return {
    controller: await trial(problem, controllerActor(state.controllers, { noise: false })),
    policy: await trial(problem, policyActor(policy, state.policy)),
  };
}

test('swing-up from scratch: the neural policy succeeds and costs at most 10 % more than the controller', async () => {
  const { controller, policy } = await solve(
    pendulum(),
    mlpPolicy(engine, { cloneSteps: 1500, steps: 1500, batch: 128 }),
  );
  expect(controller.upright).toBe(1);
  expect(policy.upright).toBeGreaterThan(0.95);
  expect(policy.cost).toBeLessThan(1.1 * controller.cost);
});

test('with the velocity hidden, a recurrent policy remembers and succeeds', async () => {
  const { controller, policy } = await solve(
    hiddenVelocityPendulum(),
    recurrentPolicy(wasmEngine(), { hidden: 24, cloneSteps: 800, steps: 800, rate: 0.01 }),
  );
  expect(policy.upright).toBeGreaterThan(0.95);
  expect(policy.cost).toBeLessThan(1.1 * controller.cost);
});

test('with the velocity hidden, a memoryless policy fails', async () => {
  const { controller, policy } = await solve(
    hiddenVelocityPendulum(),
    mlpPolicy(engine, { cloneSteps: 1000, steps: 1000, batch: 128 }),
  );
  expect(controller.upright).toBe(1);
  expect(policy.upright).toBeLessThan(0.1);
  expect(policy.cost).toBeGreaterThan(2 * controller.cost);
});
