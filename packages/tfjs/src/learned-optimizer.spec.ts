import { describe, expect, test } from '@jest/globals';
import { createKey, rollout, type Optimizee, type Optimizer as Rule } from '@metadescent/core';
import {
  adagrad,
  adam,
  lbfgs,
  momentum,
  nesterov,
  nonlinearConjugateGradient,
  rmsprop,
  sgd,
} from '@metadescent/optimizers';
import * as tf from '@tensorflow/tfjs-core';
import { LearnedOptimizer } from './learned-optimizer.js';
import { pretrained, ruleNames } from './rule-registry.js';
import { useCpu } from './testing/cpu-backend.js';
import { regression, trace } from './testing/parity.js';
import { smallData, smallModel } from './testing/small-model.js';
import { variableGroups } from './variable-groups.js';

// Here and not in beforeAll: tables of tests are made from their names.
await useCpu();
await Promise.all(['psd', 'psd-normalised', 'psd-plus'].map((name) => pretrained(name)));

/**
 * Conventions set equal: AdaGrad from zero, RMSprop and AdaGrad with an ε too small to matter (it is outside
 * the root here and inside in tfjs). tfjs fixes AdaGrad's at 1e-7; its steps do not depend on the scale of
 * the loss, so a large loss makes that one small. ADAM's rates are lower because tfjs forms 1 − β₂ᵗ in single
 * precision.
 */
const namesakes: readonly (readonly [
  string,
  readonly [number, number],
  (learningRate: number) => Rule,
  (learningRate: number) => tf.Optimizer,
  number,
])[] = [
  ['sgd', [0.01, 0.1], (learningRate) => sgd({ learningRate }), (rate) => tf.train.sgd(rate), 1],
  [
    'momentum',
    [0.01, 0.1],
    (learningRate) => momentum({ learningRate, momentum: 0.9 }),
    (rate) => tf.train.momentum(rate, 0.9),
    1,
  ],
  [
    'nesterov',
    [0.01, 0.1],
    (learningRate) => nesterov({ learningRate, momentum: 0.9 }),
    (rate) => tf.train.momentum(rate, 0.9, true),
    1,
  ],
  [
    'adagrad',
    [0.01, 0.1],
    (learningRate) => adagrad({ learningRate, epsilon: 1e-30 }),
    (rate) => tf.train.adagrad(rate, 0),
    1e4,
  ],
  [
    'rmsprop',
    [0.01, 0.1],
    (learningRate) => rmsprop({ learningRate, decay: 0.9, epsilon: 1e-30 }),
    (rate) => tf.train.rmsprop(rate, 0.9, 0, 1e-30),
    1,
  ],
  [
    'adam',
    [0.001, 0.01],
    (learningRate) => adam({ learningRate, epsilon: 1e-7 }),
    (rate) => tf.train.adam(rate, 0.9, 0.999, 1e-7),
    1,
  ],
];

describe('parity with tfjs, step by step', () => {
  test.each(
    namesakes.flatMap(([name, rates, ours, theirs, scale]) =>
      rates.map((rate) => [name, rate, ours, theirs, scale] as const),
    ),
  )('%s, learning rate %d', (name, rate, ours, theirs, scale) => {
    const a = trace(new LearnedOptimizer(ours(rate)), regression(`ours-${name}-${rate}`, scale), 100);
    const b = trace(theirs(rate), regression(`theirs-${name}-${rate}`, scale), 100);
    a.forEach((parameters, step) =>
      expect(parameters).toBeAllClose(b[step] as Float32Array, { rtol: 1e-5, atol: 1e-5 }),
    );
    // They moved, ten thousand times as far as they may differ, so that equality says something.
    expect(
      Math.max(...(a[99] as Float32Array).map((x, i) => Math.abs(x - (a[0]?.[i] as number)))),
    ).toBeGreaterThan(0.1);
  });
});

/** The regression as an optimizee, on the same tf operations: what the project's own loop makes of it. */
function asOptimizee(name: string): Optimizee {
  const { variables, loss } = regression(name);
  const layout = variableGroups(variables);
  const start = Float32Array.from(variables.flatMap((v) => [...v.dataSync()]));
  const evaluate = (parameters: Float32Array, gradient?: Float32Array): number =>
    tf.tidy(() => {
      layout.groups.forEach(({ offset, size }, i) =>
        variables[i]?.assign(tf.tensor(parameters.slice(offset, offset + size), variables[i]?.shape)),
      );
      const { value, grads } = tf.variableGrads(loss, variables);
      layout.groups.forEach(({ name: v, offset }) =>
        gradient?.set(grads[v]?.dataSync() as Float32Array, offset),
      );
      return value.dataSync()[0] as number;
    });
  return {
    name,
    layout,
    initialParameters: () => start.slice(),
    minibatch: () => ({ evaluate }),
    trueObjective: evaluate,
  };
}

const everyRule: readonly (readonly [string, () => Rule | Promise<Rule>])[] = [
  ...namesakes.map(([name, [rate], rule]) => [name, () => rule(rate)] as const),
  ['conjugate-gradient', () => nonlinearConjugateGradient()],
  ['lbfgs', () => lbfgs()],
  ['l2l-mnist', () => pretrained('l2l-mnist')],
  ['l2l-quadratics', () => pretrained('l2l-quadratics')],
  ['psd', () => pretrained('psd')],
  ['psd-plus', () => pretrained('psd-plus')],
];

describe('every rule takes the steps that it takes in a rollout', () => {
  test.each(everyRule)('%s', async (name, rule) => {
    const optimizee = asOptimizee(`rollout-${name}`);
    const { parameters } = rollout(optimizee, await rule(), { horizon: 12, key: createKey(1) });
    const stepped = trace(new LearnedOptimizer(await rule()), regression(`stepped-${name}`), 12);
    expect(stepped[11]).toBeAllClose(parameters, { rtol: 0, atol: 0 });
    expect(stepped[11]).not.toEqual(optimizee.initialParameters(createKey(1)));
  });
});

describe('model.compile and fit', () => {
  test.each(ruleNames())('%s lowers the loss of a classifier', async (name) => {
    const model = smallModel();
    const { x, y } = smallData();
    model.compile({
      optimizer: new LearnedOptimizer(name),
      loss: 'categoricalCrossentropy',
      metrics: ['accuracy'],
    });
    const { history } = await model.fit(x, y, { epochs: 30, batchSize: 8, verbose: 0, shuffle: false });
    expect(history['loss']?.at(-1)).toBeLessThan(0.95 * (history['loss']?.[0] as number));
  });
});

describe('a changed list of variables', () => {
  test('what a variable remembers waits for its return', () => {
    const { variables, loss } = regression('frozen');
    const [w, b, s] = variables as [tf.Variable, tf.Variable, tf.Variable];
    const optimizer = new LearnedOptimizer(momentum({ learningRate: 1e-3 }));
    for (let i = 0; i < 3; i++) optimizer.minimize(loss, false, [w, b]);
    for (let i = 0; i < 3; i++) optimizer.minimize(loss, false, [s]);
    const at = w.dataSync().slice();
    const gradient = tf.variableGrads(loss, [w]).grads[w.name]?.dataSync() as Float32Array;
    optimizer.minimize(loss, false, [w, s]);
    // More than the gradient alone would do: the velocity of three steps is still there.
    const moved = w.dataSync().map((x, i) => x - (at[i] as number));
    const alone = Float32Array.from(gradient, (g) => -1e-3 * g);
    expect(Math.hypot(...moved.map((x, i) => x - (alone[i] as number)))).toBeGreaterThan(
      Math.hypot(...alone),
    );
  });

  test('also where one state covers all variables', () => {
    const run = (slots: 'joint' | 'per-variable'): Float32Array => {
      const { variables, loss } = regression(`moving-${slots}`);
      const [w, b, s] = variables as [tf.Variable, tf.Variable, tf.Variable];
      const optimizer = new LearnedOptimizer(momentum({ learningRate: 1e-3 }), { slots });
      for (const list of [[w, b], [w, b], [s, w], [b], [b, s, w]]) optimizer.minimize(loss, false, list);
      return Float32Array.from(variables.flatMap((v) => [...v.dataSync()]));
    };
    expect(run('joint')).toBeAllClose(run('per-variable'), { rtol: 0, atol: 0 });
  });

  test('secant pairs over other variables are dropped, not misread', () => {
    const { variables, loss } = regression('secant');
    const optimizer = new LearnedOptimizer(lbfgs());
    const value = () => tf.tidy(() => loss().dataSync()[0] as number);
    for (let i = 0; i < 3; i++) optimizer.minimize(loss, false, variables.slice(0, 2));
    const before = value();
    for (let i = 0; i < 3; i++) optimizer.minimize(loss, false, variables);
    expect(value()).toBeLessThan(before);
  });
});

describe('gradients alone', () => {
  test('applyGradients is the step of minimize', () => {
    const [a, b] = [regression('whole'), regression('parts')];
    const [one, two] = [new LearnedOptimizer(adam()), new LearnedOptimizer(adam())];
    for (let i = 0; i < 3; i++) {
      one.minimize(a.loss, false, a.variables);
      const { value, grads } = tf.variableGrads(b.loss, b.variables);
      two.applyGradients(grads);
      tf.dispose([value, grads]);
    }
    expect(b.variables[0]?.dataSync() as Float32Array).toBeAllClose(
      a.variables[0]?.dataSync() as Float32Array,
      { rtol: 0, atol: 0 },
    );
  });

  test('a rule that reads the loss says that it needs it', () => {
    const { variables, loss } = regression('lossless');
    const { grads } = tf.variableGrads(loss, variables);
    expect(() => new LearnedOptimizer(lbfgs()).applyGradients(grads)).toThrow('call minimize');
    expect(() => new LearnedOptimizer(adam(), { guard: true }).applyGradients(grads)).toThrow(
      'pass the loss',
    );
  });
});
