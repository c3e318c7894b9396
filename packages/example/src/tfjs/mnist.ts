import type { LabelledDataset } from '@metadescent/optimizees';
import { LearnedOptimizer } from '@metadescent/tfjs';
import { train as tfTrain } from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { comparison, type ExampleResult } from './comparison.js';
import {
  choose,
  contenderOf,
  finalLoss,
  millisecondsPerStep,
  trainRepeatedly,
  TUNING_SEEDS,
  type Race,
} from './race.js';

const STEPS = 100;
const BATCH = 128;
const SEEDS = 5;
/** ADAM's learning rates, tried on seeds of their own. */
const RATES = [0.003, 0.01, 0.02, 0.03, 0.05, 0.1];

/** An ordinary tfjs classifier; the seed fixes its weights. */
function classifier(seed: number): Sequential {
  const dense = (units: number, activation: 'sigmoid' | 'softmax', from: number) =>
    layers.dense({
      units,
      activation,
      ...(from === 0 && { inputShape: [784] }),
      kernelInitializer: initializers.glorotUniform({ seed: seed * 2 + from }),
    });
  return sequential({ layers: [dense(20, 'sigmoid', 0), dense(10, 'softmax', 1)] });
}

/** Example 1: an existing tfjs MNIST classifier with one changed line, the learned optimizer against tuned ADAM. */
export async function mnistExample(
  { train: dataset }: { train: LabelledDataset },
  seed: number,
  log: (line: string) => void,
): Promise<ExampleResult> {
  const race: Race = { model: classifier, dataset, steps: STEPS, batchSize: BATCH };
  const { value: rate, record } = await choose(
    'adam',
    'learningRate',
    RATES,
    (learningRate) => trainRepeatedly(race, seed + 1000, TUNING_SEEDS, () => tfTrain.adam(learningRate)),
    log,
  );
  // The line that a user changes:
  const learned = await trainRepeatedly(race, seed, SEEDS, () => new LearnedOptimizer('l2l-mnist'));
  const adam = await trainRepeatedly(race, seed, SEEDS, () => tfTrain.adam(rate));
  const result = comparison({
    title: 'A tfjs MNIST classifier, one changed line',
    problem: `784-20-10 sigmoid network on MNIST, batches of ${BATCH}`,
    yLabel: 'loss',
    contenders: [contenderOf('lstm', 'learned', learned), contenderOf('adam', 'hand-made', adam)],
    tuning: [record],
    notes: [
      `${SEEDS} seeds, each with its own start and order of the images. lstm is new LearnedOptimizer('l2l-mnist'), adam is tf.train.adam(${rate}).`,
    ],
  });
  return {
    ...result,
    summary: [
      ...result.summary,
      `In the last ten steps the loss is ${finalLoss(learned).toFixed(3)} with the learned optimizer and ${finalLoss(adam).toFixed(3)} with ADAM.`,
      `A step of fit takes ${millisecondsPerStep(learned).toFixed(1)} ms with the learned optimizer and ${millisecondsPerStep(adam).toFixed(1)} ms with tf.train.adam.`,
    ],
  };
}
