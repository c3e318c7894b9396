import { createKey, parameterLayout } from '@metadescent/core';
import type { KernelEngine, LstmShape, MlpShape } from '@metadescent/kernels';
import { adam } from '@metadescent/optimizers';

/** A piece of work that kernels and peers do alike. */
export interface Work {
  readonly name: string;
  /** Floating-point operations of its matrix products (a multiply-add is two), without any that are done twice. */
  readonly flops: number;
  /** Prepares the work on an engine; the function returned does it once. */
  prepare(engine: KernelEngine): () => void;
  /** How often it is done per measurement, so that one measurement takes milliseconds. */
  readonly timesPerMeasurement: number;
  /** Scripts in `tools/peers` and their arguments. */
  readonly peers: { readonly pytorch: readonly string[]; readonly tfjs?: readonly string[] };
  /** Whether the gain of a second worker is of interest. */
  readonly twoWorkers: boolean;
}

/** The works of `metadescent bench`. */
export function benchWorks(): Work[] {
  return [
    metaGradient({ inputs: 2, hidden: 20, layers: 2 }, 2842, 20, true),
    metaGradient({ inputs: 3, hidden: 128, layers: 1 }, 2842, 20, false),
    trainingStep({ sizes: [48, 48, 10], activation: 'relu', loss: 'softmax-cross-entropy' }, 64, true),
    trainingStep({ sizes: [784, 20, 10], activation: 'sigmoid', loss: 'softmax-cross-entropy' }, 128, false),
  ];
}

/**
 * A truncated segment of meta-training: `steps` steps of the LSTM, one by one as an optimizee would ask for
 * them, then backpropagation through all of them. Three matrix products: forward, ∂L/∂W, and ∂L/∂(inputs, h)
 * without the inputs of the first layer, which are constants. What does not fit the trace is computed forward
 * again, which is not counted.
 */
export function metaGradient(
  shape: LstmShape,
  coordinates: number,
  steps: number,
  compareTfjs: boolean,
): Work {
  const { inputs, hidden, layers } = shape;
  const multiplyAdds = 4 * hidden * (inputs + hidden) + (layers - 1) * 4 * hidden * 2 * hidden;
  const peerArguments = Object.entries({ inputs, hidden, layers, coordinates, steps }).flatMap(
    ([name, value]) => [`--${name}`, String(value)],
  );
  return {
    name: `${steps}-step meta-gradient, ${layers}x${hidden} LSTM, ${inputs} inputs, ${coordinates} coordinates`,
    flops: 2 * (3 * multiplyAdds - 4 * hidden * inputs) * coordinates * steps,
    timesPerMeasurement: 1,
    twoWorkers: true,
    peers: {
      pytorch: ['torch_lstm.py', ...peerArguments],
      ...(compareTfjs && { tfjs: ['tfjs-lstm.mjs', ...peerArguments] }),
    },
    prepare(engine) {
      const kernel = engine.lstm(shape);
      const key = createKey(1);
      const normals = (name: string, n: number, scale = 1) =>
        Float32Array.from(key.fold(name).normal(n), (x) => x * scale);
      const weights = normals('weights', kernel.weightCount, hidden ** -0.5);
      const features = normals('features', steps * inputs * coordinates);
      const cotangent = normals('cotangent', steps * coordinates);
      const state = new Float32Array(kernel.stateSize(coordinates));
      const start = new Float32Array(state.length);
      const outputs = new Float32Array(coordinates);
      const gradient = new Float32Array(kernel.weightCount);
      const trace = kernel.createTrace(coordinates, steps);
      return () => {
        state.fill(0);
        trace.clear();
        for (let t = 0; t < steps; t++) {
          const at = t * inputs * coordinates;
          kernel.step(weights, features.subarray(at, at + inputs * coordinates), state, outputs, trace);
        }
        gradient.fill(0);
        kernel.backpropagate(weights, start, features, cotangent, gradient, trace);
      };
    },
  };
}

/** Loss and gradient of a multilayer perceptron on a fixed batch, and a step of Adam where wanted. */
export function trainingStep(shape: MlpShape, rows: number, withAdam: boolean): Work {
  const { sizes, activation } = shape;
  const products = sizes.slice(1).map((width, l) => width * (sizes[l] as number));
  const multiplyAdds = products.reduce((sum, product, l) => sum + product * (l === 0 ? 2 : 3), 0);
  const peerArguments = ['--sizes', sizes.join(','), '--activation', activation, '--batch', String(rows)];
  return {
    name: `loss + gradient${withAdam ? ' + Adam step' : ''}, ${sizes.join('-')} ${activation} MLP, batch ${rows}`,
    flops: 2 * multiplyAdds * rows,
    timesPerMeasurement: 100,
    twoWorkers: false,
    peers: {
      pytorch: ['torch_mlp.py', ...peerArguments, '--evaluations', '100', ...(withAdam ? ['--adam'] : [])],
      tfjs: ['tfjs-mlp.mjs', ...peerArguments, '--evaluations', '10', ...(withAdam ? ['--adam'] : [])],
    },
    prepare(engine) {
      const kernel = engine.mlp(shape);
      const key = createKey(2);
      const inputs = Float32Array.from(key.fold('inputs').uniform(rows * (sizes[0] as number)));
      const labels = Uint8Array.from(key.fold('labels').integers(rows, sizes[sizes.length - 1] as number));
      const parameters = Float32Array.from(
        key.fold('parameters').normal(kernel.parameterCount),
        (x) => x * 0.1,
      );
      const gradient = new Float32Array(kernel.parameterCount);
      const update = withAdam ? adamStep(parameters.length) : () => {};
      kernel.setBatch(inputs, labels);
      return () => {
        kernel.evaluate(parameters, gradient);
        update(parameters, gradient);
      };
    },
  };
}

/** Adam with the peers' rate of 1e-4, on flat arrays. */
function adamStep(size: number): (parameters: Float32Array, gradient: Float32Array) => void {
  const rule = adam({ learningRate: 1e-4 });
  const layout = parameterLayout([{ name: 'parameters', role: 'vector', layer: 0, shape: [size] }]);
  const state = rule.init(layout);
  const step = new Float32Array(size);
  const minibatch = { evaluate: () => NaN };
  return (parameters, gradient) => {
    rule.update({ layout, iteration: 0, parameters, gradient, objective: NaN, minibatch }, state, step);
    for (let i = 0; i < size; i++) parameters[i] = (parameters[i] as number) + (step[i] as number);
  };
}
