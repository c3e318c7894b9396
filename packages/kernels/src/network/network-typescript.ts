import type { BareNetwork } from './bare-network.js';
import type { NetworkPlan, PlannedLayer } from './network-plan.js';

/** The network by its definition, one example after the other in double precision: the oracle of the C kernels. */
export function network({
  inputs: width,
  layers,
  loss: kind,
  outputs,
  parameterCount,
}: NetworkPlan): BareNetwork {
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
      const sums = new Float64Array(gradient || inputGradient ? parameterCount : 0);
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        const activations: Float64Array[] = [
          Float64Array.from(batchInputs.subarray(row * width, (row + 1) * width)),
        ];
        layers.forEach((layer, l) => {
          const z = affine(layer, parameters, activations[l] as Float64Array);
          activations.push(z.map((value) => activate(layer.activation, value)));
        });
        const output = activations[layers.length] as Float64Array;
        // ∂loss/∂(output of the layer at hand), from the last to the first.
        let delta: Float64Array = new Float64Array(outputs);
        loss +=
          kind === 'softmax-cross-entropy'
            ? crossEntropy(output, batchTargets[row] as number, delta)
            : squaredError(output, batchTargets.subarray(row * outputs), delta);
        if (!gradient && !inputGradient) continue;
        for (let l = layers.length - 1; l >= 0; l--) {
          const layer = layers[l] as PlannedLayer;
          const a = activations[l + 1] as Float64Array;
          const dz = delta.map((d, i) => d * slope(layer.activation, a[i] as number));
          delta = affineBackward(layer, parameters, activations[l] as Float64Array, dz, sums);
        }
        inputGradient?.set(
          delta.map((d) => d / rows),
          row * width,
        );
      }
      if (gradient) for (let i = 0; i < sums.length; i++) gradient[i] = (sums[i] as number) / rows;
      return loss / rows;
    },
  };
}

/** a W + b [outputs] */
function affine(layer: PlannedLayer, parameters: Float32Array, a: Float64Array): Float64Array {
  return Float64Array.from({ length: layer.outputs }, (_, j) => {
    let z = parameters[layer.bias + j] as number;
    for (let i = 0; i < layer.inputs; i++)
      z += (a[i] as number) * (parameters[layer.weights + i * layer.outputs + j] as number);
    return z;
  });
}

/** Adds ∂loss/∂W = aᵀδ and ∂loss/∂b = δ to `sums`; returns ∂loss/∂a = δWᵀ [inputs]. */
function affineBackward(
  layer: PlannedLayer,
  parameters: Float32Array,
  a: Float64Array,
  delta: Float64Array,
  sums: Float64Array,
): Float64Array {
  for (let j = 0; j < layer.outputs; j++)
    sums[layer.bias + j] = (sums[layer.bias + j] as number) + (delta[j] as number);
  return a.map((value, i) => {
    let d = 0;
    for (let j = 0; j < layer.outputs; j++) {
      const at = layer.weights + i * layer.outputs + j;
      sums[at] = (sums[at] as number) + value * (delta[j] as number);
      d += (delta[j] as number) * (parameters[at] as number);
    }
    return d;
  });
}

function activate(activation: PlannedLayer['activation'], z: number): number {
  if (activation === 'identity') return z;
  if (activation === 'relu') return z < 0 ? 0 : z; // as written, a NaN stays a NaN
  return activation === 'tanh' ? Math.tanh(z) : 1 / (1 + Math.exp(-z));
}

/** φ′(z) in terms of a = φ(z). The slope of ReLU at 0 is taken as 0. */
function slope(activation: PlannedLayer['activation'], a: number): number {
  if (activation === 'identity') return 1;
  if (activation === 'relu') return a > 0 ? 1 : 0;
  return activation === 'tanh' ? 1 - a * a : a * (1 - a);
}

/** −ln softmax(z)_label, stable for logits of any size; writes softmax(z) − onehot(label) into `delta`. */
function crossEntropy(z: Float64Array, label: number, delta: Float64Array): number {
  const highest = z.reduce((a, b) => Math.max(a, b), -Infinity);
  let total = 0;
  for (let k = 0; k < z.length; k++) {
    delta[k] = Math.exp((z[k] as number) - highest);
    total += delta[k] as number;
  }
  for (let k = 0; k < z.length; k++) delta[k] = (delta[k] as number) / total - (k === label ? 1 : 0);
  return Math.log(total) + highest - (z[label] as number);
}

/** Σ_k (a_k − y_k)²; writes 2(a − y) into `delta`. */
function squaredError(a: Float64Array, y: ArrayLike<number>, delta: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) {
    const difference = (a[k] as number) - (y[k] as number);
    delta[k] = 2 * difference;
    sum += difference * difference;
  }
  return sum;
}
