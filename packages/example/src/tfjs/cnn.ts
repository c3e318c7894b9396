import { mean, summariseCurves } from '@metadescent/core';
import type { LabelledDataset } from '@metadescent/optimizees';
import type { CurveSetInput } from '@metadescent/reporting';
import { pretrainedPsdNames } from '@metadescent/predicted-step-descent';
import { LearnedOptimizer, pretrained, ruleNames } from '@metadescent/tfjs';
import { train as tfTrain } from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { comparison, shownName, type ExampleResult } from './comparison.js';
import {
  choose,
  contenderOf,
  finalLoss,
  trainRepeatedly,
  TUNING_SEEDS,
  type Race,
  type Training,
} from './race.js';

const STEPS = 100;
const BATCH = 32;
const SEEDS = 5;
/** ADAM's learning rates, tried on seeds of their own. */
const RATES = [0.002, 0.005, 0.007, 0.01, 0.015, 0.03];
/** Meta-trained on quadratic functions, and never on networks: something for the guard. */
const UNSUITABLE = 'l2l-quadratics';

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

/**
 * Example 2: a convolutional network trained in Node on wasm, which tfjs alone cannot do; the learned
 * optimizers far from their training problems, with the guard.
 */
export async function cnnExample(
  { train: dataset }: { train: LabelledDataset },
  seed: number,
  log: (line: string) => void,
): Promise<ExampleResult> {
  await Promise.all(pretrainedPsdNames.map((name) => pretrained(name)));
  const race: Race = { model: network, dataset, steps: STEPS, batchSize: BATCH };
  const guarded = (name: string, onMessage: (line: string) => void = () => undefined) =>
    new LearnedOptimizer(name, { guard: true, onMessage });
  const tuningSeed = seed + 1000;
  const rate = await choose(
    'adam',
    'learningRate',
    RATES,
    (learningRate) => trainRepeatedly(race, tuningSeed, TUNING_SEEDS, () => tfTrain.adam(learningRate)),
    log,
  );
  // Each was meta-trained on something else than this network.
  const rules = ruleNames().filter((name) => /^(l2l|psd)/.test(name));
  const rule = await choose(
    'learned',
    'rule',
    rules,
    (name) => trainRepeatedly(race, tuningSeed, TUNING_SEEDS, () => guarded(name)),
    log,
  );
  const said: string[] = [];
  const learned = await trainRepeatedly(race, seed, SEEDS, () =>
    guarded(rule.value, (line) => said.push(line)),
  );
  const adam = await trainRepeatedly(race, seed, SEEDS, () => tfTrain.adam(rate.value));
  const guard = await guardedAndNot(race, seed, guarded);
  const result = comparison({
    title: 'A convolutional network on wasm in Node',
    problem: `Convolutional network on MNIST, batches of ${BATCH}`,
    yLabel: 'loss',
    contenders: [
      contenderOf(shownName(rule.value), 'learned', learned),
      contenderOf('adam', 'hand-made', adam),
    ],
    tuning: [rate.record, rule.record],
    notes: [
      `${SEEDS} seeds, each with its own start and order of the images. ${shownName(rule.value)} is new LearnedOptimizer('${rule.value}', { guard: true }), adam is ` +
        `tf.train.adam(${rate.value}); both were chosen on other seeds.`,
    ],
  });
  return {
    ...result,
    summary: [
      ...result.summary,
      `In the last ten steps the loss is ${finalLoss(learned).toFixed(3)} with ${shownName(rule.value)} and ${finalLoss(adam).toFixed(3)} with ADAM.`,
      said.length === 0
        ? `The guard left ${shownName(rule.value)} alone.`
        : `The guard of ${shownName(rule.value)} said: ${said.join(' | ')}`,
      guard.sentence,
    ],
    sections: [
      { heading: 'What the guard does', blocks: [{ type: 'curves', curves: guard.curves }] },
      ...result.sections,
    ],
  };
}

/** The same unsuitable rule on the same seeds with the guard and without. */
async function guardedAndNot(
  race: Race,
  seed: number,
  guarded: (name: string, onMessage: (line: string) => void) => LearnedOptimizer,
): Promise<{ readonly sentence: string; readonly curves: CurveSetInput }> {
  const said: string[] = [];
  const withGuard = await trainRepeatedly(race, seed, SEEDS, () =>
    guarded(UNSUITABLE, (line) => said.push(line)),
  );
  const without = await trainRepeatedly(race, seed, SEEDS, () => new LearnedOptimizer(UNSUITABLE));
  const acted = said.filter((line) => line.includes('ADAM'));
  const last = (trainings: readonly Training[]) =>
    mean(trainings.map(({ losses }) => losses.at(-1) as number)).toFixed(2);
  return {
    sentence:
      `For the guard, ${UNSUITABLE} on the same network: its last loss is ${last(without)} without the guard and ${last(withGuard)} with it; the guard acted in ${acted.length} of ` +
      `${SEEDS} trainings.${acted[0] === undefined ? '' : ` It said: ${acted[0]}.`}`,
    curves: {
      title: `${UNSUITABLE} with the guard and without`,
      yLabel: 'loss',
      series: [
        {
          optimizer: 'with the guard',
          kind: 'learned',
          ...summariseCurves(withGuard.map(({ losses }) => losses)),
        },
        { optimizer: 'without', kind: 'learned', ...summariseCurves(without.map(({ losses }) => losses)) },
      ],
      notes: [
        `The same ${SEEDS} seeds. Once the loss has left its trust band, the best parameters come back and ADAM goes on.`,
      ],
    },
  };
}
