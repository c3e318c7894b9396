import type { Key } from '@metadescent/core';
import type { LabelledDataset } from '@metadescent/optimizees';
import { oneHot, tensor1d, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core';

/**
 * `count` images as rows in [0, 1], drawn without replacement by key (neighbours in the files are by one
 * writer), and their labels as one-hot rows.
 */
export function imageTensors(
  { inputs, labels, inputSize, classes, scale, offset, rows }: LabelledDataset,
  count: number,
  key: Key,
): { x: Tensor2D; y: Tensor2D } {
  const order = key.permutation(rows?.length ?? labels.length);
  const x = new Float32Array(count * inputSize);
  const classOf = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const drawn = order[i] as number;
    const row = rows?.[drawn] ?? drawn;
    classOf[i] = labels[row] as number;
    for (let j = 0; j < inputSize; j++)
      x[i * inputSize + j] = offset + scale * (inputs[row * inputSize + j] as number);
  }
  return { x: tensor2d(x, [count, inputSize]), y: oneHot(tensor1d(classOf, 'int32'), classes) as Tensor2D };
}
