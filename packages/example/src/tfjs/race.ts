import { createKey, mean, standardError } from '@metadescent/core';
import type { LabelledDataset } from '@metadescent/optimizees';
import type { OptimizerKind, TuningRecordInput } from '@metadescent/reporting';
import { dispose, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Contender } from './comparison.js';
import { imageTensors } from './images.js';

/** One training: the loss on the mini-batch of each step, and milliseconds per step. */
export interface Training {
  readonly losses: number[];
  readonly millisecondsPerStep: number;
}

/** Trains a model through the data once: plain tfjs, the optimizer is the one line that differs. */
async function train(
  model: LayersModel,
  optimizer: Optimizer,
  { x, y }: { x: Tensor; y: Tensor },
  batchSize: number,
): Promise<Training> {
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
async function trainOnce(
  { model: create, dataset, steps, batchSize }: Race,
  seed: number,
  optimizer: () => Optimizer,
): Promise<Training> {
  const model = create(seed);
  const data = imageTensors(dataset, steps * batchSize, createKey(seed));
  const training = await train(model, optimizer(), data, batchSize);
  model.dispose();
  dispose([data.x, data.y]);
  return training;
}

/** One training for each of `count` seeds. */
export async function trainRepeatedly(
  race: Race,
  seed: number,
  count: number,
  optimizer: () => Optimizer,
): Promise<Training[]> {
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

/** What was chosen from a list, with the record of the search. */
export interface Choice<Value> {
  readonly value: Value;
  readonly record: TuningRecordInput;
}

/** Seeds that candidates are tried on. */
export const TUNING_SEEDS = 3;

/** The candidate with the lowest mean loss over the steps, tried on seeds of its own. */
export async function choose<Value extends number | string>(
  optimizer: string,
  parameter: string,
  values: readonly Value[],
  run: (value: Value) => Promise<readonly Training[]>,
  log: (line: string) => void,
): Promise<Choice<Value>> {
  const tried: { value: Value; score: number; uncertainty: number }[] = [];
  for (const value of values) {
    const scores = (await run(value)).map(({ losses }) => mean(losses.slice(1)));
    const [score, uncertainty] = [mean(scores), standardError(scores)];
    log(`${optimizer}, ${parameter} ${value}: mean loss ${score.toFixed(3)} ± ${uncertainty.toFixed(3)}`);
    tried.push({ value, score, uncertainty });
  }
  const { value } = tried.reduce((a, b) => (b.score < a.score ? b : a));
  const atEdge = typeof value === 'number' && (value === values[0] || value === values.at(-1));
  return {
    value,
    record: {
      optimizer,
      chosen: { [parameter]: value },
      criterion: `mean loss over the steps, ${TUNING_SEEDS} other seeds`,
      grid: tried.map((each) => ({
        parameters: { [parameter]: each.value },
        score: each.score,
        standardError: each.uncertainty,
      })),
      edgeNotes: atEdge ? ['at an edge of the grid'] : [],
    },
  };
}
