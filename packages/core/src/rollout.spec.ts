import { expect, test } from '@jest/globals';
import { createKey } from './key.js';
import { parameterLayout } from './layout.js';
import { areaUnderCurve, finalObjective, linearlyIncreasing, metaLossOf } from './meta-loss.js';
import type { Optimizee } from './optimizee.js';
import { copyState, type Optimizer } from './optimizer.js';
import { describeOutcome } from './outcome.js';
import { allFinite, rollout } from './rollout.js';
import { UserError } from './user-error.js';
import { mean, standardError, summariseCurves } from './statistics.js';

const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [2] }]);

/** f = ½|θ|² plus, per mini-batch, a slope of its own; the true objective has none. */
const noisyBowl: Optimizee = {
  name: 'noisy bowl',
  layout,
  initialParameters: (key) => Float32Array.from(key.normal(2)),
  minibatch: (key, step) => {
    const slope = key.fold(step).normal(2);
    return {
      evaluate(parameters, gradient) {
        let sum = 0;
        for (let i = 0; i < 2; i++) {
          const [x, s] = [parameters[i] as number, 0.1 * (slope[i] as number)];
          sum += 0.5 * x * x + s * x;
          if (gradient) gradient[i] = x + s;
        }
        return sum;
      },
    };
  },
  trueObjective: (parameters) => 0.5 * ((parameters[0] as number) ** 2 + (parameters[1] as number) ** 2),
};

const descent = (rate: number): Optimizer<{ count: Int32Array }> => ({
  name: 'descent',
  init: () => ({ count: new Int32Array(1) }),
  update({ gradient }, state, step) {
    state.count[0] = (state.count[0] as number) + 1;
    gradient.forEach((g, i) => (step[i] = -rate * g));
  },
});

const key = createKey(11);

test('a rollout of gradient descent on ½|θ|² without noise shrinks θ by (1 − α) a step', () => {
  const quiet: Optimizee = {
    ...noisyBowl,
    minibatch: () => ({ evaluate: (p, g) => (g?.set(p), noisyBowl.trueObjective(p)) }),
  };
  const { parameters, objectives, outcome, state } = rollout(quiet, descent(0.25), {
    horizon: 5,
    key,
    initialParameters: Float32Array.of(1, -2),
  });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(parameters).toBeAllClose([0.75 ** 5, -2 * 0.75 ** 5]);
  expect(objectives).toBeAllClose([0, 1, 2, 3, 4, 5].map((t) => 2.5 * 0.75 ** (2 * t)));
  expect(Array.from(state['count']!)).toEqual([5]);
});

test('observers see every point, the last one with a zero step; θ moves by exactly the step', () => {
  const seen: { t: number; parameters: number[]; step: number[] }[] = [];
  const { parameters } = rollout(noisyBowl, descent(0.5), {
    horizon: 3,
    key,
    observers: [(s) => seen.push({ t: s.iteration, parameters: [...s.parameters], step: [...s.step] })],
  });
  expect(seen.map((s) => s.t)).toEqual([0, 1, 2, 3]);
  for (let t = 0; t < 3; t++) {
    expect(seen[t + 1]!.parameters).toEqual(
      seen[t]!.parameters.map((x, i) => Math.fround(x + seen[t]!.step[i]!)),
    );
  }
  expect(seen[3]!.step).toEqual([0, 0]);
  expect(seen[3]!.parameters).toEqual([...parameters]);
});

test('a continued rollout equals the whole one, mini-batches included', () => {
  const optimizer = descent(0.3);
  const whole = rollout(noisyBowl, optimizer, { horizon: 8, key });
  const first = rollout(noisyBowl, optimizer, { horizon: 5, key });
  const rest = rollout(noisyBowl, optimizer, {
    horizon: 3,
    key,
    initialParameters: first.parameters,
    state: copyState(first.state),
    firstIteration: 5,
  });
  expect([...rest.parameters]).toEqual([...whole.parameters]);
  expect([...rest.objectives]).toEqual([...whole.objectives.subarray(5)]);
});

test('true objectives are recorded at the stride asked for and at the end', () => {
  const { trueObjectives } = rollout(noisyBowl, descent(0.1), { horizon: 7, key, trueObjectiveEvery: 3 });
  expect(Array.from(trueObjectives, Number.isFinite)).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
    true,
    true,
  ]);
});

test('non-finite values end the rollout with a name, the last finite iterate kept', () => {
  const nanAt = (what: 'objective' | 'gradient' | 'step', at: number) => {
    let t = -1;
    const optimizee: Optimizee = {
      ...noisyBowl,
      minibatch: (_, step) => ({
        evaluate(_parameters, gradient) {
          t = step;
          gradient?.fill(what === 'gradient' && t === at ? NaN : 1);
          return what === 'objective' && t === at ? Infinity : 1;
        },
      }),
    };
    const optimizer: Optimizer = {
      name: 'x',
      init: () => ({}),
      update: (o, _, step) => step.fill(what === 'step' && o.iteration === at ? NaN : 1),
    };
    return rollout(optimizee, optimizer, { horizon: 6, key, initialParameters: new Float32Array(2) });
  };
  for (const what of ['objective', 'gradient', 'step'] as const) {
    const { outcome, parameters } = nanAt(what, 4);
    expect(outcome).toEqual({ kind: 'non-finite', step: 4, what });
    expect(describeOutcome(outcome)).toMatch(new RegExp(`non-finite ${what} at step 4`));
    expect([...parameters]).toEqual([4, 4]);
  }
});

test('divergence past the limit is named', () => {
  const { outcome, objectives } = rollout(noisyBowl, descent(3), { horizon: 100, key, divergenceFactor: 50 });
  expect(outcome.kind).toBe('diverged');
  expect(objectives.some(Number.isNaN)).toBe(true);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'a horizon of 0',
    () => rollout(noisyBowl, descent(1), { horizon: 0, key }),
    /horizon must be a positive integer, but is 0/,
  ],
  [
    'no options',
    () => rollout(noisyBowl, descent(1), undefined as never),
    /horizon must be a positive integer, but is undefined/,
  ],
  [
    'no key',
    () => rollout(noisyBowl, descent(1), { horizon: 1 } as never),
    /key must be a Key, but is undefined; pass .*createKey/,
  ],
  [
    'a seed for a key',
    () => rollout(noisyBowl, descent(1), { horizon: 1, key: 7 as never }),
    /key must be a Key, but is a number/,
  ],
  [
    'a function for an optimizee',
    () => rollout((() => noisyBowl) as never, descent(1), { horizon: 1, key }),
    /must be an optimizee, but is a function/,
  ],
  [
    'no optimizer',
    () => rollout(noisyBowl, undefined as never, { horizon: 1, key }),
    /must be an optimizer, but is undefined/,
  ],
  [
    'initial parameters of another length',
    () => rollout(noisyBowl, descent(1), { horizon: 1, key, initialParameters: new Float32Array(3) }),
    /2 parameters, .* length 3/,
  ],
  [
    'initial parameters in double precision',
    () =>
      rollout(noisyBowl, descent(1), { horizon: 1, key, initialParameters: new Float64Array(2) as never }),
    /a Float64Array of length 2; give a Float32Array/,
  ],
  [
    'half a stride',
    () => rollout(noisyBowl, descent(1), { horizon: 1, key, trueObjectiveEvery: 0.5 }),
    /trueObjectiveEvery must be an integer/,
  ],
  [
    'a first step before 0',
    () => rollout(noisyBowl, descent(1), { horizon: 1, key, firstIteration: -1 }),
    /firstIteration must be an integer/,
  ],
  [
    'a limit that is none',
    () => rollout(noisyBowl, descent(1), { horizon: 1, key, divergenceFactor: NaN }),
    /divergenceFactor must be above 0/,
  ],
])('%s is refused', (_, run, message) => {
  expect(run).toThrow(UserError);
  expect(run).toThrow(message);
});

test('a gradient that was forgotten is refused at the first evaluation, in whole or in part', () => {
  const forgetful = (write: (gradient: Float32Array) => void): Optimizee => ({
    ...noisyBowl,
    minibatch: () => ({ evaluate: (_, gradient) => (gradient && write(gradient), 1) }),
  });
  const run = (write: (gradient: Float32Array) => void) => () =>
    rollout(forgetful(write), descent(1), { horizon: 3, key });
  expect(run(() => undefined)).toThrow(UserError);
  expect(run(() => undefined)).toThrow(/noisy bowl left entry 0 of the gradient unwritten/);
  expect(run((gradient) => (gradient[0] = 0))).toThrow(/left entry 1 of the gradient unwritten/);
  // A gradient of NaN that was written is an outcome, not a fault of the program.
  expect(run((gradient) => gradient.fill(NaN))().outcome).toEqual({
    kind: 'non-finite',
    step: 0,
    what: 'gradient',
  });
  expect(run((gradient) => gradient.fill(0))().outcome).toEqual({ kind: 'finished' });
});

test('allFinite sees NaN and both infinities anywhere', () => {
  expect(allFinite([1, -1e308, 0])).toBe(true);
  for (const bad of [NaN, Infinity, -Infinity]) expect(allFinite([0, bad, 1])).toBe(false);
});

test('meta-losses weight the objectives after θ_0', () => {
  const objectives = [100, 1, 2, 4];
  expect(metaLossOf(areaUnderCurve, objectives)).toBe(7);
  expect(metaLossOf(finalObjective, objectives)).toBe(4);
  expect(metaLossOf(linearlyIncreasing, objectives)).toBeCloseTo(1 / 3 + 4 / 3 + 4);
});

test('curve summaries: mean and standard error, non-finite repetitions counted out', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(standardError([1, 3])).toBeCloseTo(1);
  const summary = summariseCurves([
    [1, 2],
    [3, NaN],
    [5, 6],
  ]);
  expect(summary.mean).toEqual([3, 4]);
  expect(summary.count).toEqual([3, 2]);
  expect(summary.standardError[0]).toBeCloseTo(2 / Math.sqrt(3));
});

test('an observer sees what the optimizer saw, its step and its memory', () => {
  const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [1] }]);
  const evaluate = (x: Float32Array, gradient?: Float32Array) => {
    gradient?.fill(2 * x[0]!);
    return x[0]! ** 2;
  };
  const minibatches = [{ evaluate }, { evaluate }, { evaluate }];
  const parabola: Optimizee = {
    name: 'parabola',
    layout,
    initialParameters: () => Float32Array.of(4),
    minibatch: (_, step) => minibatches[step]!,
    trueObjective: evaluate,
  };
  const counting: Optimizer = {
    name: 'counting',
    init: () => ({ count: new Uint32Array(1) }),
    update({ gradient }, { count }, step) {
      count![0]! += 1;
      step[0] = -0.25 * gradient[0]!;
    },
  };
  const seen: unknown[] = [];
  rollout(parabola, counting, {
    horizon: 2,
    key: createKey(1),
    observers: [
      ({ minibatch, state, step, ...observation }) =>
        seen.push([
          observation.iteration,
          observation.layout === layout,
          minibatches.indexOf(minibatch as (typeof minibatches)[number]),
          state['count']![0],
          step[0],
        ]),
    ],
  });
  expect(seen).toEqual([
    [0, true, 0, 1, -2],
    [1, true, 1, 2, -1],
    [2, true, 2, 2, 0],
  ]);
});

test('what the state draws comes from the rollout’s key, apart from the start and the mini-batches', () => {
  const drawn: number[] = [];
  const rule: Optimizer = {
    name: 'drawing',
    init: (_, key) => (drawn.push(key!.uniform(1)[0]!), {}),
    update: (_, __, step) => void step.fill(0),
  };
  const run = (seed: number) => rollout(noisyBowl, rule, { horizon: 1, key: createKey(seed) });
  [7, 7, 8].forEach(run);
  expect(drawn[0]).toBe(drawn[1]);
  expect(drawn[0]).not.toBe(drawn[2]);
  expect(drawn[0]).toBe(createKey(7).fold('optimizer').uniform(1)[0]);
});
