import { createKey, mean, rollout, type Optimizee, type OptimizeeFamily } from '@metadescent/core';
import {
  controllerActor,
  policyActor,
  recurrentPolicy,
  type Actor,
  type LinearGaussian,
} from '@metadescent/guided-policy-search';
import { typescriptEngine } from '@metadescent/kernels';
import { expect, test } from '@jest/globals';
import { stateSizeOf } from './feature-shape.js';
import { gradientNormalisations, type GradientNormalisation } from './gradient-normalisation.js';
import { optimizeeEnvironment, runTrajectoryTask, type TrajectoryMapper } from './optimizee-environment.js';
import { weightsOfPolicy } from './policy-weights.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { observationFeatures, stateFeatures } from './state-features.js';
import { teacherController } from './teacher.js';
import { bowls } from './testing/bowls.js';
import type { TrajectoryOptions } from './trajectory.js';

const engine = typescriptEngine();
const shape = { history: 2, stride: 3, window: 2 };
const T = 9;
const options: TrajectoryOptions = {
  shape,
  inputs: 'psi',
  gradientScale: 2,
  normalisation: 'none',
  horizon: T,
  coordinatesPerGroup: 3,
  divergenceFactor: 10,
};
const policy = recurrentPolicy(engine, { hidden: 4, cloneSteps: 3 });
const family = bowls();
const { layout } = family;
const key = createKey(5);

const mapperOf =
  (own: OptimizeeFamily): TrajectoryMapper =>
  async (tasks) =>
    tasks.map((task) => runTrajectoryTask(own, policy, engine, task));
const controllers = (gain: number, deviation = 0.02): LinearGaussian[] =>
  layout.groups.map(() =>
    teacherController({ gain, momentum: 0.5 }, shape, stateSizeOf(shape), T, 2, deviation),
  );

/** The family with every evaluation written down, in order. */
function watched() {
  const seen: { x: Float32Array; g: Float32Array; f: number; true: Float32Array }[] = [];
  const optimizee = family.sample(key);
  const spy: Optimizee = {
    ...optimizee,
    minibatch: (from, step) => ({
      evaluate(parameters, gradient) {
        const f = optimizee.minibatch(from, step).evaluate(parameters, gradient);
        const exact = new Float32Array(layout.size);
        optimizee.trueObjective(parameters, exact);
        seen.push({ x: parameters.slice(), g: gradient!.slice(), f, true: exact });
        return f;
      },
    }),
  };
  return { seen, family: { ...family, sample: () => spy } };
}

/** What the features see of a coordinate's gradients, straight from the definition: c·g, or c·g/√(Σ g²). */
function seenBy(
  normalisation: GradientNormalisation,
  gradients: readonly number[],
): { values: number[]; scales: number[] } {
  let sum = 0;
  const scales = gradients.map((g) => (normalisation === 'none' ? 2 : 2 / Math.sqrt((sum += g * g))));
  return { values: gradients.map((g, t) => scales[t]! * g), scales };
}

test.each(gradientNormalisations)(
  'samples hold what the features, actions and gradients of a rollout are by definition: %s',
  async (normalisation) => {
    const { seen, family: own } = watched();
    const environment = optimizeeEnvironment(
      layout,
      { ...options, normalisation, coordinatesPerGroup: 100 },
      mapperOf(own),
      engine,
    );
    const samples = await environment.rollout(controllerActor(controllers(0.4)), 1, key);
    expect(environment.stateSize).toBe(8);
    expect(seen.length).toBe(T + 1);
    expect(Array.from(samples.costs)).toEqual(seen.map(({ x }) => family.sample(key).trueObjective(x)));
    layout.groups.forEach(({ offset, size }, g) => {
      const group = samples.groups[g]!;
      expect([group.rows, group.rowsPerTrajectory, group.signalCount]).toEqual([size, size, 2]);
      for (let t = 0; t <= T; t++) {
        for (let j = 0; j < size; j++) {
          const c = offset + j;
          const { values, scales } = seenBy(
            normalisation,
            seen.map(({ g: gradient }) => gradient[c]!),
          );
          const history = {
            iterates: seen.map(({ x }) => x[c]!),
            gradients: values,
            objectives: seen.map(({ f }) => f),
          };
          // Normalised gradients are kept in single precision.
          const close = normalisation === 'none' ? 1e-12 : 1e-6;
          expect(group.states(t).subarray(8 * j, 8 * (j + 1))).toBeAllClose(
            stateFeatures(shape, t, history),
            { rtol: close, atol: close },
          );
          const [trueGradient, scale] = group.signals!(t).subarray(2 * j, 2 * j + 2);
          expect(trueGradient).toBe(seen[t]!.true[c]);
          expect(scale! / scales[t]!).toBeCloseTo(1, 6);
          if (t === T) continue;
          expect(group.observations(t).subarray(3 * j, 3 * (j + 1))).toBeAllClose(
            observationFeatures(t, history),
            { rtol: 1e-6, atol: 1e-7 },
          );
          expect(history.iterates[t]! + group.actions(t)[j]!).toBeCloseTo(history.iterates[t + 1]!, 6);
        }
      }
    });
  },
);

test('a subset of the coordinates is recorded, the same in all trajectories; all of them act', async () => {
  const environment = optimizeeEnvironment(layout, options, mapperOf(family), engine);
  const all = optimizeeEnvironment(
    layout,
    { ...options, coordinatesPerGroup: 100 },
    mapperOf(family),
    engine,
  );
  const [part, whole] = [
    await environment.rollout(controllerActor(controllers(0.4)), 3, key),
    await all.rollout(controllerActor(controllers(0.4)), 3, key),
  ];
  expect(part.costs).toEqual(whole.costs);
  expect(part.groups.map(({ rows, rowsPerTrajectory }) => [rows, rowsPerTrajectory])).toEqual([
    [9, 3],
    [6, 2],
    [9, 3],
    [6, 2],
  ]);
  const rowsOf = (states: Float64Array, m: number) =>
    Array.from({ length: states.length / 8 / 3 }, (_, j) => states[8 * (m * (states.length / 8 / 3) + j)]!);
  for (let m = 0; m < 3; m++)
    for (const x of rowsOf(part.groups[0]!.states(4), m))
      expect(rowsOf(whole.groups[0]!.states(4), m)).toContain(x);
});

test('noiseless actors are measured: costs without rows', async () => {
  const environment = optimizeeEnvironment(layout, options, mapperOf(family), engine);
  const samples = await environment.rollout(controllerActor(controllers(0.4), { noise: false }), 2, key);
  expect(samples.groups.map(({ rows }) => rows)).toEqual([0, 0, 0, 0]);
  expect(samples.costs.length).toBe(2 * (T + 1));
});

test('equal keys give the same starts and mini-batches whoever acts; results do not depend on who runs the tasks', async () => {
  const elsewhere: TrajectoryMapper = async (tasks) => {
    const results = [...tasks]
      .reverse()
      .map((task) => structuredClone(runTrajectoryTask(bowls(), policy, engine, structuredClone(task))));
    return results.reverse();
  };
  const run = async (map: TrajectoryMapper, gain: number) =>
    optimizeeEnvironment(layout, options, map, engine).rollout(controllerActor(controllers(gain)), 3, key);
  const [here, there, other] = [
    await run(mapperOf(family), 0.4),
    await run(elsewhere, 0.4),
    await run(mapperOf(family), 0.1),
  ];
  expect(there.costs).toEqual(here.costs);
  expect(there.groups[2]!.states(T).slice()).toEqual(here.groups[2]!.states(T).slice());
  for (let m = 0; m < 3; m++) expect(other.costs[m * (T + 1)]).toBe(here.costs[m * (T + 1)]);
  expect(other.costs[T]).not.toBe(here.costs[T]);
});

test('trajectories that diverge are dropped and counted', async () => {
  const environment = optimizeeEnvironment(layout, options, mapperOf(family), engine);
  const { trajectories, dropped, costs } = await environment.rollout(
    controllerActor(controllers(30)),
    4,
    key,
  );
  expect([trajectories, dropped, costs.length]).toEqual([0, 4, 0]);
});

test('an actor without a description is refused', async () => {
  const environment = optimizeeEnvironment(layout, options, mapperOf(family), engine);
  const anonymous: Actor = { start: () => ({ act: () => undefined }) };
  await expect(environment.rollout(anonymous, 1, key)).rejects.toThrow(/needs a description/);
});

test.each(gradientNormalisations)(
  'a trained policy is the same optimizer in the environment and in a rollout: %s',
  async (normalisation) => {
    const environment = optimizeeEnvironment(layout, { ...options, normalisation }, mapperOf(family), engine);
    const samples = await environment.rollout(controllerActor(controllers(0.4)), 2, key);
    const targets = samples.groups.map((group) => ({
      rows: group.rows,
      rowsPerTrajectory: group.rowsPerTrajectory,
      observations: (t: number) => group.observations(t),
      targets: Float64Array.from(
        { length: T * group.rows },
        (_, i) => group.actions(Math.floor(i / group.rows))[i % group.rows]!,
      ),
      precision: new Float64Array(T).fill(1),
    }));
    const start = policy.init({ observationSize: 3, actionSize: 1, horizon: T, groups: 4 }, key);
    const { state } = await policy.fit(start, targets, { key, phase: 'clone' });
    const measured = await environment.rollout(policyActor(policy, state), 2, key);
    const optimizer = predictedStepDescent(
      weightsOfPolicy(state, layout, { hidden: 4, gradientScale: 2, normalisation }),
      engine,
    );
    for (let m = 0; m < 2; m++) {
      const { trueObjectives } = rollout(family.sample(key), optimizer, {
        horizon: T,
        key: key.fold(m),
        trueObjectiveEvery: 1,
      });
      expect(measured.costs.subarray(m * (T + 1), (m + 1) * (T + 1))).toEqual(trueObjectives);
    }
    expect(mean(measured.costs)).not.toBe(mean(samples.costs));
  },
);
