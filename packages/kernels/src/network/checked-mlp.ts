import { presentLength, requireArray, requireDisjoint } from '../engine/array-checks.js';
import type { BareEngine } from '../engine/bare-engine.js';
import type { MlpKernel, MlpShape } from './mlp-kernel.js';
import { checkBatch, mlpLayout } from './mlp-layout.js';

/** What `evaluate` will read, and how long it was when it was set. */
interface Batch {
  readonly inputs: Float32Array;
  readonly targets: Uint8Array | Float32Array;
  readonly inputLength: number;
  readonly targetLength: number;
}

/** A multilayer perceptron whose arguments are checked, and whose batch is known to be whole whenever it is read. */
export function checkedMlp(bare: Pick<BareEngine, 'mlp'>, given: MlpShape): MlpKernel {
  const { sizes, activation, loss } = given;
  const shape: MlpShape = {
    sizes: Array.isArray(sizes) ? [...(sizes as number[])] : sizes,
    activation,
    loss,
  };
  const layout = mlpLayout(shape);
  const kernel = bare.mlp(shape, layout);
  const { parameterCount } = layout;
  let batch: Batch | undefined;

  return {
    shape,
    parameterCount,
    setBatch(inputs, targets) {
      const { rows, targets: kept } = checkBatch(shape, layout, inputs, targets);
      kernel.setBatch(rows, inputs, kept);
      batch = { inputs, targets: kept, inputLength: inputs.length, targetLength: kept.length };
    },
    evaluate(parameters, gradient) {
      const caller = 'MlpKernel.evaluate';
      if (!batch) throw new Error(`${caller}: there is no batch; call setBatch(inputs, targets) first`);
      requireArray(caller, 'parameters', parameters, 'Float32Array', parameterCount, '[parameterCount]');
      const { inputs, targets, inputLength, targetLength } = batch;
      if (presentLength(inputs) !== inputLength || presentLength(targets) !== targetLength) {
        throw new RangeError(
          `${caller}: the arrays of the batch were transferred or shrunk since setBatch(inputs, targets); call it again, or transfer copies`,
        );
      }
      if (gradient !== undefined) {
        requireArray(caller, 'gradient', gradient, 'Float32Array', parameterCount, '[parameterCount]');
        requireDisjoint(caller, { gradient }, { parameters, inputs, targets });
      }
      return kernel.evaluate(parameters, gradient);
    },
  };
}
