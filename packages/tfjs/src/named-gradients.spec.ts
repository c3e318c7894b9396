import { beforeAll, describe, expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { sgd } from '@metadescent/optimizers';
import * as tf from '@tensorflow/tfjs-core';
import { LearnedOptimizer } from './learned-optimizer.js';
import { useCpu } from './testing/cpu-backend.js';

beforeAll(useCpu);

type Gradients = Record<string, tf.Tensor>;

/** The four ways to call `applyGradients`. */
const forms: readonly (readonly [string, (optimizer: LearnedOptimizer, gradients: Gradients) => void])[] = [
  ['a record', (optimizer, gradients) => optimizer.applyGradients(gradients)],
  ['a record and a loss', (optimizer, gradients) => optimizer.applyGradients(gradients, 1)],
  ['a list', (optimizer, gradients) => optimizer.applyGradients(listed(gradients))],
  ['a list and a loss', (optimizer, gradients) => optimizer.applyGradients(listed(gradients), 1)],
];

const listed = (gradients: Gradients) =>
  Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));

const disposed = (): tf.Tensor => {
  const tensor = tf.zeros([2]);
  tensor.dispose();
  return tensor;
};

/** Gradients for v [2] and u [3], one of which is wrong. */
const wrong: readonly (readonly [string, () => Gradients, RegExp])[] = [
  [
    'too long',
    () => ({ v: tf.tensor1d([1, 1, 100]), u: tf.zeros([3]) }),
    /variable "v" must have shape \[2\], but has \[3\]/,
  ],
  [
    'broadcastable',
    () => ({ v: tf.tensor1d([1]), u: tf.zeros([3]) }),
    /variable "v" must have shape \[2\], but has \[1\]/,
  ],
  [
    'of as many entries in another shape',
    () => ({ v: tf.zeros([2]), u: tf.ones([3, 1]) }),
    /variable "u" must have shape \[3\], but has \[3,1\]/,
  ],
  ['a scalar', () => ({ v: tf.scalar(1) }), /variable "v" must have shape \[2\], but has \[\]/],
  [
    'too long, alone',
    () => ({ v: tf.tensor1d([1, 1, 100]) }),
    /variable "v" must have shape \[2\], but has \[3\]/,
  ],
  [
    'of another type',
    () => ({ v: tf.tensor1d([1, 1], 'int32') }),
    /variable "v" must be float32, but is int32/,
  ],
  [
    'not finite',
    () => ({ v: tf.zeros([2]), u: tf.tensor1d([0, NaN, 0]) }),
    /variable "u", shape \[3\], is not finite/,
  ],
  ['disposed', () => ({ v: disposed() }), /variable "v" is disposed/],
  [
    'no tensor',
    () => ({ v: [1, 1] as unknown as tf.Tensor }),
    /variable "v" must be a tensor of shape \[2\], but is 1,1/,
  ],
  ['of no variable', () => ({ v: tf.zeros([2]), w: tf.zeros([2]) }), /there is no variable "w"/],
  [
    'of a word of JavaScript',
    () => ({ constructor: tf.zeros([2]) as unknown as tf.Tensor }) as unknown as Gradients,
    /there is no variable "constructor"/,
  ],
  [
    'of a frozen variable',
    () => ({ v: tf.zeros([2]), frozen: tf.zeros([2]) }),
    /variable "frozen" is not trainable/,
  ],
  ['none', () => ({}), /there is nothing to train/],
];

describe.each(forms)('applyGradients of %s', (_, apply) => {
  test.each(wrong)('a gradient %s is refused and no step is taken', (__, gradients, message) => {
    const variables = [
      tf.variable(tf.zeros([2]), true, 'v'),
      tf.variable(tf.zeros([3]), true, 'u'),
      tf.variable(tf.zeros([2]), false, 'frozen'),
    ];
    try {
      const optimizer = new LearnedOptimizer(sgd({ learningRate: 1 }));
      const step = () => apply(optimizer, gradients());
      expect(step).toThrow(UserError);
      expect(step).toThrow(message);
      expect(optimizer.iterations).toBe(0);
      for (const variable of variables) expect([...variable.dataSync()].every((x) => x === 0)).toBe(true);
    } finally {
      tf.dispose(variables);
    }
  });

  test('right ones are stepped along', () => {
    const v = tf.variable(tf.zeros([2]), true, 'v');
    const optimizer = new LearnedOptimizer(sgd({ learningRate: 1 }));
    apply(optimizer, { v: tf.tensor1d([1, -2]) });
    expect([...v.dataSync()]).toEqual([-1, 2]);
    v.dispose();
  });
});

test('two gradients of one variable are refused; a guard acts on one that is not finite', () => {
  const v = tf.variable(tf.zeros([2]), true, 'v');
  const optimizer = new LearnedOptimizer(sgd({ learningRate: 1 }));
  expect(() =>
    optimizer.applyGradients([
      { name: 'v', tensor: tf.ones([2]) },
      { name: 'v', tensor: tf.ones([2]) },
    ]),
  ).toThrow('has two gradients');
  const guarded = new LearnedOptimizer(sgd({ learningRate: 1 }), { guard: true, onMessage: () => undefined });
  guarded.applyGradients({ v: tf.ones([2]) }, 1);
  guarded.applyGradients({ v: tf.tensor1d([NaN, 0]) }, 1);
  expect(guarded.fellBack).toBe(true);
  v.dispose();
});
