import { describe, expect, test } from '@jest/globals';
import { optimizerConformance } from '../conformance/index.js';
import { createKey } from '../key.js';
import { parameterLayout } from '../layout.js';
import type { Optimizer } from '../optimizer.js';
import { schedule } from '../schedule.js';
import { UserError } from '../user-error.js';
import { addSteps } from './add-steps.js';
import { scaled } from './scaled.js';
import { averagedParameters, withAverage } from './with-average.js';
import { withClippedGradient } from './with-clipped-gradient.js';
import { withWeightDecay } from './with-weight-decay.js';

/** v ← μ v + g, Δθ = −η v. */
function heavyBall(eta: number, mu: number): Optimizer {
  return {
    name: 'heavy-ball',
    init: ({ size }) => ({ velocity: new Float32Array(size) }),
    update({ gradient }, state, step) {
      const velocity = state['velocity'] as Float32Array;
      gradient.forEach((g, i) => {
        velocity[i] = mu * (velocity[i] as number) + g;
        step[i] = -eta * (velocity[i] as number);
      });
    },
  };
}

const layout = parameterLayout([
  { name: 'w', role: 'weight', layer: 0, shape: [2] },
  { name: 'b', role: 'bias', layer: 0, shape: [1] },
]);

/** Steps of a rule on given gradients, the iterate moving along [T][3]. */
function stepsOf(
  rule: Optimizer,
  gradients: readonly (readonly number[])[],
  start = [1, 2, 3],
  state = rule.init(layout),
) {
  const parameters = Float32Array.from(start);
  return gradients.map((gradient, iteration) => {
    const step = new Float32Array(3).fill(NaN);
    const minibatch = { evaluate: () => NaN };
    rule.update(
      { layout, iteration, parameters, gradient: Float32Array.from(gradient), objective: 1, minibatch },
      state,
      step,
    );
    step.forEach((d, i) => (parameters[i] = (parameters[i] as number) + d));
    return Array.from(step);
  });
}

const gradients = [
  [1, -2, 0.5],
  [0.5, 0, -1],
  [-3, 4, 12],
];

test('a combinator says what it makes of its rules', () => {
  const rule = (what: Partial<Optimizer>): Optimizer => ({ ...heavyBall(0.1, 0.9), ...what });
  const alone = rule({ coordinatewise: true });
  const searching = rule({ extraEvaluations: true });
  const saysOf = ({ coordinatewise, extraEvaluations }: Optimizer) => [
    coordinatewise === true,
    extraEvaluations === true,
  ];
  expect(saysOf(addSteps(alone, alone))).toEqual([true, false]);
  expect(saysOf(addSteps(alone, searching))).toEqual([false, true]);
  expect(saysOf(scaled(alone, 0.5))).toEqual([true, false]);
  expect(saysOf(scaled(searching, 0.5))).toEqual([false, true]);
  expect(saysOf(withAverage(alone, 0.9))).toEqual([true, false]);
  expect(saysOf(withWeightDecay(alone, { rate: 0.1 }))).toEqual([true, false]);
  // The norm is over all coordinates.
  expect(saysOf(withClippedGradient(alone, 1))).toEqual([false, false]);
});

test('a combinator hands its key to its rules', () => {
  const drawing: Optimizer = {
    ...heavyBall(0.1, 0.9),
    init: ({ size }, key = createKey(0)) => ({ velocity: Float32Array.from(key.normal(size)) }),
  };
  for (const rule of [addSteps(drawing, heavyBall(0.1, 0)), withAverage(drawing, 0.5), scaled(drawing, 2)]) {
    const draw = (seed?: number) =>
      Object.values(rule.init(layout, seed === undefined ? undefined : createKey(seed)))[0];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(undefined)).toEqual(draw(undefined));
  }
});

describe('every combinator of a conforming rule conforms', () => {
  const made: Record<string, () => Optimizer> = {
    scaled: () => scaled(heavyBall(0.1, 0.9), schedule({ kind: 'cosine', steps: 10 })),
    addSteps: () => addSteps(heavyBall(0.1, 0.9), heavyBall(0.05, 0)),
    withWeightDecay: () => withWeightDecay(heavyBall(0.1, 0.9), { rate: 0.01 }),
    withClippedGradient: () => withClippedGradient(heavyBall(0.1, 0.9), 0.5),
    withAverage: () => withAverage(heavyBall(0.1, 0.9), 0.9),
  };
  for (const [name, create] of Object.entries(made)) {
    for (const check of optimizerConformance(create)) test(`${name}: ${check.name}`, check.run);
  }
});

test('scaled multiplies the steps and leaves the memory alone', () => {
  const plain = stepsOf(heavyBall(0.1, 0.9), gradients);
  expect(stepsOf(scaled(heavyBall(0.1, 0.9), 0.5), gradients).flat()).toBeAllClose(
    plain.flat().map((d) => d / 2),
    { rtol: 1e-6 },
  );
  const falling = stepsOf(scaled(heavyBall(0.1, 0.9), schedule({ kind: 'linear', steps: 3 })), gradients);
  expect(falling.flat()).toBeAllClose(
    plain.flatMap((step, t) => step.map((d) => d * (1 - t / 2))),
    { rtol: 1e-6, atol: 1e-12 },
  );
});

test('addSteps adds two rules with memories of their own', () => {
  const sum = stepsOf(addSteps(heavyBall(0.1, 0.9), heavyBall(0.03, 0.5)), gradients);
  const [a, b] = [
    stepsOf(heavyBall(0.1, 0.9), gradients).flat(),
    stepsOf(heavyBall(0.03, 0.5), gradients).flat(),
  ];
  expect(sum.flat()).toBeAllClose(
    a.map((d, i) => d + (b[i] as number)),
    { rtol: 1e-6 },
  );
});

test('weight decay takes a share of the parameters, of the roles that are named', () => {
  const still = heavyBall(0, 0);
  expect(
    stepsOf(withWeightDecay(still, { rate: 0.5 }), [
      [0, 0, 0],
      [0, 0, 0],
    ]),
  ).toEqual([
    [-0.5, -1, -1.5],
    [-0.25, -0.5, -0.75],
  ]);
  expect(stepsOf(withWeightDecay(still, { rate: 0.5, roles: ['weight'] }), [[0, 0, 0]])[0]).toEqual([
    -0.5, -1, -0,
  ]);
});

test('a clipped gradient has the limit as its length, a shorter one passes', () => {
  const steps = stepsOf(withClippedGradient(heavyBall(1, 0), 6.5), gradients);
  expect(steps[0]).toEqual([-1, 2, -0.5]);
  expect(steps[2]).toBeAllClose([1.5, -2, -6], { rtol: 1e-6 });
});

test('the average is the weighted mean of the iterates', () => {
  const rule = withAverage(heavyBall(1, 0), 0.5);
  const state = rule.init(layout);
  expect(() => averagedParameters(state)).toThrow(UserError);
  stepsOf(
    rule,
    [
      [1, 0, 0],
      [1, 0, 0],
    ],
    [1, 2, 3],
    state,
  );
  // θ_1 = 0, θ_2 = −1 in the first coordinate, with weights ½·½ and ½ out of ¾.
  expect(averagedParameters(state)).toBeAllClose([-2 / 3, 2, 3], { rtol: 1e-6 });
  expect(() => averagedParameters({})).toThrow('withAverage');
});

test.each<[() => unknown]>([
  [() => withWeightDecay(heavyBall(1, 0), { rate: -1 })],
  [() => withWeightDecay(heavyBall(1, 0), { rate: NaN })],
  [() => withClippedGradient(heavyBall(1, 0), 0)],
  [() => withAverage(heavyBall(1, 0), 1)],
])('a constant that is out of range is refused', (make) => {
  expect(make).toThrow(UserError);
});
