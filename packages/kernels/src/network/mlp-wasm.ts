import type { BareMlp } from './bare-mlp.js';
import type { MlpShape } from './mlp-kernel.js';
import { ACTIVATION_CODES, LOSS_CODES, type MlpLayout } from './mlp-layout.js';
import { layOutRegions } from '../wasm/kernel-memory.js';
import { createKernelMemory } from '../wasm/kernels-module.js';

/** The functions of c/mlp.c; pointers are byte addresses. */
interface MlpExports {
  mlp_size(sizes: number, layers: number): number;
  mlp_evaluate(
    sizes: number,
    layers: number,
    activation: number,
    loss: number,
    rows: number,
    inputs: number,
    targets: number,
    parameters: number,
    gradient: number,
    workspace: number,
  ): number;
}

/** A multilayer perceptron in a WebAssembly instance of its own, which also holds the batch. */
export function mlp(shape: MlpShape, layout: MlpLayout): BareMlp {
  const layers = layout.layers.length;
  const memory = createKernelMemory();
  const kernels = memory.exports as unknown as MlpExports;
  memory.reserve(memory.base + 4 * shape.sizes.length);
  memory.write(memory.base, Int32Array.from(shape.sizes));
  const fixed = layOutRegions(memory.base, {
    sizes: shape.sizes.length,
    workspace: kernels.mlp_size(memory.base, layers),
    parameters: layout.parameterCount,
    gradient: layout.parameterCount,
  });
  memory.reserve(fixed.end);
  let rows = 0;
  let batch = { inputs: 0, targets: 0 };

  return {
    setBatch(count, inputs, targets) {
      const at = layOutRegions(fixed.end, {
        inputs: inputs.length,
        targets: Math.ceil(targets.byteLength / 4),
      });
      memory.reserve(at.end);
      memory.write(at.inputs, inputs);
      memory.write(at.targets, targets);
      rows = count;
      batch = at;
    },
    evaluate(parameters, gradient) {
      memory.write(fixed.parameters, parameters);
      const loss = kernels.mlp_evaluate(
        fixed.sizes,
        layers,
        ACTIVATION_CODES[shape.activation],
        LOSS_CODES[shape.loss],
        rows,
        batch.inputs,
        batch.targets,
        fixed.parameters,
        gradient ? fixed.gradient : 0,
        fixed.workspace,
      );
      if (gradient) memory.read(fixed.gradient, gradient);
      return loss;
    },
  };
}
