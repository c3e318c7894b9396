import type { BareEngine } from '../engine/bare-engine.js';
import { ACTIVATION_CODES, LOSS_CODES } from './mlp-layout.js';
import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';

/**
 * Declares the functions of c/mlp.c; returns what makes a multilayer perceptron of them. The batch is kept,
 * not copied.
 */
export function nativeMlp(library: NativeLibrary, target: NativeTarget): BareEngine['mlp'] {
  const mlpSize = library.func(`int mlp_size_${target}(const int *, int)`);
  const mlpEvaluate = library.func(
    `double mlp_evaluate_${target}(const int *, int, int, int, int, const float *, const void *, const float *, float *, float *)`,
  );

  return (shape, layout) => {
    const layers = layout.layers.length;
    const sizes = Int32Array.from(shape.sizes);
    const workspace = new Float32Array(mlpSize(sizes, layers));
    const activation = ACTIVATION_CODES[shape.activation];
    const loss = LOSS_CODES[shape.loss];
    let rows = 0;
    let batchInputs: Float32Array = new Float32Array(0);
    let batchTargets: Uint8Array | Float32Array = new Uint8Array(0);

    return {
      setBatch(count, inputs, targets) {
        rows = count;
        batchInputs = inputs;
        batchTargets = targets;
      },
      evaluate(parameters, gradient) {
        return mlpEvaluate(
          sizes,
          layers,
          activation,
          loss,
          rows,
          batchInputs,
          batchTargets,
          parameters,
          gradient ?? null,
          workspace,
        );
      },
    };
  };
}
