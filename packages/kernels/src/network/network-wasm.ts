import { layOutRegions } from '../wasm/kernel-memory.js';
import { createKernelMemory } from '../wasm/kernels-module.js';
import type { BareNetwork } from './bare-network.js';
import { ACTIVATION_CODES, LOSS_CODES, type NetworkPlan } from './network-plan.js';

/** The functions of c/network.c; pointers are byte addresses. */
interface NetworkExports {
  network_size(sizes: number, layers: number): number;
  network_evaluate(
    sizes: number,
    activations: number,
    layers: number,
    loss: number,
    rows: number,
    inputs: number,
    targets: number,
    parameters: number,
    gradient: number,
    inputGradient: number,
    workspace: number,
  ): number;
}

/** A network in a WebAssembly instance of its own, which also holds the batch. */
export function network(plan: NetworkPlan): BareNetwork {
  const layers = plan.layers.length;
  const memory = createKernelMemory();
  const kernels = memory.exports as unknown as NetworkExports;
  memory.reserve(memory.base + 4 * plan.sizes.length);
  memory.write(memory.base, Int32Array.from(plan.sizes));
  const fixed = layOutRegions(memory.base, {
    sizes: plan.sizes.length,
    activations: layers,
    workspace: kernels.network_size(memory.base, layers),
    parameters: plan.parameterCount,
    gradient: plan.parameterCount,
  });
  memory.reserve(fixed.end);
  memory.write(
    fixed.activations,
    Int32Array.from(plan.layers, ({ activation }) => ACTIVATION_CODES[activation]),
  );
  let rows = 0;
  let batch = { inputs: 0, targets: 0, end: 0 };

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
    evaluate(parameters, gradient, inputGradient) {
      memory.write(fixed.parameters, parameters);
      if (inputGradient) memory.reserve(batch.end + 4 * inputGradient.length);
      const loss = kernels.network_evaluate(
        fixed.sizes,
        fixed.activations,
        layers,
        LOSS_CODES[plan.loss],
        rows,
        batch.inputs,
        batch.targets,
        fixed.parameters,
        gradient ? fixed.gradient : 0,
        inputGradient ? batch.end : 0,
        fixed.workspace,
      );
      if (gradient) memory.read(fixed.gradient, gradient);
      if (inputGradient) memory.read(batch.end, inputGradient);
      return loss;
    },
  };
}
