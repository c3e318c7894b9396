import { createKey, rollout, type Key, type Optimizer } from '@metadescent/core';
import {
  baselineOptimizers,
  createBaseline,
  evaluateInline,
  tuneOptimizer,
  type BaselineName,
} from '@metadescent/optimizers';
import { familyFromFunction, trainTapeRule, type TapeRule } from '@metadescent/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients of tfjs-core's operations
import { comparison, tuningRecordOf, type ExampleResult } from './comparison.js';

const [PROBLEMS, ROWS, SIZE, HORIZON] = [32, 12, 6, 40];
const normal = (key: Key, shape: number[]) =>
  tf.tensor(Float32Array.from(key.normal(tf.util.sizeFromShape(shape))), shape);

/** The family: robust regressions Σ √(1 + r²), r = A x − b, with badly scaled columns, 32 of them side by side. */
const family = familyFromFunction((key) => {
  const A = tf.mul(
    normal(key.fold('A'), [PROBLEMS, ROWS, SIZE]),
    tf.exp(normal(key.fold('scale'), [PROBLEMS, 1, SIZE])),
  );
  const b = normal(key.fold('b'), [PROBLEMS, ROWS, 1]);
  return {
    init: (start) => ({ x: normal(start, [PROBLEMS, SIZE, 1]) }),
    f: ({ x }) => tf.div(tf.sum(tf.sqrt(tf.add(1, tf.square(tf.sub(tf.matMul(A, x), b))))), PROBLEMS),
  };
});

/**
 * The rule: two momenta over the gradient's root mean square go through a small network that says which way
 * and how far.
 */
const rule: TapeRule<'hidden' | 'bias' | 'out', 'fast' | 'slow' | 'square'> = {
  name: 'small-network',
  initial: (key) => ({
    hidden: tf.mul(0.5, normal(key.fold(0), [4, 12])),
    bias: tf.zeros([12]),
    out: tf.mul(0.1, normal(key.fold(1), [12, 2])),
  }),
  memory: { fast: 1, slow: 1, square: 1 },
  update({ hidden, bias, out }, { gradient, iteration }, memory) {
    const mix = (decay: number, old: tf.Tensor, value: tf.Tensor) =>
      tf.add(tf.mul(decay, old), tf.mul(1 - decay, value));
    const [fast, slow, square] = [
      mix(0.5, memory.fast, gradient),
      mix(0.9, memory.slow, gradient),
      mix(0.95, memory.square, tf.square(gradient)),
    ];
    const size = tf.sqrt(tf.add(tf.div(square, 1 - 0.95 ** (iteration + 1)), 1e-12));
    const seen = tf.stack(
      [
        tf.div(gradient, size),
        tf.div(fast, size),
        tf.div(slow, size),
        tf.fill(gradient.shape, iteration / HORIZON),
      ],
      1,
    );
    const [direction, magnitude] = tf.unstack(
      tf.matMul(tf.tanh(tf.add(tf.matMul(seen, hidden), bias)), out),
      1,
    ) as [tf.Tensor, tf.Tensor];
    const step = tf.mul(tf.sub(tf.mul(0.3, direction), tf.mul(0.05, tf.div(fast, size))), tf.exp(magnitude));
    return { step, memory: { fast, slow, square } };
  },
};

/**
 * Example 3: a meta-learner of one's own, meta-trained by truncated backpropagation, against tuned baselines
 * on problems that nobody has seen.
 */
export async function composeExample(seed: number, log: (line: string) => void): Promise<ExampleResult> {
  const key = createKey(seed);
  const say = (unroll: number, loss: number) =>
    unroll % 50 === 0 && log(`unroll ${unroll}: mean objective ${loss.toFixed(3)}`);
  const { optimizer, losses } = await trainTapeRule(
    rule,
    family,
    key.fold('training'),
    { horizon: HORIZON, unrolls: 300, learningRate: 0.005 },
    say,
  );
  const evaluate = evaluateInline({ family, key: key.fold('tuning'), horizon: HORIZON, score: 'mean' });
  const tune = (name: BaselineName) =>
    tuneOptimizer(baselineOptimizers[name], evaluate, { tasks: 8, refinements: 1 });
  const tuned = [await tune('adam'), await tune('rmsprop'), await tune('momentum')];
  const race = (contender: Optimizer) =>
    key
      .fold('test')
      .split(10)
      .map(
        (own) =>
          rollout(family.sample(own.fold(0)), contender, { horizon: HORIZON, key: own.fold(1) }).objectives,
      );
  return comparison({
    title: 'A meta-learner of your own',
    problem: 'Robust regressions with badly scaled columns',
    yLabel: 'objective',
    contenders: [
      { name: rule.name, kind: 'learned', curves: race(optimizer) },
      ...tuned.map(({ optimizer: name, best }) => ({
        name,
        kind: 'hand-made' as const,
        curves: race(createBaseline(name, best?.options)),
      })),
    ],
    tuning: tuned.map(tuningRecordOf),
    training: {
      title: 'Truncated backpropagation through the tape',
      xLabel: 'unroll',
      lossLabel: 'mean objective',
      trainLoss: [...losses],
    },
    notes: ['10 unseen problems; the baselines were tuned on the same measure, on other draws.'],
  });
}
