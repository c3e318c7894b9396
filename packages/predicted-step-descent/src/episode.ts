import { rollout, type Key, type MetaLoss, type Optimizee, type Outcome } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { sampleCoordinates } from '@metadescent/lstm-optimizer';
import { predictedStepDescent } from './predicted-step-descent.js';
import {
  annealingAt,
  createPsdKernel,
  lstmWeightCount,
  networkCoordinates,
  type PsdWeights,
} from './psd-rule.js';

export interface EpisodeOptions {
  readonly horizon: number;
  /** As in `rollout`: θ_0 and the mini-batches come from here. */
  readonly key: Key;
  /** Weights w_t of Σ_t w_t f(x_t). */
  readonly loss: MetaLoss;
  /** See `FineTuningRecipe.scale`. */
  readonly scale: 'relative' | 'log';
  /**
   * γ: what a step does to objectives k steps later counts γ^(k−1). 1 counts everything; less cuts off what
   * later steps would have mended.
   */
  readonly discount: number;
  /** At most this many coordinates of each group are backpropagated through; the estimate stays unbiased. */
  readonly coordinatesPerGroup: number;
  /** Give up where f̂ passes this multiple of max(1, |f̂(x_0)|), as in `rollout`. */
  readonly divergenceFactor: number;
}

export interface EpisodeResult {
  /** ∂L/∂(LSTM weights) [networks, lstmWeightCount]; zero where the episode did not finish. */
  readonly gradient: Float32Array;
  /** f(x_t), t = 0 … T; NaN after an early end [T + 1] */
  readonly trueObjectives: Float64Array;
  readonly outcome: Outcome;
}

/**
 * The meta-gradient of one whole rollout, without second derivatives of the objective:
 *
 *     L = (1/T) Σ_{t=1..T} w_t f(x_t) / f(x_0),   ∂L/∂Δx_t = (1/T) Σ_{s>t} γ^(s−t−1) w_s ∇f(x_s) / f(x_0)
 *
 * (with `log`: ln f(x_t) in place of f(x_t) / f(x_0)). True gradients are the cotangents, the observations
 * are constants, and the whole horizon is backpropagated through the recomputation kernel. Either scale lets
 * objectives of different sizes be averaged.
 *
 * A whole horizon with γ = 1 is what guided policy search minimises, ψ left out. An action's later effects
 * are counted as if no later action took them into account, which overstates them along steep directions on
 * long horizons; γ < 1 mends that.
 */
export function episodeGradient(
  weights: PsdWeights,
  optimizee: Optimizee,
  engine: KernelEngine,
  {
    horizon: T,
    key,
    loss,
    scale: objectiveScale,
    discount,
    coordinatesPerGroup,
    divergenceFactor,
  }: EpisodeOptions,
): EpisodeResult {
  const { rule, outputScale } = weights;
  const { layout } = optimizee;
  const kernel = createPsdKernel(rule, engine);
  const I = kernel.shape.inputs;
  const count = lstmWeightCount(rule);
  const networks = networkCoordinates(rule, layout).map((coordinates, index) => {
    const sample = sampleCoordinates(coordinates, layout, coordinatesPerGroup, key.fold('coordinates'));
    const m = sample.flat.length;
    return {
      index,
      size: coordinates.size,
      sample,
      m,
      inputs: new Float32Array(T * I * m),
      cotangent: new Float32Array(T * m),
    };
  });
  const trueObjectives = new Float64Array(T + 1).fill(NaN);
  const gradients: Float32Array[] = [];
  let t = 0;
  const optimizer = predictedStepDescent(weights, engine, (network, inputs) => {
    const { sample, m, size, inputs: kept } = networks[network]!;
    for (let i = 0; i < I; i++)
      for (let j = 0; j < m; j++) kept[(t * I + i) * m + j] = inputs[i * size + sample.local[j]!]!;
  });
  const { outcome } = rollout(optimizee, optimizer, {
    horizon: T,
    key,
    divergenceFactor,
    observers: [
      ({ parameters }) => {
        const gradient = new Float32Array(layout.size);
        trueObjectives[t] = optimizee.trueObjective(parameters, gradient);
        gradients.push(gradient);
        t++;
      },
    ],
  });
  const gradient = new Float32Array(weights.lstm.length);
  if (outcome.kind !== 'finished' || !trueObjectives.every(Number.isFinite))
    return { gradient, trueObjectives, outcome };
  const pull = new Float64Array(layout.size);
  for (let s = T; s > 0; s--) {
    const now = gradients[s]!;
    const w = loss.weight(s, T) / (T * trueObjectives[objectiveScale === 'log' ? s : 0]!);
    for (let j = 0; j < pull.length; j++) pull[j] = discount * pull[j]! + w * now[j]!;
    for (const { index, sample, m, cotangent } of networks) {
      const scale = annealingAt(rule, s - 1) * outputScale[index]!;
      for (let j = 0; j < m; j++)
        cotangent[(s - 1) * m + j] = scale * sample.weight[j]! * pull[sample.flat[j]!]!;
    }
  }
  for (const { index, m, inputs, cotangent } of networks) {
    if (m === 0) continue;
    kernel.backpropagate(
      weights.lstm.subarray(index * count, (index + 1) * count),
      new Float32Array(kernel.stateSize(m)),
      inputs,
      cotangent,
      gradient.subarray(index * count, (index + 1) * count),
    );
  }
  return { gradient, trueObjectives, outcome };
}
