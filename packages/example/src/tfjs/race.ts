import { summariseCurves } from '@metadescent/core';
import type { CurveSeries } from '@metadescent/reporting';
import { slice, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** One training: the loss on the mini-batch of each step, and seconds per step. */
export interface Training {
  readonly losses: number[];
  readonly accuracy: number;
  readonly millisecondsPerStep: number;
}

export interface TrainingOptions {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly batchSize: number;
  readonly steps: number;
}

/** Trains a model for some steps: plain tfjs, the optimizer is the one line that differs. */
export async function train(model: LayersModel, optimizer: Optimizer, { x, y, batchSize, steps }: TrainingOptions): Promise<Training> {
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const losses: number[] = [];
  const began = performance.now();
  const rows = Math.min(x.shape[0] as number, batchSize * steps);
  const [ownX, ownY] = [slice(x, [0, 0], [rows, -1]), slice(y, [0, 0], [rows, -1])];
  await model.fit(ownX, ownY, {
    batchSize,
    epochs: Math.ceil((batchSize * steps) / rows),
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
  const evaluated = model.evaluate(ownX, ownY, { batchSize: 500 }) as Tensor[];
  const accuracy = evaluated[1]?.dataSync()[0] as number;
  for (const tensor of [...evaluated, ownX, ownY]) tensor.dispose();
  return { losses, accuracy, millisecondsPerStep };
}

/** Trainings that differ by their seed, as one curve. */
export function seriesOf(optimizer: string, kind: CurveSeries['kind'], trainings: readonly Training[]): CurveSeries {
  const { mean, standardError, count } = summariseCurves(trainings.map(({ losses }) => losses));
  return { optimizer, kind, mean, standardError, count };
}

/** Mean of the last ten losses, over all trainings. */
export function finalLoss(trainings: readonly Training[]): number {
  const last = trainings.flatMap(({ losses }) => losses.slice(-10));
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}
