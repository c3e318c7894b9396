import { createKey } from '@metadescent/core';
import { expect, test } from '@jest/globals';
import { acceptStep, meanCost } from './acceptance.js';
import { controllerActor } from './actors.js';
import type { Environment } from './environment.js';
import { zeroController, type LinearGaussian } from './linear-gaussian.js';

/** Cost f(k_1, k_2, …) of the groups' constant actions; NaN drops the trajectory. */
function world(groups: number, f: (k: readonly number[]) => number): Environment {
  const shape = { stateSize: 1, actionSize: 1, observationSize: 1, horizon: 1 };
  return {
    ...shape,
    groups: Array.from({ length: groups }, (_, g) => ({ name: `${g}` })),
    rollout(actor, trajectories, key) {
      const actions = Array.from({ length: groups }, (_, g) => {
        const out = new Float64Array(1);
        actor.start(g, 1, key).act(0, Float64Array.of(0), Float64Array.of(0), out);
        return out[0]!;
      });
      const value = f(actions);
      const kept = Number.isFinite(value) ? trajectories : 0;
      return {
        trajectories: kept,
        dropped: trajectories - kept,
        costs: Float64Array.from({ length: kept * 2 }, (_, i) => (i % 2 === 0 ? value : 0)),
        groups: actions.map((a) => ({
          rows: kept,
          rowsPerTrajectory: 1,
          states: () => new Float64Array(kept),
          actions: () => new Float64Array(kept).fill(a),
          observations: () => new Float64Array(kept),
        })),
      };
    },
  };
}

const constant = (k: number): LinearGaussian => ({
  ...zeroController({ stateSize: 1, actionSize: 1, horizon: 1 }, 1),
  k: Float64Array.of(k),
});
const options = { trajectories: 2, shrink: 0.4, attempts: 2 };

async function accept(f: (k: readonly number[]) => number, to: readonly number[]) {
  const from = to.map(() => constant(0));
  const result = await acceptStep(
    world(to.length, f),
    controllerActor(from, { noise: false }),
    from,
    to.map(constant),
    createKey(1),
    options,
  );
  return { ...result, k: result.controllers.map(({ k }) => k[0]) };
}

test('a better controller is adopted whole', async () => {
  expect(await accept(([a]) => (a! - 1) ** 2, [1])).toMatchObject({
    accepted: true,
    k: [1],
    fraction: 1,
    after: 0,
  });
});

test('an overlong step is shortened, at most so often', async () => {
  // Better than at 0 only for 0 < k < 2.
  expect(await accept(([a]) => (a! - 1) ** 2, [4])).toMatchObject({
    accepted: true,
    k: [1.6],
    fraction: 0.4,
  });
  expect(await accept(([a]) => (a! - 1) ** 2, [10])).toMatchObject({ accepted: true, fraction: 0.4 ** 2 });
  expect(await accept(([a]) => (a! - 1) ** 2, [100])).toMatchObject({ accepted: false, k: [0], fraction: 0 });
});

test('groups that harm on their own stay where they are', async () => {
  const result = await accept(([a, b]) => (a! - 1) ** 2 + b! ** 2, [1, 1]);
  expect(result).toMatchObject({ accepted: true, improved: [true, false], k: [1, 0] });
});

test('groups that help alone but harm together are shortened together', async () => {
  // Each alone may go to 1; the sum may not pass 1.
  const result = await accept(([a, b]) => (a! + b! - 1) ** 2 + 0.01, [1.2, 1.2]);
  expect(result.improved).toEqual([true, true]);
  expect(result).toMatchObject({ accepted: true, fraction: 0.4 });
});

test('nothing better, nothing changed', async () => {
  expect(await accept(([a, b]) => a! ** 2 + b! ** 2, [1, 1])).toMatchObject({
    accepted: false,
    improved: [false, false],
    k: [0, 0],
  });
});

test('a diverging candidate never passes', async () => {
  expect(await accept(([a]) => (a! > 0.5 ? NaN : -a!), [1])).toMatchObject({ accepted: true, fraction: 0.4 });
  expect(meanCost({ trajectories: 3, dropped: 1, costs: new Float64Array(6), groups: [] })).toBe(Infinity);
});
