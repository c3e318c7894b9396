import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { LearnedOptimizer } from '../../index.js';
import { loadBackend } from '../../backend.js';

/** What the page sends back, as JSON. */
export interface PageResult {
  readonly backend: string;
  readonly first: number;
  readonly last: number;
  /** Milliseconds per step of `fit`, by optimizer. */
  readonly millisecondsPerStep: Readonly<Record<string, number>>;
}

async function train(optimizer: tf.Optimizer): Promise<{ first: number; last: number; time: number }> {
  const x = tf.randomNormal([256, 8], 0, 1, 'float32', 1);
  const y = tf.oneHot(tf.argMax(x, 1), 8);
  const model = sequential({
    layers: [
      layers.dense({ units: 64, inputShape: [8], activation: 'sigmoid' }),
      layers.dense({ units: 8, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  await model.fit(x, y, { epochs: 1, batchSize: 64, verbose: 0 });
  const began = Date.now();
  const { history } = await model.fit(x, y, { epochs: 25, batchSize: 64, verbose: 0, yieldEvery: 'never' });
  const losses = history['loss'] as number[];
  return { first: losses[0] as number, last: losses.at(-1) as number, time: (Date.now() - began) / 100 };
}

async function run(): Promise<PageResult> {
  const { detail } = await loadBackend({ wasmPaths: './' });
  const learned = await train(new LearnedOptimizer('l2l-mnist'));
  const ours = await train(new LearnedOptimizer('adam'));
  const theirs = await train(tf.train.adam(0.001));
  return {
    backend: detail,
    first: learned.first,
    last: learned.last,
    millisecondsPerStep: {
      'l2l-mnist': learned.time,
      'adam (drop-in)': ours.time,
      'tf.train.adam': theirs.time,
    },
  };
}

const outcome = await run().catch((error: unknown) => ({ error: String(error) }));
await fetch('./result', { method: 'POST', body: JSON.stringify(outcome) });
