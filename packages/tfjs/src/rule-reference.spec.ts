import { beforeAll, describe, expect, test } from '@jest/globals';
import { UserError, type Optimizer as Rule } from '@metadescent/core';
import * as tf from '@tensorflow/tfjs-core';
import { LearnedOptimizer } from './learned-optimizer.js';
import type { RuleReference } from './rule-reference.js';
import { pretrained } from './rule-registry.js';
import { useCpu } from './testing/cpu-backend.js';

beforeAll(useCpu);

describe('what names no rule is refused with the names that do', () => {
  test.each([
    undefined,
    null,
    7,
    '',
    'constructor',
    '__proto__',
    {},
    [],
    { options: {} },
    { name: 'toString' },
    { name: 3 },
    { name: 'adam', learningRate: 1 },
    { update: 1 },
  ])('%j', (reference) => {
    const make = () => new LearnedOptimizer(reference as unknown as RuleReference);
    expect(make).toThrow(UserError);
    expect(make).toThrow(/adam, conjugate-gradient.*l2l-mnist/);
  });

  test('also by pretrained', async () => {
    for (const name of ['constructor', 'hasOwnProperty', ''])
      await expect(pretrained(name)).rejects.toThrow(/there is no rule ".*"; choose one of/);
  });
});

describe('options are used or refused', () => {
  test.each(['l2l-mnist', 'psd-plus'])('%s takes none', async (name) => {
    await pretrained(name);
    const make = (options?: unknown) => new LearnedOptimizer({ name, options });
    expect(() => make({ learningRate: 1 })).toThrow(UserError);
    expect(() => make({ learningRate: 1 })).toThrow(
      new RegExp(`"${name}".*take no options, but \\{"learningRate":1\\} was given`),
    );
    for (const nothing of [undefined, {}]) expect(make(nothing).rule).toBeDefined();
  });

  test('a hand-made rule uses them', () => {
    const v = tf.variable(tf.zeros([1]));
    new LearnedOptimizer({ name: 'sgd', options: { learningRate: 0.25 } }).applyGradients({
      [v.name]: tf.ones([1]),
    });
    expect([...v.dataSync()]).toEqual([-0.25]);
  });
});

test('an optimizer object is stepped as it is in a rollout, whatever it is called', () => {
  /** Divides every gradient by the norm of all. */
  const coupled: Rule = {
    name: 'adam',
    init: () => ({}),
    update({ gradient }, _, step) {
      const norm = Math.hypot(...gradient);
      gradient.forEach((g, i) => (step[i] = -g / norm));
    },
  };
  const [a, b] = [tf.variable(tf.zeros([1])), tf.variable(tf.zeros([1]))] as [tf.Variable, tf.Variable];
  new LearnedOptimizer(coupled).applyGradients({ [a.name]: tf.tensor1d([3]), [b.name]: tf.tensor1d([4]) });
  expect([...a.dataSync(), ...b.dataSync()]).toBeAllClose([-0.6, -0.8], { rtol: 1e-6, atol: 0 });
});
