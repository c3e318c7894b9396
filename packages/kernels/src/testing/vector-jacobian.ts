import type { CoordinateNetwork } from '../coordinate-network/coordinate-network.js';
import { dot, normals } from './random-arrays.js';

/** A run of a coordinate network, with a cotangent for everything that it gives. */
export interface CoordinateRun {
  readonly coordinates: number;
  readonly weights: Float32Array;
  readonly initialState: Float32Array;
  readonly inputs: Float32Array;
  readonly outputCotangent: Float32Array;
  readonly stateCotangent: Float32Array;
}

/** A random run of `steps` steps of n coordinates. */
export function coordinateRun(
  network: CoordinateNetwork<never>,
  n: number,
  steps: number,
  scale = 0.5,
): CoordinateRun {
  return {
    coordinates: n,
    weights: normals('weights', network.weightCount, scale),
    initialState: normals('state', network.stateSize(n), 0.5),
    inputs: normals('inputs', steps * network.inputs * n),
    outputCotangent: normals('output cotangent', steps * network.outputs * n),
    stateCotangent: normals('state cotangent', network.stateSize(n)),
  };
}

/** Outputs and last state. */
export function runForward(network: CoordinateNetwork<never>, run: CoordinateRun) {
  const { coordinates, weights, inputs } = run;
  const state = run.initialState.slice();
  const outputs = new Float32Array(run.outputCotangent.length).fill(NaN);
  network.forward({ coordinates, weights, inputs, state, outputs });
  return { outputs, state };
}

/** L = Σ outputCotangent · outputs + Σ stateCotangent · (last state), of which `backward` gives the gradients. */
export function lossOf(network: CoordinateNetwork<never>, run: CoordinateRun): number {
  const { outputs, state } = runForward(network, run);
  return dot(run.outputCotangent, outputs) + dot(run.stateCotangent, state);
}

/** The gradients of L with respect to weights, inputs and first state. */
export function gradientsOf(network: CoordinateNetwork<never>, run: CoordinateRun) {
  const weights = new Float32Array(run.weights.length);
  const inputs = new Float32Array(run.inputs.length).fill(NaN);
  const initialState = new Float32Array(run.initialState.length).fill(NaN);
  network.backward({
    ...run,
    weightGradient: weights,
    inputGradient: inputs,
    stateGradient: initialState,
  });
  return { weights, inputs, initialState };
}
