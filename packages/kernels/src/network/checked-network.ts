import { presentLength, requireArray, requireDisjoint } from '../engine/array-checks.js';
import type { BareEngine } from '../engine/bare-engine.js';
import { type MlpKernel, type MlpShape, mlpSpecification } from './mlp-kernel.js';
import type { NetworkKernel, NetworkSpecification } from './network-kernel.js';
import { checkBatch, networkPlan, type NetworkPlan } from './network-plan.js';

/** What `evaluate` will read, and how long it was when it was set. */
interface Batch {
  readonly rows: number;
  readonly inputs: Float32Array;
  readonly targets: Uint8Array | Float32Array;
  readonly inputLength: number;
  readonly targetLength: number;
}

type Networks = Pick<BareEngine, 'network'>;

/** A network whose arguments are checked, and whose batch is known to be whole whenever it is read. */
export function checkedNetwork(bare: Networks, given: NetworkSpecification): NetworkKernel {
  const { inputs, layers, loss } = given;
  const specification = {
    inputs,
    layers: Array.isArray(layers) ? layers.map((layer: (typeof layers)[number]) => ({ ...layer })) : layers,
    loss,
  };
  const plan = networkPlan('network', specification, {
    inputs: 'inputs',
    widths: 'layers',
    layer: (index) => `layers[${index}].outputs`,
  });
  return checkedPlan(bare, specification, plan);
}

/** A multilayer perceptron, which is a network of another name. */
export function checkedMlp(bare: Networks, given: MlpShape): MlpKernel {
  const { sizes, activation, loss } = given;
  const specification = mlpSpecification({ sizes, activation, loss });
  const plan = networkPlan('mlp', specification, {
    inputs: 'sizes[0]',
    widths: 'sizes',
    layer: (_, dense) => `sizes[${dense + 1}]`,
  });
  return { ...checkedPlan(bare, specification, plan), shape: { sizes: plan.sizes, activation, loss } };
}

function checkedPlan(bare: Networks, specification: NetworkSpecification, plan: NetworkPlan): NetworkKernel {
  const kernel = bare.network(plan);
  const { parameterCount } = plan;
  let batch: Batch | undefined;

  return {
    specification,
    layout: plan.layout,
    parameterCount,
    inputs: plan.inputs,
    outputs: plan.outputs,
    floatsPerExample: plan.sizes.reduce((sum, size) => sum + size, 0),
    setBatch(inputs, targets) {
      const { rows, targets: kept } = checkBatch(plan, inputs, targets);
      kernel.setBatch(rows, inputs, kept);
      batch = { rows, inputs, targets: kept, inputLength: inputs.length, targetLength: kept.length };
    },
    evaluate(parameters, gradient, inputGradient) {
      const caller = 'NetworkKernel.evaluate';
      if (!batch) throw new Error(`${caller}: there is no batch; call setBatch(inputs, targets) first`);
      requireArray(caller, 'parameters', parameters, 'Float32Array', parameterCount, '[parameterCount]');
      const { rows, inputs, targets, inputLength, targetLength } = batch;
      if (presentLength(inputs) !== inputLength || presentLength(targets) !== targetLength) {
        throw new RangeError(
          `${caller}: the arrays of the batch were transferred or shrunk since setBatch(inputs, targets); call it again, or transfer copies`,
        );
      }
      if (gradient !== undefined)
        requireArray(caller, 'gradient', gradient, 'Float32Array', parameterCount, '[parameterCount]');
      if (inputGradient !== undefined) {
        const meaning = `[rows = ${rows}, ${plan.inputs}]`;
        requireArray(caller, 'inputGradient', inputGradient, 'Float32Array', inputLength, meaning);
      }
      if (gradient !== undefined || inputGradient !== undefined)
        requireDisjoint(caller, { gradient, inputGradient }, { parameters, inputs, targets });
      return kernel.evaluate(parameters, gradient, inputGradient);
    },
  };
}
