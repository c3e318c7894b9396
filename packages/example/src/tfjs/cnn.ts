import type { LabelledDataset } from '@metadescent/optimizees';
import { LearnedOptimizer } from '@metadescent/tfjs';
import { train as tfTrain } from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { comparison, type ExampleResult } from './comparison.js';
import { contenderOf, finalLoss, trainOnce, trainRepeatedly, tuneAdam, type Race } from './race.js';

const STEPS = 100;
const BATCH = 32;
const SEEDS = 3;
/** ADAM's learning rates, tried on a seed of their own. */
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1];

/** A small convolutional network with batch normalisation; the seed fixes its weights. */
function network(seed: number): Sequential {
  const initial = (i: number) => initializers.glorotUniform({ seed: seed * 3 + i });
  return sequential({
    layers: [
      layers.reshape({ targetShape: [28, 28, 1], inputShape: [784] }),
      layers.conv2d({ filters: 8, kernelSize: 5, strides: 2, kernelInitializer: initial(0) }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu', kernelInitializer: initial(1) }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10, activation: 'softmax', kernelInitializer: initial(2) }),
    ],
  });
}

/** Example 2: a convolutional network trained in Node on wasm, which tfjs alone cannot do; the learned optimizer far from its training problem, with the guard. */
export async function cnnExample({ train: dataset }: { train: LabelledDataset }, seed: number, log: (line: string) => void): Promise<ExampleResult> {
  const said: string[] = [];
  const race: Race = { model: network, dataset, steps: STEPS, batchSize: BATCH };
  const { rate, record } = await tuneAdam(RATES, (learningRate) => trainOnce(race, seed + 1000, () => tfTrain.adam(learningRate)), log);
  const learned = await trainRepeatedly(race, seed, SEEDS, () => new LearnedOptimizer('l2l-mnist', { guard: true, onMessage: (line) => said.push(line) }));
  const adam = await trainRepeatedly(race, seed, SEEDS, () => tfTrain.adam(rate));
  const result = comparison({
    title: 'A convolutional network on wasm in Node',
    problem: `Convolutional network on MNIST, batches of ${BATCH}`,
    yLabel: 'loss',
    contenders: [contenderOf('lstm', 'learned', learned), contenderOf('adam', 'hand-made', adam)],
    tuning: [record],
    notes: [`${SEEDS} seeds, each with its own start and order of the images. lstm is new LearnedOptimizer('l2l-mnist', { guard: true }), adam is tf.train.adam(${rate}).`],
  });
  return {
    ...result,
    summary: [
      ...result.summary,
      `In the last ten steps the loss is ${finalLoss(learned).toFixed(3)} with the learned optimizer and ${finalLoss(adam).toFixed(3)} with ADAM.`,
      'The weights were meta-trained on a sigmoid perceptron; this network has convolutions, ReLU and batch normalisation.',
      said.length === 0 ? 'The guard had nothing to say.' : `The guard said: ${said.join(' | ')}`,
    ],
  };
}
