import { createKey, parameterLayout, type OptimizeeFamily, type ParameterBlock } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';

/**
 * Training a small ReLU net with softmax cross-entropy on Gaussian clouds: weights start at N(0, 0.3²),
 * mini-batches of 16, the true objective is that of all examples.
 *
 * @param sizes units per layer, e.g. [8, 6, 3]
 */
export function classifier(
  engine: KernelEngine,
  sizes: readonly number[],
  seed: number,
  examples = 96,
): OptimizeeFamily {
  const key = createKey(seed);
  const [inputs, classes] = [sizes[0]!, sizes.at(-1)!];
  const layout = parameterLayout(
    sizes.slice(1).flatMap((outputs, layer): ParameterBlock[] => [
      { name: `layer-${layer}/weight`, role: 'weight', layer, shape: [sizes[layer]!, outputs] },
      { name: `layer-${layer}/bias`, role: 'bias', layer, shape: [outputs] },
    ]),
  );
  const labels = Uint8Array.from(key.fold('labels').integers(examples, classes));
  const centres = key.fold('centres').normal(classes * inputs);
  const data = Float32Array.from(
    key.fold('data').normal(examples * inputs),
    (x, i) => x + centres[labels[Math.floor(i / inputs)]! * inputs + (i % inputs)]!,
  );
  const shape = { sizes, activation: 'relu', loss: 'softmax-cross-entropy' } as const;
  const whole = engine.mlp(shape);
  whole.setBatch(data, labels);
  const part = engine.mlp(shape);
  const name = `classifier ${sizes.join('-')}`;
  return {
    name,
    layout,
    sample: () => ({
      name,
      layout,
      initialParameters: (from) => Float32Array.from(from.normal(layout.size), (x) => 0.3 * x),
      minibatch: (from, step) => {
        const rows = from.fold(step).integers(16, examples);
        const batch = Float32Array.from(
          { length: 16 * inputs },
          (_, i) => data[rows[Math.floor(i / inputs)]! * inputs + (i % inputs)]!,
        );
        const targets = Uint8Array.from(rows, (row) => labels[row]!);
        return {
          evaluate(parameters, gradient) {
            part.setBatch(batch, targets);
            return part.evaluate(parameters, gradient);
          },
        };
      },
      trueObjective: (parameters, gradient) => whole.evaluate(parameters, gradient),
    }),
  };
}
