import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Optimizer as Rule } from '@metadescent/core';
import * as tf from '@tensorflow/tfjs-core';
import { LearnedOptimizer } from './learned-optimizer.js';
import { useCpu } from './testing/cpu-backend.js';

beforeAll(useCpu);

/** f(x) = Σ (x − 1)², from x = 0: the first loss is 4. */
function bowl(name: string): { x: tf.Variable; loss: () => tf.Scalar; value: () => number } {
  const x = tf.variable(tf.zeros([4]), true, name);
  const loss = (): tf.Scalar => tf.sum(tf.square(tf.sub(x, 1))) as tf.Scalar;
  return { x, loss, value: () => tf.tidy(() => loss().dataSync()[0] as number) };
}

/** Descends for `good` steps, and then does what it is told to. */
function goesWrongAfter(good: number, wrong: (step: Float32Array) => void): Rule {
  return {
    name: 'fickle',
    init: () => ({}),
    update({ iteration, gradient }, _, step) {
      if (iteration < good) gradient.forEach((g, i) => (step[i] = -0.1 * g));
      else wrong(step);
    },
  };
}

test('a loss that leaves the trust band brings back the best parameters, and ADAM goes on from there', () => {
  const { x, loss, value } = bowl('leaves');
  const said: string[] = [];
  const optimizer = new LearnedOptimizer(
    goesWrongAfter(10, (step) => step.fill(3)),
    { guard: { fallbackLearningRate: 0.05 }, onMessage: (m) => said.push(m) },
  );
  for (let i = 0; i < 10; i++) optimizer.minimize(loss, false, [x]);
  const trusted = value();
  while (!optimizer.fellBack) optimizer.minimize(loss, false, [x]);
  expect(value()).toBeLessThanOrEqual(trusted * 1.6);
  const restored = value();
  for (let i = 0; i < 40; i++) optimizer.minimize(loss, false, [x]);
  expect(value()).toBeLessThan(0.1 * restored);
  expect(said).toEqual([
    expect.stringMatching(/^step 1\d: the smoothed loss .* left its trust band.*ADAM .*fickle$/),
  ]);
});

test.each([
  ['an infinite step', (step: Float32Array) => step.fill(Infinity), 'the step is not finite'],
  ['a step to where the loss overflows', (step: Float32Array) => step.fill(1e30), 'the loss is Infinity'],
])('%s never stays in the parameters', (name, wrong, message) => {
  const { x, loss, value } = bowl(name);
  const said: string[] = [];
  const optimizer = new LearnedOptimizer(goesWrongAfter(5, wrong), {
    guard: true,
    onMessage: (m) => said.push(m),
  });
  for (let i = 0; i < 12; i++) optimizer.minimize(loss, false, [x]);
  expect(optimizer.fellBack).toBe(true);
  expect(value()).toBeLessThan(4);
  expect(said).toEqual([expect.stringContaining(message)]);
});

test('a rule that behaves is left alone, bit for bit', () => {
  const [guarded, bare] = [bowl('guarded'), bowl('bare')];
  const [a, b] = [
    new LearnedOptimizer(
      goesWrongAfter(99, () => undefined),
      { guard: true },
    ),
    new LearnedOptimizer(goesWrongAfter(99, () => undefined)),
  ];
  for (let i = 0; i < 30; i++) {
    a.minimize(guarded.loss, false, [guarded.x]);
    b.minimize(bare.loss, false, [bare.x]);
  }
  expect(guarded.x.dataSync() as Float32Array).toBeAllClose(bare.x.dataSync() as Float32Array, {
    rtol: 0,
    atol: 0,
  });
  expect(a.fellBack).toBe(false);
});

test('past the horizon of the weights it says so, once', () => {
  const { x, loss } = bowl('horizon');
  const said: string[] = [];
  const optimizer = new LearnedOptimizer('l2l-mnist', {
    guard: { band: 1e6 },
    onMessage: (m) => said.push(m),
  });
  for (let i = 0; i < 105; i++) optimizer.minimize(loss, false, [x]);
  expect(said).toEqual([
    expect.stringContaining('step 100: the weights of l2l-mnist were trained for 100 steps'),
  ]);
});

describe('a loss that stands still', () => {
  /** The first steps lead nowhere; the gradients of the bowl stay as they are. */
  const stands: Rule = { name: 'idle', init: () => ({}), update: (_, __, step) => void step.fill(0) };

  test('ADAM takes over from it', () => {
    const { x, loss, value } = bowl('idle falls back');
    const said: string[] = [];
    const optimizer = new LearnedOptimizer(stands, {
      guard: { patience: 20, fallbackLearningRate: 0.05 },
      onMessage: (m) => said.push(m),
    });
    for (let i = 0; i < 60; i++) optimizer.minimize(loss, false, [x]);
    expect(optimizer.fellBack).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(
        /^step 19: the loss stands still: it began at 4.000 and is 4.000 after 20 steps of idle; .*ADAM/,
      ),
    ]);
    expect(value()).toBeLessThan(0.1);
  });

  test('or one line says so, once', () => {
    const { x, loss, value } = bowl('idle warns');
    const said: string[] = [];
    const optimizer = new LearnedOptimizer(stands, {
      guard: { patience: 20, fallbackLearningRate: 0.05, standstill: 'warn' },
      onMessage: (m) => said.push(m),
    });
    for (let i = 0; i < 90; i++) optimizer.minimize(loss, false, [x]);
    expect(optimizer.fellBack).toBe(false);
    expect(said).toEqual([expect.stringContaining("standstill: 'fall-back'")]);
    expect(value()).toBe(4);
  });

  test('or nothing does', () => {
    const { x, loss } = bowl('idle is ignored');
    const said: string[] = [];
    const optimizer = new LearnedOptimizer(stands, {
      guard: { patience: 20, fallbackLearningRate: 0.05, standstill: 'ignore' },
      onMessage: (m) => said.push(m),
    });
    for (let i = 0; i < 50; i++) optimizer.minimize(loss, false, [x]);
    expect([optimizer.fellBack, said]).toEqual([false, []]);
  });

  test('is seen at the same step by an optimizer that was saved meanwhile', async () => {
    const { x, loss } = bowl('idle is saved');
    const said: string[] = [];
    const make = () =>
      new LearnedOptimizer(stands, {
        guard: { patience: 20, fallbackLearningRate: 0.05 },
        onMessage: (m) => said.push(m),
      });
    const first = make();
    for (let i = 0; i < 13; i++) first.minimize(loss, false, [x]);
    const second = make();
    await second.setWeights(await first.getWeights());
    for (let i = 0; i < 6; i++) second.minimize(loss, false, [x]);
    expect(second.fellBack).toBe(false);
    second.minimize(loss, false, [x]);
    expect(second.fellBack).toBe(true);
    expect(said).toHaveLength(1);
  });
});

test('what it knows survives saving', async () => {
  const { x, loss, value } = bowl('resumed');
  const make = () =>
    new LearnedOptimizer(
      goesWrongAfter(5, (step) => step.fill(NaN)),
      { guard: true, onMessage: () => undefined },
    );
  const first = make();
  for (let i = 0; i < 5; i++) first.minimize(loss, false, [x]);
  const second = make();
  await second.setWeights(await first.getWeights());
  const before = value();
  for (let i = 0; i < 3; i++) second.minimize(loss, false, [x]);
  expect(second.fellBack).toBe(true);
  expect(value()).toBeLessThan(2 * before);
});

test('it survives saving also where the squares of its losses overflow', async () => {
  const { x } = bowl('astronomic');
  const make = () => new LearnedOptimizer('sgd', { guard: true });
  const first = make();
  for (const loss of [1e200, 1.1e200, 0.9e200]) first.applyGradients({ [x.name]: tf.ones([4]) }, loss);
  const second = make();
  await second.setWeights(await first.getWeights());
  second.applyGradients({ [x.name]: tf.ones([4]) }, 1e200);
  expect([second.iterations, second.fellBack]).toEqual([4, false]);
});

test('a loss that is no number is refused before the step', () => {
  const { x, value } = bowl('text');
  const optimizer = new LearnedOptimizer('sgd', { guard: true });
  expect(() => optimizer.applyGradients({ [x.name]: tf.ones([4]) }, '1' as unknown as number)).toThrow(
    'LearnedOptimizer.applyGradients: the loss must be a number, but is 1',
  );
  expect([value(), optimizer.fellBack]).toEqual([4, false]);
});
