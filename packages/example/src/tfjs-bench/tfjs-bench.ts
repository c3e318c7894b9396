import { baselineOptimizers, createBaseline } from '@metadescent/optimizers';
import { median, parameterLayout, type Minibatch, type Optimizer as Rule } from '@metadescent/core';
import { LearnedOptimizer, pretrained } from '@metadescent/tfjs';
import { loadBackend } from '@metadescent/tfjs/backend';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';

/** Overhead of the drop-in for one rule, on 100,000 parameters. */
export interface DropInRow {
  readonly rule: string;
  /** Median milliseconds of one `minimize`. */
  readonly dropIn: number;
  /**
   * Median milliseconds of the rule's arithmetic on flat arrays alone, with as many evaluations of the loss,
   * there, as the rule asks for.
   */
  readonly arithmetic: number;
  /** Drop-in over `tf.train.adam`. */
  readonly againstAdam: number;
}

export interface TfjsBench {
  readonly backend: string;
  /** Median milliseconds of `tf.train.adam(…).minimize`. */
  readonly tfjsAdam: number;
  readonly dropIn: readonly DropInRow[];
  /** Median milliseconds of a training step of a small convolutional network. */
  readonly convolution: { readonly wasm: number; readonly cpu: number };
}

/** 316·316 + 144: 100,000 parameters in a matrix and a vector. */
const SHAPES = [[316, 316], [144]];
const REPETITIONS = 15;

/**
 * What the drop-in costs per step beside `tf.train.adam` and beside the rule's own arithmetic, and what a
 * convolutional training step costs on wasm with our kernels beside tfjs's cpu backend. All take turns within
 * each repetition; reported are medians.
 */
export async function runTfjsBench(print: (line: string) => void): Promise<TfjsBench> {
  const backend = await loadBackend({ onMessage: print, candidates: ['wasm'] });
  const variables = SHAPES.map((shape, i) =>
    tf.variable(tf.randomNormal(shape, 0, 1, 'float32', i), true, `bench-${i}`),
  );
  const curvatures = SHAPES.map((shape, i) => tf.randomUniform(shape, 0.01, 1, 'float32', 10 + i));
  /** A bowl: next to nothing beside a step, but all there is to a line search. */
  const loss = (): tf.Scalar =>
    tf.addN(variables.map((v, i) => tf.sum(tf.mul(curvatures[i] as tf.Tensor, tf.square(v))))) as tf.Scalar;
  const minimize = (optimizer: tf.Optimizer): void => {
    optimizer.minimize(loss, false, variables);
    variables.at(-1)?.dataSync();
  };
  const handMade = Object.keys(baselineOptimizers).map((name) => createBaseline(name));
  const learned = await Promise.all(
    ['l2l-mnist', 'psd', 'psd-plus'].map(async (name) => ({ ...(await pretrained(name)), name })),
  );
  const slots = { 'l2l-mnist': 'per-variable', psd: 'joint', 'psd-plus': 'joint' } as const;
  const contenders = [
    ...handMade.map((rule) => ({ rule, optimizer: new LearnedOptimizer(rule) })),
    ...learned.map((rule) => ({
      rule,
      optimizer: new LearnedOptimizer(rule, { slots: slots[rule.name as keyof typeof slots] }),
    })),
  ].map((contender) => ({
    ...contender,
    alone: arithmeticOf(contender.rule, variables, curvatures),
    times: { dropIn: [] as number[], arithmetic: [] as number[] },
  }));
  const theirs = tf.train.adam(1e-3);
  const adamTimes: number[] = [];
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    const measured = milliseconds(() => minimize(theirs));
    // The first round warms up.
    if (repetition > 0) adamTimes.push(measured);
    for (const { optimizer, alone, times } of contenders) {
      const [a, b] = [milliseconds(() => minimize(optimizer)), milliseconds(alone)];
      if (repetition === 0) continue;
      times.dropIn.push(a);
      times.arithmetic.push(b);
    }
  }
  tf.dispose([...variables, ...curvatures]);
  const tfjsAdam = median(adamTimes);
  const dropIn = contenders.map(({ rule, times }) => ({
    rule: rule.name,
    dropIn: median(times.dropIn),
    arithmetic: median(times.arithmetic),
    againstAdam: median(times.dropIn) / tfjsAdam,
  }));
  print(
    `drop-in on 100,000 parameters, ${backend.detail}: milliseconds per step of minimize (median); tf.train.adam ${tfjsAdam.toFixed(2)}`,
  );
  for (const row of dropIn) {
    print(
      `  ${row.rule.padEnd(18)} ${row.dropIn.toFixed(2).padStart(8)}   ${row.againstAdam.toFixed(2)} × tf.train.adam, ${(row.dropIn / row.arithmetic).toFixed(2)} × its arithmetic alone (${row.arithmetic.toFixed(2)})`,
    );
  }
  const convolution = { wasm: await convolutionStep('wasm', 7), cpu: await convolutionStep('cpu', 1) };
  print(
    `convolutional training step: wasm ${convolution.wasm.toFixed(0)} ms, cpu ${convolution.cpu.toFixed(0)} ms (${(convolution.cpu / convolution.wasm).toFixed(0)} ×)`,
  );
  await tf.setBackend('wasm');
  return { backend: backend.detail, tfjsAdam, dropIn, convolution };
}

/** The rule's steps on the same bowl in flat arrays. */
function arithmeticOf(
  rule: Rule,
  variables: readonly tf.Variable[],
  curvatures: readonly tf.Tensor[],
): () => void {
  const layout = parameterLayout(
    variables.map(({ name, shape }, layer) => ({
      name,
      role: layer === 0 ? 'weight' : 'bias',
      layer: 0,
      shape,
    })),
  );
  const [parameters, curvature] = [variables, curvatures].map((list) =>
    Float32Array.from(list.flatMap((t) => [...t.dataSync()])),
  ) as [Float32Array, Float32Array];
  const minibatch: Minibatch = {
    evaluate(at, slope) {
      let value = 0;
      for (let i = 0; i < at.length; i++) {
        const [c, x] = [curvature[i] as number, at[i] as number];
        value += c * x * x;
        if (slope) slope[i] = 2 * c * x;
      }
      return value;
    },
  };
  const [state, step, gradient] = [
    rule.init(layout),
    new Float32Array(layout.size),
    new Float32Array(layout.size),
  ];
  let iteration = 0;
  return () => {
    const objective = minibatch.evaluate(parameters, gradient);
    rule.update({ layout, iteration: iteration++, parameters, gradient, objective, minibatch }, state, step);
    for (let i = 0; i < step.length; i++) parameters[i] = (parameters[i] as number) + (step[i] as number);
  };
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
  const [x, y] = [
    tf.randomNormal([8, 20, 20, 1]),
    tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 5, 6, 7], 'int32'), 10),
  ];
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
