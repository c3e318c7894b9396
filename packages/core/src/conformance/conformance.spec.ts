import { describe, expect, test } from '@jest/globals';
import { parameterLayout } from '../layout.js';
import type { OptimizeeFamily } from '../optimizee.js';
import type { Optimizer } from '../optimizer.js';
import { UserError } from '../user-error.js';
import { optimizeeConformance, optimizerConformance, type ConformanceCheck } from './index.js';

const momentum = (): Optimizer<{ velocity: Float32Array }> => ({
  name: 'momentum',
  init: (layout) => ({ velocity: new Float32Array(layout.size) }),
  update({ gradient }, { velocity }, step) {
    for (let i = 0; i < step.length; i++) step[i] = velocity[i] = 0.5 * velocity[i]! - 0.2 * gradient[i]!;
  },
});

const family = (): OptimizeeFamily => {
  const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [3] }]);
  return {
    name: 'tilted bowl',
    layout,
    sample(key) {
      const centre = key.normal(3);
      const f = (tilt: number) => (parameters: Float32Array, gradient?: Float32Array) => {
        let sum = 0;
        for (let i = 0; i < 3; i++) {
          const d = parameters[i]! - centre[i]!;
          sum += d * d + tilt * parameters[i]!;
          if (gradient) gradient[i] = 2 * d + tilt;
        }
        return sum;
      };
      return {
        name: 'tilted bowl',
        layout,
        initialParameters: (from) => Float32Array.from(from.normal(3)),
        minibatch: (from, step) => ({ evaluate: f(from.fold(step).normal(1)[0]!) }),
        trueObjective: f(0),
      };
    },
  };
};

const failing = (checks: ConformanceCheck[]): string[] =>
  checks
    .filter((check) => {
      try {
        check.run();
        return false;
      } catch {
        return true;
      }
    })
    .map((check) => check.name);

describe('sound implementations pass', () => {
  for (const check of optimizerConformance(momentum)) test(check.name, check.run);
  for (const check of optimizeeConformance(family)) test(check.name, check.run);
});

describe('each fault is caught by the check that names it', () => {
  test('memory outside the state', () => {
    const create = (): Optimizer => {
      let calls = 0;
      return {
        name: 'x',
        init: () => ({}),
        update: (o, _, step) => o.gradient.forEach((g, i) => (step[i] = (-0.1 * g) / (1 + calls++ * 0.01))),
      };
    };
    expect(failing(optimizerConformance(create))).toContain(
      'all memory is in the state: a copied state resumes to the same bits',
    );
  });

  test('an ascending rule, a changed gradient, unwritten steps', () => {
    const rule = (update: Optimizer['update']) => (): Optimizer => ({ name: 'x', init: () => ({}), update });
    expect(failing(optimizerConformance(rule((o, _, s) => s.set(o.gradient))))).toEqual([
      'a well-conditioned quadratic goes down',
    ]);
    expect(failing(optimizerConformance(rule((o, _, s) => (s.fill(0), o.gradient.fill(0)))))).toContain(
      'parameters and gradient are read, not written',
    );
    expect(failing(optimizerConformance(rule((o, _, s) => void (s[0] = -0.1 * o.gradient[0]!))))).toContain(
      'parameters and gradient are read, not written',
    );
  });

  test('a rule that couples its coordinates and says it does not', () => {
    const normed = (coordinatewise: boolean) => (): Optimizer => ({
      name: 'normed',
      coordinatewise,
      init: () => ({}),
      update({ gradient }, _, step) {
        const norm = Math.max(1e-9, Math.hypot(...gradient));
        gradient.forEach((g, i) => (step[i] = (-0.05 * g) / norm));
      },
    });
    expect(failing(optimizerConformance(normed(true)))).toEqual([
      'a rule that says it is coordinatewise steps a coordinate the same whatever the others do',
    ]);
    expect(failing(optimizerConformance(normed(false)))).toEqual([]);
  });

  test('evaluations that are not declared, and declared ones that do not happen', () => {
    const careful = (extraEvaluations: boolean, looks: boolean) => (): Optimizer => ({
      name: 'careful',
      extraEvaluations,
      init: () => ({}),
      update({ gradient, parameters, minibatch }, _, step) {
        if (looks) minibatch.evaluate(parameters);
        gradient.forEach((g, i) => (step[i] = -0.1 * g));
      },
    });
    const fault = ['a rule evaluates its mini-batch again exactly if it says so'];
    expect(failing(optimizerConformance(careful(false, true)))).toEqual(fault);
    expect(failing(optimizerConformance(careful(true, false)))).toEqual(fault);
    expect(failing(optimizerConformance(careful(true, true)))).toEqual([]);
  });

  test('a wrong gradient, a batch that changes between calls, ignored keys', () => {
    const broken =
      (
        change: (
          inner: ReturnType<OptimizeeFamily['sample']>,
        ) => Partial<ReturnType<OptimizeeFamily['sample']>>,
      ) =>
      () => {
        const sound = family();
        return {
          ...sound,
          sample: (key: Parameters<typeof sound.sample>[0]) => {
            const o = sound.sample(key);
            return { ...o, ...change(o) };
          },
        };
      };
    const wrongGradient = broken((o) => ({
      trueObjective: (p, g) => {
        const value = o.trueObjective(p, g);
        if (g) g[1] = g[1]! * 1.1 + 0.1;
        return value;
      },
    }));
    expect(failing(optimizeeConformance(wrongGradient))).toEqual([
      'true gradients agree with finite differences',
    ]);
    let calls = 0;
    const impure = broken((o) => ({
      minibatch: (key, step) => {
        const inner = o.minibatch(key, step);
        return { evaluate: (p, g) => inner.evaluate(p, g) + calls++ };
      },
    }));
    expect(failing(optimizeeConformance(impure))).toContain(
      'a mini-batch is pure: interleaved evaluations of two mini-batches repeat their values',
    );
    const sameStart = broken(() => ({ initialParameters: () => new Float32Array(3) }));
    expect(failing(optimizeeConformance(sameStart))).toEqual([
      'the same key gives the same optimizee, initial parameters and mini-batches; other keys differ',
    ]);
  });
});

describe('what is no factory is refused with what to pass', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'a family',
      () => optimizeeConformance(family() as never),
      /optimizeeConformance: .* must be a function, but is a record; .*\(\) => quadratics\(\)/,
    ],
    [
      'nothing',
      () => optimizerConformance(undefined as never),
      /optimizerConformance: .*but is undefined; .*\(\) => sgd/,
    ],
    [
      'nothing from it',
      () => optimizeeConformance((() => undefined) as never)[0]!.run(),
      /returned undefined without a method sample/,
    ],
    [
      'a function of an optimizee',
      () => optimizerConformance(family as never)[0]!.run(),
      /returned a record without a method init/,
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(UserError);
    expect(run).toThrow(message);
  });
});
