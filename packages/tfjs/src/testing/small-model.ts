import { createKey } from '@metadescent/core';
import { tensor, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';

/** Two dense layers of fixed initial weights; not compiled. */
export function smallModel(): Sequential {
  const model = sequential({
    layers: [
      layers.dense({ units: 6, inputShape: [4], activation: 'tanh' }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const key = createKey(8);
  model.setWeights(
    model.getWeights().map((w, i) => tensor(Float32Array.from(key.fold(i).normal(w.size)), w.shape)),
  );
  return model;
}

/** 24 examples in three classes, one-hot. */
export function smallData(): { x: Tensor2D; y: Tensor2D } {
  const key = createKey(9);
  const labels = Array.from({ length: 24 }, (_, i) => i % 3);
  const noise = key.normal(24 * 4);
  const x = tensor2d(
    Float32Array.from(noise, (e, i) => 0.5 * e + ((labels[i >> 2] as number) === i % 4 ? 1.5 : 0)),
    [24, 4],
  );
  const y = tensor2d(
    labels.flatMap((label) => [0, 1, 2].map((c) => Number(c === label))),
    [24, 3],
  );
  return { x, y };
}
