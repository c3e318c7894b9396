import { createKey, mean } from '@metadescent/core';
import type { LabelledDataset } from '@metadescent/optimizees';
import type { OptimizerKind, TuningRecordInput } from '@metadescent/reporting';
import { dispose, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Contender } from './comparison.js';
import { imageTensors } from './images.js';

/** One training: the loss on the mini-batch of each step, and seconds per step. */
export interface Training {
  readonly losses: number[];
  readonly millisecondsPerStep: number;
}

/** Trains a model through the data once: plain tfjs, the optimizer is the one line that differs. */
export async function train(model: LayersModel, optimizer: Optimizer, { x, y }: { x: Tensor; y: Tensor }, batchSize: number): Promise<Training> {
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const losses: number[] = [];
  const began = performance.now();
  await model.fit(x, y, {
    batchSize,
    epochs: 1,
    shuffle: false,
    verbose: 0,
    yieldEvery: 'never',
    callbacks: {
      onBatchEnd: async (_, logs) => {
        losses.push(logs?.['loss'] as number);
      },
    },
  });
  const millisecondsPerStep = (performance.now() - began) / losses.length;
  return { losses, millisecondsPerStep };
}

/** What every training of a race shares. */
export interface Race {
  /** The model at its start; the seed fixes its weights. */
  readonly model: (seed: number) => LayersModel;
  readonly dataset: LabelledDataset;
  readonly steps: number;
  readonly batchSize: number;
}

/** One training with this seed's start and order of the images. */
export async function trainOnce({ model: create, dataset, steps, batchSize }: Race, seed: number, optimizer: () => Optimizer): Promise<Training> {
  const model = create(seed);
  const data = imageTensors(dataset, steps * batchSize, createKey(seed));
  const training = await train(model, optimizer(), data, batchSize);
  model.dispose();
  dispose([data.x, data.y]);
  return training;
}

/** One training for each of `count` seeds. */
export async function trainRepeatedly(race: Race, seed: number, count: number, optimizer: () => Optimizer): Promise<Training[]> {
  const trainings: Training[] = [];
  for (let i = 0; i < count; i++) trainings.push(await trainOnce(race, seed + i, optimizer));
  return trainings;
}

/** Mean of the last ten losses, over all trainings. */
export function finalLoss(trainings: readonly Training[]): number {
  return mean(trainings.flatMap(({ losses }) => losses.slice(-10)));
}

export function millisecondsPerStep(trainings: readonly Training[]): number {
  return mean(trainings.map((training) => training.millisecondsPerStep));
}

/** Trainings that differ by their seed. */
export function contenderOf(name: string, kind: OptimizerKind, trainings: readonly Training[]): Contender {
  return { name, kind, curves: trainings.map(({ losses }) => losses) };
}

/** The learning rate of ADAM with the lowest mean loss over the steps, tried on a seed of its own. */
export async function tuneAdam(rates: readonly number[], run: (rate: number) => Promise<Training>, log: (line: string) => void): Promise<{ rate: number; record: TuningRecordInput }> {
  const tried: { rate: number; score: number }[] = [];
  for (const rate of rates) {
    const score = mean((await run(rate)).losses.slice(1));
    log(`ADAM, learning rate ${rate}: mean loss ${score.toFixed(3)}`);
    tried.push({ rate, score });
  }
  const { rate } = tried.reduce((a, b) => (b.score < a.score ? b : a));
  return {
    rate,
    record: {
      optimizer: 'adam',
      chosen: { learningRate: rate },
      criterion: 'mean loss over the steps, one seed',
      grid: tried.map((each) => ({ parameters: { learningRate: each.rate }, score: each.score })),
      edgeNotes: rate === rates[0] || rate === rates.at(-1) ? ['at an edge of the grid'] : [],
    },
  };
}
