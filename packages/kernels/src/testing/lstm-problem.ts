import type { LstmKernel } from '../lstm/lstm-kernel.js';
import { normals } from './random-arrays.js';

/** A segment and where it starts, as `LstmKernel.backpropagate` takes them. */
export interface LstmProblem {
  readonly n: number;
  readonly steps: number;
  readonly weights: Float32Array;
  readonly inputs: Float32Array;
  readonly state: Float32Array;
  readonly cotangent: Float32Array;
}

/**
 * A random LSTM with a random start; the state is drawn through `stateIndex`, so that it is the same for
 * every engine.
 */
export function lstmProblem(
  kernel: LstmKernel,
  n: number,
  steps: number,
  name = 'problem',
  scale = 1 / Math.sqrt(kernel.shape.hidden),
): LstmProblem {
  const { inputs, hidden, layers } = kernel.shape;
  const state = new Float32Array(kernel.stateSize(n));
  const draws = normals(`${name}/state`, 2 * layers * hidden * n, 0.5);
  let next = 0;
  for (let j = 0; j < n; j++)
    for (let layer = 0; layer < layers; layer++)
      for (let unit = 0; unit < hidden; unit++) {
        state[kernel.stateIndex(n, j, layer, 'h', unit)] = draws[next++] as number;
        state[kernel.stateIndex(n, j, layer, 'c', unit)] = draws[next++] as number;
      }
  return {
    n,
    steps,
    weights: normals(`${name}/weights`, kernel.weightCount, scale),
    inputs: normals(`${name}/inputs`, steps * inputs * n),
    state,
    cotangent: normals(`${name}/cotangent`, steps * n),
  };
}

/** Outputs [T, n] and final state of one engine. */
export function lstmForward(kernel: LstmKernel, { n, steps, weights, inputs, state }: LstmProblem) {
  const after = state.slice();
  const outputs = new Float32Array(steps * n);
  kernel.sequence(weights, inputs, after, outputs);
  return { outputs, state: after };
}

/** ∂L/∂weights of one engine. */
export function lstmGradient(
  kernel: LstmKernel,
  { weights, inputs, state, cotangent }: LstmProblem,
): Float32Array {
  const sum = new Float32Array(kernel.weightCount);
  kernel.backpropagate(weights, state, inputs, cotangent, sum);
  return sum;
}

/**
 * Single-precision gradients are compared on the scale of their largest entry: small entries are sums that
 * cancel.
 */
export function onScaleOf(expected: ArrayLike<number>, tolerance: number): { rtol: number; atol: number } {
  const largest = Array.from(expected).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return { rtol: tolerance, atol: tolerance * largest };
}
