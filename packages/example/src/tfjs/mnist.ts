import type { LabelledDataset } from '@metadescent/optimizees';
import { LearnedOptimizer } from '@metadescent/tfjs';
import { train as tfTrain, type Optimizer } from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import type { ExampleResult } from './command.js';
import { imageTensors } from './images.js';
import { finalLoss, seriesOf, train, type Training } from './race.js';

const STEPS = 100;
const BATCH = 128;
const SEEDS = 5;
/** ADAM's learning rates, tried on a seed of their own. */
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3];

/** An ordinary tfjs classifier; the seed fixes its weights. */
function classifier(seed: number): Sequential {
  const dense = (units: number, activation: 'sigmoid' | 'softmax', from: number) =>
    layers.dense({ units, activation, ...(from === 0 && { inputShape: [784] }), kernelInitializer: initializers.glorotUniform({ seed: seed * 2 + from }) });
  return sequential({ layers: [dense(20, 'sigmoid', 0), dense(10, 'softmax', 1)] });
}

/** Example 1: an existing tfjs MNIST classifier with one changed line, the learned optimizer against tuned ADAM. */
export async function mnistExample({ train: dataset }: { train: LabelledDataset }, seed: number, log: (line: string) => void): Promise<ExampleResult> {
  const data = { ...imageTensors(dataset, STEPS * BATCH), batchSize: BATCH, steps: STEPS };
  const run = async (from: number, make: () => Optimizer): Promise<Training> => {
    const model = classifier(from);
    const training = await train(model, make(), data);
    model.dispose();
    return training;
  };
  const tuning: { rate: number; loss: number }[] = [];
  for (const rate of RATES) {
    tuning.push({ rate, loss: finalLoss([await run(seed + 1000, () => tfTrain.adam(rate))]) });
    log(`ADAM, learning rate ${rate}: final loss ${tuning.at(-1)?.loss.toFixed(3)}`);
  }
  const best = tuning.reduce((a, b) => (b.loss < a.loss ? b : a));
  const contenders = {
    // The line that a user changes:
    'l2l-mnist': () => new LearnedOptimizer('l2l-mnist'),
    adam: () => tfTrain.adam(best.rate),
  };
  const results: Record<string, Training[]> = {};
  for (const [name, make] of Object.entries(contenders)) {
    results[name] = [];
    for (let i = 0; i < SEEDS; i++) results[name].push(await run(seed + i, make));
    log(`${name}: final loss ${finalLoss(results[name]).toFixed(3)}`);
  }
  const [learned, adam] = [results['l2l-mnist'] ?? [], results['adam'] ?? []];
  const milliseconds = (trainings: readonly Training[]) => trainings.reduce((sum, t) => sum + t.millisecondsPerStep, 0) / trainings.length;
  return {
    title: 'A tfjs MNIST classifier, one changed line',
    summary: [
      `After ${STEPS} steps the learned optimizer's training loss is ${finalLoss(learned).toFixed(3)}, tuned ADAM's (learning rate ${best.rate}) ${finalLoss(adam).toFixed(3)}; means over the last ten steps of ${SEEDS} seeds.`,
      `A step of fit takes ${milliseconds(learned).toFixed(1)} ms with the learned optimizer and ${milliseconds(adam).toFixed(1)} ms with tf.train.adam.`,
    ],
    curves: {
      title: '784-20-10 sigmoid network on MNIST, batches of 128',
      yLabel: 'loss on the mini-batch',
      series: [seriesOf('l2l-mnist', 'learned', learned), seriesOf('adam', 'hand-made', adam)],
      notes: [`Mean over ${SEEDS} seeds with its standard error; ADAM's learning rate is the best of ${RATES.join(', ')} on another seed.`],
    },
    sections: [
      {
        heading: "Tuning of ADAM's learning rate",
        blocks: [
          {
            type: 'tuning',
            records: [
              {
                optimizer: 'adam',
                chosen: { learningRate: best.rate },
                criterion: 'mean loss of the last ten steps, one seed',
                grid: tuning.map(({ rate, loss }) => ({ parameters: { learningRate: rate }, score: loss })),
              },
            ],
          },
        ],
      },
    ],
  };
}
