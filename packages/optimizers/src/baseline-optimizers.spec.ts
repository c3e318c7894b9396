import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createKey, rollout, UserError } from '@metadescent/core';
import { optimizerConformance } from '@metadescent/core/conformance';
import { createBaseline, type BaselineOptimizer } from './baseline-optimizers.js';
import { createHandMade, handMadeOptimizers } from './modern-optimizers.js';
import { logisticRegressions, noiseless, quadratic, type Objective } from './testing/problems.js';
import { searchAxisSchema } from './tuner/search-axis.js';

const baselines: [string, BaselineOptimizer][] = Object.entries(handMadeOptimizers);

describe.each(baselines)('%s', (name, baseline) => {
  describe('conforms', () => {
    for (const check of optimizerConformance(() => baseline.create())) test(check.name, check.run);
  });

  test('goes by one name in the registry, in its optimizer and by createHandMade', () => {
    expect([baseline.name, baseline.create().name, createHandMade(name).name]).toEqual([name, name, name]);
  });

  test('has a default for every option, and a search over options that it accepts', () => {
    expect(baseline.schema.safeParse({}).success).toBe(true);
    expect(baseline.searched.length).toBeGreaterThan(0);
    for (const axis of baseline.searched) {
      expect(searchAxisSchema.safeParse(axis).success).toBe(true);
      for (const value of [axis.minimum, axis.from, axis.to, axis.maximum]) {
        expect(() => baseline.create({ [axis.name]: value })).not.toThrow();
      }
    }
  });

  test('refuses bad options in one sentence for the user', () => {
    const bad = { [baseline.searched[0]?.name as string]: -1, wrong: 2 };
    expect(() => baseline.create(bad)).toThrow(UserError);
    expect(() => baseline.create(bad)).toThrow(/invalid options \{.*-1.*"wrong":2\}/);
  });

  test('lowers the true objective of noisy problems', () => {
    // A line search goes to its mini-batch's own minimum: with noise, the length of its steps is the option to set.
    const limited = baseline.searched.some(({ name }) => name === 'maximumStepNorm')
      ? { maximumStepNorm: 1 }
      : {};
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const optimizee = logisticRegressions().sample(createKey(seed));
      const options = { horizon: 100, key: createKey(seed), trueObjectiveEvery: 100 };
      const { trueObjectives, outcome } = rollout(optimizee, baseline.create(limited), options);
      expect(outcome.kind).toBe('finished');
      expect(trueObjectives[100]).toBeLessThan(trueObjectives[0] as number);
    }
  });

  test('stays where the gradient is zero', () => {
    const flat = noiseless('flat', [0.5, -2], quadratic([0, 0, 0, 0], [0, 0]));
    const withoutDecay = baseline.schema.safeParse({ weightDecay: 0 }).success ? { weightDecay: 0 } : {};
    const { parameters } = rollout(flat, baseline.create(withoutDecay), { horizon: 5, key: createKey(1) });
    expect(Array.from(parameters)).toEqual([0.5, -2]);
  });
});

test.each(['conjugate-gradient', 'lbfgs'])(
  '%s never takes a step that is not finite, or that raises the objective, between walls of NaN',
  (name) => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0.1, max: 30, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        (seed, stiffness, n) => {
          const shifts = createKey(seed).uniform(n);
          /** Wavy bowls with walls: NaN where any coordinate leaves (−3, 3). */
          const evaluate: Objective = (parameters, gradient) => {
            let value = 0;
            parameters.forEach((x, i) => {
              const shift = (i + 1) * (shifts[i] as number);
              value += Math.abs(x) < 3 ? 0.1 * x * x - Math.cos(stiffness * (x - shift)) : NaN;
              if (gradient) gradient[i] = 0.2 * x + stiffness * Math.sin(stiffness * (x - shift));
            });
            return value;
          };
          const start = Array.from(createKey(seed).fold('start').uniform(n), (u) => 5.8 * u - 2.9);
          const { outcome, objectives } = rollout(noiseless('walls', start, evaluate), createBaseline(name), {
            horizon: 25,
            key: createKey(1),
          });
          expect(outcome.kind).toBe('finished');
          for (let t = 1; t <= 25; t++)
            expect(objectives[t]).toBeLessThanOrEqual(objectives[t - 1] as number);
        },
      ),
    );
  },
);

test('an unknown baseline is named, with the choices', () => {
  expect(() => createBaseline('adamw')).toThrow(/no baseline optimizer "adamw"; choose one of sgd, .*lbfgs$/);
  expect(() => createBaseline('toString')).toThrow(UserError);
});

test('NaN and infinite options stay visible in the message', () => {
  expect(() => createBaseline('sgd', { learningRate: NaN })).toThrow(/"learningRate":"NaN"/);
});

test('a name that is none is refused with the choices, also where it is no text', () => {
  for (const name of ['__proto__', 'constructor', undefined, null, 5])
    expect(() => createHandMade(name as string)).toThrow(
      `createHandMade: there is no baseline optimizer "${String(name)}"; choose one of sgd, momentum`,
    );
});
