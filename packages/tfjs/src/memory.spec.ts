import { describe, expect, test } from '@jest/globals';
import { adam, lbfgs } from '@metadescent/optimizers';
import * as tf from '@tensorflow/tfjs-core';
import { LearnedOptimizer } from './learned-optimizer.js';
import { pretrained, ruleNames } from './rule-registry.js';
import { useCpu } from './testing/cpu-backend.js';
import { regression } from './testing/parity.js';
import { smallData, smallModel } from './testing/small-model.js';

// Here and not in beforeAll: tables of tests are made from the names.
await useCpu();
await Promise.all(['psd', 'psd-normalised', 'psd-plus'].map((name) => pretrained(name)));

describe('memory', () => {
  test.each(ruleNames())('%s: 1,000 steps keep the number of tensors', (name) => {
    const { variables, loss } = regression(`memory-${name}`);
    const optimizer = new LearnedOptimizer(name, { guard: true, onMessage: () => undefined });
    optimizer.minimize(loss, false, variables);
    const before = tf.memory();
    for (let step = 0; step < 1000; step++) optimizer.minimize(loss, true, variables)?.dispose();
    expect(optimizer.iterations).toBe(1001);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  });

  test.each(['l2l-mnist', 'psd-plus'])('%s: 1,000 steps of fit keep the number of tensors', async (name) => {
    const model = smallModel();
    const { x, y } = smallData();
    model.compile({ optimizer: new LearnedOptimizer(name), loss: 'categoricalCrossentropy' });
    await model.fit(x, y, { epochs: 1, batchSize: 4, verbose: 0 });
    const before = tf.memory();
    await model.fit(x, y, { epochs: 167, batchSize: 4, verbose: 0, yieldEvery: 'never' });
    expect(model.optimizer.iterations).toBeGreaterThan(1000);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  });

  test('1,000 steps from gradients alone, and 1,000 with a list of variables that changes, keep it too', () => {
    const { variables, loss } = regression('memory-gradients');
    const optimizer = new LearnedOptimizer('l2l-mnist');
    const step = (list: tf.Variable[]): void => {
      const { value, grads } = tf.variableGrads(loss, list);
      optimizer.applyGradients(grads);
      tf.dispose([value, grads]);
    };
    step(variables);
    const before = tf.memory();
    for (let i = 0; i < 1000; i++) step(variables);
    for (let i = 0; i < 1000; i++) optimizer.minimize(loss, false, variables.slice(i % 3));
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  });

  test('a line search in fit releases the metrics of its further evaluations', async () => {
    const model = smallModel();
    const { x, y } = smallData();
    model.compile({
      optimizer: new LearnedOptimizer(lbfgs()),
      loss: 'categoricalCrossentropy',
      metrics: ['accuracy'],
    });
    await model.fit(x, y, { epochs: 1, batchSize: 24, verbose: 0 });
    const before = tf.memory().numTensors;
    const { history } = await model.fit(x, y, { epochs: 20, batchSize: 24, verbose: 0 });
    expect(tf.memory().numTensors).toBe(before);
    expect(history['loss']?.at(-1)).toBeLessThan(0.5 * (history['loss']?.[0] as number));
  });

  test('saving over and over keeps one copy', async () => {
    const { variables, loss } = regression('saving');
    const optimizer = new LearnedOptimizer(adam());
    optimizer.minimize(loss, false, variables);
    await optimizer.getWeights();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await optimizer.getWeights();
    expect(tf.memory().numTensors).toBe(before);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBeLessThan(before);
  });
});
