import { adagrad, adam, momentum, nesterov, rmsprop, sgd } from '@metadescent/optimizers';
import { parameterLayout, type Optimizer as Rule } from '@metadescent/core';
import { LearnedOptimizer, pretrained } from '@metadescent/tfjs';
import { loadBackend } from '@metadescent/tfjs/backend';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { median } from '../bench/median.js';

/** Overhead of the drop-in for one rule, on 100,000 parameters. */
export interface DropInRow {
  readonly rule: string;
  /** Median milliseconds of one `applyGradients`. */
  readonly dropIn: number;
  /** Median milliseconds of the rule's arithmetic on flat arrays alone. */
  readonly arithmetic: number;
  /** Drop-in over `tf.train.adam`. */
  readonly againstAdam: number;
}

export interface TfjsBench {
  readonly backend: string;
  /** Median milliseconds of `tf.train.adam(…).applyGradients`. */
  readonly tfjsAdam: number;
  readonly dropIn: readonly DropInRow[];
  /** Median milliseconds of a training step of a small convolutional network. */
  readonly convolution: { readonly wasm: number; readonly cpu: number };
}

/** 316·316 + 144: 100,000 parameters in a matrix and a vector. */
const SHAPES = [
  [316, 316],
  [144],
];
const REPETITIONS = 15;

/**
 * What the drop-in costs per step beside `tf.train.adam` and beside the rule's own arithmetic, and what a convolutional training step costs on wasm with our kernels beside tfjs's
 * cpu backend. All take turns within each repetition; reported are medians.
 */
export async function runTfjsBench(print: (line: string) => void): Promise<TfjsBench> {
  const backend = await loadBackend({ onMessage: print, candidates: ['wasm'] });
  const variables = SHAPES.map((shape, i) => tf.variable(tf.randomNormal(shape, 0, 1, 'float32', i), true, `bench-${i}`));
  const gradients = Object.fromEntries(variables.map((v, i) => [v.name, tf.randomNormal(v.shape, 0, 1e-3, 'float32', 10 + i)]));
  const rules: Rule[] = [sgd(), momentum(), nesterov(), adagrad(), rmsprop(), adam(), await pretrained('l2l-mnist')];
  const contenders = rules.map((rule) => ({ rule, optimizer: new LearnedOptimizer(rule), alone: arithmeticOf(rule, variables, gradients), times: { dropIn: [] as number[], arithmetic: [] as number[] } }));
  const theirs = tf.train.adam(1e-3);
  const adamTimes: number[] = [];
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    const measured = milliseconds(() => apply(theirs, gradients, variables));
    // The first round warms up.
    if (repetition > 0) adamTimes.push(measured);
    for (const { optimizer, alone, times } of contenders) {
      const [a, b] = [milliseconds(() => apply(optimizer, gradients, variables)), milliseconds(alone)];
      if (repetition === 0) continue;
      times.dropIn.push(a);
      times.arithmetic.push(b);
    }
  }
  tf.dispose([...variables, ...Object.values(gradients)]);
  const tfjsAdam = median(adamTimes);
  const dropIn = contenders.map(({ rule, times }) => ({
    rule: rule.name,
    dropIn: median(times.dropIn),
    arithmetic: median(times.arithmetic),
    againstAdam: median(times.dropIn) / tfjsAdam,
  }));
  print(`drop-in on 100,000 parameters, ${backend.detail}: milliseconds per applyGradients (median); tf.train.adam ${tfjsAdam.toFixed(2)}`);
  for (const row of dropIn) {
    print(
      `  ${row.rule.padEnd(10)} ${row.dropIn.toFixed(2).padStart(8)}   ${row.againstAdam.toFixed(2)} × tf.train.adam, ${(row.dropIn / row.arithmetic).toFixed(2)} × its arithmetic alone (${row.arithmetic.toFixed(2)})`,
    );
  }
  const convolution = { wasm: await convolutionStep('wasm', 7), cpu: await convolutionStep('cpu', 1) };
  print(`convolutional training step: wasm ${convolution.wasm.toFixed(0)} ms, cpu ${convolution.cpu.toFixed(0)} ms (${(convolution.cpu / convolution.wasm).toFixed(0)} ×)`);
  await tf.setBackend('wasm');
  return { backend: backend.detail, tfjsAdam, dropIn, convolution };
}

/** One step, and the wait for it. */
function apply(optimizer: tf.Optimizer, gradients: tf.NamedTensorMap, variables: readonly tf.Variable[]): void {
  optimizer.applyGradients(gradients);
  variables.at(-1)?.dataSync();
}

function arithmeticOf(rule: Rule, variables: readonly tf.Variable[], gradients: tf.NamedTensorMap): () => void {
  const layout = parameterLayout(variables.map(({ name, shape }, layer) => ({ name, role: 'weight', layer, shape })));
  const [parameters, gradient] = [variables, variables.map(({ name }) => gradients[name] as tf.Tensor)].map((list) =>
    Float32Array.from(list.flatMap((t) => [...t.dataSync()])),
  ) as [Float32Array, Float32Array];
  const [state, step] = [rule.init(layout), new Float32Array(layout.size)];
  let iteration = 0;
  return () => rule.update({ layout, iteration: iteration++, parameters, gradient, objective: 0, minibatch: { evaluate: () => 0 } }, state, step);
}

/** Median milliseconds of a step of ADAM on a small convolutional network, batch of 8 images of 20 × 20. */
async function convolutionStep(name: 'wasm' | 'cpu', steps: number): Promise<number> {
  await loadBackend({ candidates: [name], onMessage: () => undefined });
  const model = sequential({
    layers: [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [20, 20, 1] }),
      layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(), loss: 'categoricalCrossentropy' });
  const [x, y] = [tf.randomNormal([8, 20, 20, 1]), tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 5, 6, 7], 'int32'), 10)];
  const times: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const began = performance.now();
    await model.trainOnBatch(x, y);
    if (step > 0) times.push(performance.now() - began);
  }
  model.dispose();
  tf.dispose([x, y]);
  return median(times);
}

function milliseconds(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}
