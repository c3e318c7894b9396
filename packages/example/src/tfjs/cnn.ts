import type { LabelledDataset } from '@metadescent/optimizees';
import { LearnedOptimizer } from '@metadescent/tfjs';
import { train as tfTrain, type Optimizer } from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import type { ExampleResult } from './command.js';
import { imageTensors } from './images.js';
import { finalLoss, seriesOf, train, type Training } from './race.js';

const STEPS = 100;
const BATCH = 32;
const SEEDS = 3;
/** ADAM's learning rates, tried on a seed of their own. */
const RATES = [0.001, 0.003, 0.01, 0.03];

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
  const data = { ...imageTensors(dataset, STEPS * BATCH), batchSize: BATCH, steps: STEPS };
  const said: string[] = [];
  const run = async (from: number, make: () => Optimizer): Promise<Training> => {
    const model = network(from);
    const training = await train(model, make(), data);
    model.dispose();
    return training;
  };
  let best = { rate: NaN, loss: Infinity };
  for (const rate of RATES) {
    const loss = finalLoss([await run(seed + 1000, () => tfTrain.adam(rate))]);
    log(`ADAM, learning rate ${rate}: final loss ${loss.toFixed(3)}`);
    if (loss < best.loss) best = { rate, loss };
  }
  const repeat = async (make: () => Optimizer): Promise<Training[]> => {
    const trainings: Training[] = [];
    for (let i = 0; i < SEEDS; i++) trainings.push(await run(seed + i, make));
    return trainings;
  };
  const learned = await repeat(() => new LearnedOptimizer('l2l-mnist', { guard: true, onMessage: (line) => said.push(line) }));
  const adam = await repeat(() => tfTrain.adam(best.rate));
  const [ours, theirs] = [finalLoss(learned), finalLoss(adam)];
  return {
    title: 'A convolutional network on wasm in Node',
    summary: [
      `After ${STEPS} steps the training loss is ${ours.toFixed(3)} with the learned optimizer (weights meta-trained on a sigmoid perceptron; this network has convolutions, ReLU and batch normalisation) ` +
        `and ${theirs.toFixed(3)} with tuned ADAM (learning rate ${best.rate}): ${ours < theirs ? 'it transfers' : 'ADAM is better here'}; means over ${SEEDS} seeds.`,
      said.length === 0 ? 'The guard had nothing to say.' : `The guard said: ${said.join(' | ')}`,
    ],
    curves: {
      title: 'Convolutional network on MNIST, batches of 32',
      yLabel: 'loss on the mini-batch',
      series: [seriesOf('l2l-mnist', 'learned', learned), seriesOf('adam', 'hand-made', adam)],
      notes: [`Mean over ${SEEDS} seeds with its standard error; ADAM's learning rate is the best of ${RATES.join(', ')} on another seed.`],
    },
    sections: [],
  };
}
