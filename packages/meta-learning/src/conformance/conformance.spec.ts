import { describe, expect, test } from '@jest/globals';
import { keyFromWords } from '@metadescent/core';
import { ConformanceError, type ConformanceCheck } from '@metadescent/core/conformance';
import { runAntitheticTask } from '../antithetic-task.js';
import { candidateSearch } from '../candidate-search.js';
import { initialCmaState } from '../cma-es.js';
import {
  evolutionStrategies,
  persistentEvolutionStrategies,
  type EvolutionStrategiesOptions,
} from '../evolution-strategies.js';
import type { LearnedOptimizer } from '../learned-optimizer.js';
import { learnedRate, meanGradient, scalarQuadratic } from '../testing/scalar-quadratic.js';
import { estimatorConformance, gradientConformance, learnedOptimizerConformance } from './index.js';

const problem = { learned: learnedRate, phi: Float32Array.of(0), family: scalarQuadratic() };
const options: EvolutionStrategiesOptions = { pairs: 3, sigma: 0.01, horizon: 12, segment: 5 };
const population = candidateSearch({
  population: 6,
  rollouts: 2,
  taskOf: (x, key) => ({ x, key: key.words }),
  scoreOf: (results: readonly number[]) => Math.max(...results),
});
const closedForm = {
  loss: ([phi]: Float32Array) => {
    let sum = 0;
    for (let t = 1; t <= 10; t++) sum += 0.5 * (1 - (phi as number)) ** (2 * t);
    return sum / 10;
  },
  gradient: ([phi]: Float32Array) => [meanGradient(phi as number, 10)],
  point: Float32Array.of(0.2),
};

describe.each<[string, () => ConformanceCheck[]]>([
  ['a learned rate', () => learnedOptimizerConformance(() => learnedRate, { descends: true })],
  ['a closed form', () => gradientConformance(closedForm)],
  [
    'candidate search',
    () =>
      estimatorConformance({
        estimator: population,
        run: ({ x, key }) => (x[0] as number) ** 2 + (keyFromWords(key).normal(1)[0] as number),
        point: new Float64Array(2),
        updater: initialCmaState(2),
      }),
  ],
  ...[evolutionStrategies, persistentEvolutionStrategies].map(
    (make) =>
      [
        make.name,
        () =>
          estimatorConformance({
            estimator: make(options),
            run: (task) => runAntitheticTask(problem, task),
            point: Float32Array.of(0.1),
          }),
      ] as [string, () => ConformanceCheck[]],
  ),
])('%s conforms', (_, suite) => {
  for (const check of suite()) test(check.name, check.run);
});

const failing = (checks: readonly ConformanceCheck[]): string[] =>
  checks
    .filter(({ run }) => {
      try {
        run();
        return false;
      } catch (error) {
        return error instanceof ConformanceError;
      }
    })
    .map(({ name }) => name);

describe('each fault is caught by the check that names it', () => {
  const rule = (change: Partial<LearnedOptimizer>) => () => ({ ...learnedRate, ...change });
  test.each<[string, Partial<LearnedOptimizer>, string]>([
    ['a draw from elsewhere', { init: () => Float32Array.of(Math.random()) }, 'φ is a function of the key'],
    ['a vector that is forgotten', { withFlat: (phi) => phi }, 'flat and withFlat are inverse'],
    ['φ itself in place of a copy', { flat: (phi) => phi }, 'vectors are handed out and taken in as copies'],
    [
      'the caller’s vector',
      { withFlat: (_, values) => values },
      'vectors are handed out and taken in as copies',
    ],
  ])('%s', (_, change, name) => {
    expect(failing(learnedOptimizerConformance(rule(change)))).toContainEqual(expect.stringContaining(name));
  });

  test('optimizers that share their memory', () => {
    let latest = 0;
    const optimizer: LearnedOptimizer['optimizer'] = ([phi]) => {
      latest = Math.max(latest, phi as number);
      return {
        name: 'shared',
        init: () => ({}),
        update: ({ gradient }, _, step) => gradient.forEach((g, i) => (step[i] = -latest * g)),
      };
    };
    expect(failing(learnedOptimizerConformance(rule({ optimizer })))).toContain(
      'the optimizer of one φ is untouched by that of another',
    );
  });

  test('a gradient that is twice too large', () => {
    const gradient = (point: Float32Array) => closedForm.gradient(point).map((g) => 2 * g);
    expect(failing(gradientConformance({ ...closedForm, gradient }))).toHaveLength(1);
  });

  test('estimators with a memory, and with cursors that no checkpoint can hold', () => {
    const sound = persistentEvolutionStrategies(options);
    const run = (task: Parameters<typeof runAntitheticTask>[1]) => runAntitheticTask(problem, task);
    let calls = 0;
    const forgetful = {
      ...sound,
      tasks: (...given: Parameters<typeof sound.tasks>) =>
        sound.tasks(...given).map((task) => ({ ...task, sigma: task.sigma * (1 + 0.1 * (calls++ % 2)) })),
    };
    const point = Float32Array.of(0.1);
    expect(failing(estimatorConformance({ estimator: forgetful, run, point }))).toContain(
      'tasks and combine are pure',
    );
    const live = {
      ...sound,
      combine: (...given: Parameters<typeof sound.combine>) => {
        const estimate = sound.combine(...given);
        return {
          ...estimate,
          cursors: estimate.cursors.map((c) => ({ ...c, steps: Math.fround(c.steps), key: () => c })),
        };
      },
    };
    expect(() =>
      estimatorConformance({ estimator: live, run, point }).forEach((check) => check.run()),
    ).toThrow(/cannot be stored/);
  });
});
