import type { BareEngine } from '../engine/bare-engine.js';
import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';
import { ACTIVATION_CODES, LOSS_CODES } from './network-plan.js';

/** Declares the functions of c/network.c; returns what makes a network of them. The batch is kept, not copied. */
export function nativeNetwork(library: NativeLibrary, target: NativeTarget): BareEngine['network'] {
  const networkSize = library.func(`int network_size_${target}(const int *, int)`);
  const networkEvaluate = library.func(
    `double network_evaluate_${target}(const int *, const int *, int, int, int, const float *, const void *, const float *, float *, float *, float *)`,
  );

  return (plan) => {
    const layers = plan.layers.length;
    const sizes = Int32Array.from(plan.sizes);
    const activations = Int32Array.from(plan.layers, ({ activation }) => ACTIVATION_CODES[activation]);
    const workspace = new Float32Array(networkSize(sizes, layers));
    const loss = LOSS_CODES[plan.loss];
    let rows = 0;
    let batchInputs: Float32Array = new Float32Array(0);
    let batchTargets: Uint8Array | Float32Array = new Uint8Array(0);

    return {
      setBatch(count, inputs, targets) {
        rows = count;
        batchInputs = inputs;
        batchTargets = targets;
      },
      evaluate(parameters, gradient, inputGradient) {
        return networkEvaluate(
          sizes,
          activations,
          layers,
          loss,
          rows,
          batchInputs,
          batchTargets,
          parameters,
          gradient ?? null,
          inputGradient ?? null,
          workspace,
        );
      },
    };
  };
}
