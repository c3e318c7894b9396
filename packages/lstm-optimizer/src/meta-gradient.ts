import { mean, rollout, type Key, type MetaLoss, type Optimizee, type Outcome } from '@metadescent/core';
import type { KernelEngine, LstmKernel, LstmTrace } from '@metadescent/kernels';
import type { SegmentResult, UnrollCursor } from '@metadescent/meta-learning';
import { sampleCoordinates, sampleState, type CoordinateSample } from './coordinate-sample.js';
import { lstmOptimizer, orientationNameOf, stateNameOf } from './lstm-optimizer.js';
import {
  assignCoordinates,
  inputCount,
  preprocess,
  weightCount,
  type LstmRule,
  type NetworkCoordinates,
} from './lstm-rule.js';
import { orient } from './orientation.js';
import { tracedKernel } from './traced-kernel.js';

export interface SegmentOptions {
  /** Steps of this segment: the truncation length (20 in the released code of the paper). */
  readonly length: number;
  /** Steps of the whole unroll, for the weights w_t. */
  readonly horizon: number;
  readonly loss: MetaLoss;
  /** As in `rollout`: θ_0 and the mini-batches come from here. */
  readonly key: Key;
  /**
   * At most this many coordinates of each group are backpropagated through (see `sampleCoordinates`).
   * Default: all.
   */
  readonly coordinatesPerGroup?: number;
  /** Where the previous segment ended; absent at the start of an unroll. */
  readonly cursor?: UnrollCursor;
}

/** A segment with its gradient. */
export interface UnrolledSegment extends SegmentResult<UnrollCursor> {
  /** ∂L/∂φ of this segment [weightCount]; zero if the segment did not finish. */
  readonly gradient: Float32Array;
  /** L = Σ w_t f̂(θ_t) over the segment's end points; NaN if the segment did not finish. */
  readonly loss: number;
  /** Mean of f̂(θ_t), unweighted, over the same points; NaN if the segment did not finish. */
  readonly meanObjective: number;
  /** f̂ at the first point of the segment and at its last. */
  readonly firstObjective: number;
  readonly lastObjective: number;
  readonly outcome: Outcome;
  /** Where to go on. */
  readonly cursor: UnrollCursor;
}

/**
 * One truncated segment of backpropagation through time, t = s … s + T − 1:
 *
 *     L = Σ_{t=s+1..s+T} w_t f̂_t(θ_t),   θ_{t+1} = θ_t + outputScale · g_t(φ)
 *     ∂L/∂g_t = outputScale · Σ_{u>t} w_u ∇f̂_u(θ_u)
 *
 * with ∂∇f/∂φ dropped: the gradients that the LSTM reads are constants (Andrychowicz et al. 2016, §2.1 and
 * figure 2, dashed edges), so no second derivatives of the optimizee are needed, and only gradients have to
 * be stored: memory O(n·T). The kernel recomputes the LSTM block by block, but for networks that are
 * backpropagated whole: their forward steps leave a trace as far as its memory goes.
 */
export function unrollSegment(
  rule: LstmRule,
  weights: Float32Array,
  optimizee: Optimizee,
  engine: KernelEngine,
  options: SegmentOptions,
): UnrolledSegment {
  const { length, key, cursor, coordinatesPerGroup = Infinity } = options;
  const first = cursor?.iteration ?? 0;
  const { kernel, withTraces } = tracedKernel(rule, engine);
  const samples = assignCoordinates(rule, optimizee.layout).map((network) => ({
    network,
    sample: sampleCoordinates(
      network,
      optimizee.layout,
      coordinatesPerGroup,
      key.fold('coordinates').fold(first),
    ),
  }));
  // A trace holds all coordinates of a network; where only a sample is backpropagated, the kernel computes
  // its steps again.
  const whole = samples.filter(
    ({ network, sample }) => network.size > 0 && sample.flat.length === network.size,
  );
  return withTraces(
    whole.map(({ network }) => network),
    length,
    (traces) => unrollSampled(rule, weights, optimizee, engine, options, { kernel, samples, traces }),
  );
}

/** The coordinates that are backpropagated, and what their networks leave for it. */
interface SampledNetworks {
  readonly kernel: LstmKernel;
  readonly samples: readonly { readonly network: NetworkCoordinates; readonly sample: CoordinateSample }[];
  readonly traces: ReadonlyMap<string, LstmTrace>;
}

function unrollSampled(
  rule: LstmRule,
  weights: Float32Array,
  optimizee: Optimizee,
  engine: KernelEngine,
  options: SegmentOptions,
  { kernel, samples, traces }: SampledNetworks,
): UnrolledSegment {
  const { length, horizon, loss, key, cursor } = options;
  const first = cursor?.iteration ?? 0;
  const optimizer = lstmOptimizer(rule, weights, engine, { kernel, traces });
  const initialState = cursor?.state ?? optimizer.init(optimizee.layout);
  // The rollout advances the state in place; backpropagation starts from the one before it.
  const state = Object.fromEntries(
    Object.entries(initialState).map(([name, array]) => [name, array.slice()]),
  );
  const gradients: Float32Array[] = [];
  const trajectory = rollout(optimizee, optimizer, {
    horizon: length,
    key,
    state,
    firstIteration: first,
    ...(cursor && { initialParameters: cursor.parameters }),
    observers: [(step) => gradients.push(step.gradient.slice())],
  });
  const { outcome, objectives, parameters } = trajectory;
  const gradient = new Float32Array(weightCount(rule));
  let total = NaN;
  if (outcome.kind === 'finished') {
    total = 0;
    const pulls = suffixPulls(gradients, (t) => loss.weight(first + t, horizon) * rule.outputScale);
    for (let t = 1; t <= length; t++) total += loss.weight(first + t, horizon) * (objectives[t] as number);
    const perNetwork = gradient.length / rule.networks.length;
    samples.forEach(({ network, sample }, i) => {
      if (network.size === 0) return;
      const m = sample.flat.length;
      const planes = inputCount(rule) * m;
      const inputs = new Float32Array(length * planes);
      const cotangent = new Float32Array(length * m);
      const local = new Float32Array(m);
      const signs = initialState[orientationNameOf(network)] as Float32Array | undefined;
      const orientation = signs && Float32Array.from(sample.local, (place) => signs[place] as number);
      for (let t = 0; t < length; t++) {
        const [gradientNow, pull] = [gradients[t] as Float32Array, pulls[t] as Float32Array];
        for (let j = 0; j < m; j++) {
          const coordinate = sample.flat[j] as number;
          local[j] = gradientNow[coordinate] as number;
          cotangent[t * m + j] = (sample.weight[j] as number) * (pull[coordinate] as number);
        }
        orient(local, orientation);
        orient(cotangent.subarray(t * m, (t + 1) * m), orientation);
        preprocess(rule, engine, local, inputs.subarray(t * planes, (t + 1) * planes));
      }
      const own = [i * perNetwork, (i + 1) * perNetwork] as const;
      const stateBefore = sampleState(
        kernel,
        initialState[stateNameOf(network)] as Float32Array,
        network.size,
        sample,
      );
      kernel.backpropagate(
        weights.subarray(...own),
        stateBefore,
        inputs,
        cotangent,
        gradient.subarray(...own),
        traces.get(network.name),
      );
    });
  }
  return {
    gradient,
    loss: total,
    meanObjective: outcome.kind === 'finished' ? mean(objectives.subarray(1)) : NaN,
    firstObjective: objectives[0] as number,
    lastObjective: objectives[length] as number,
    outcome,
    cursor: { iteration: first + length, parameters, state: trajectory.state },
  };
}

/** Σ_{u>t} scale(u)·∇f̂_u for t = 0 … T − 1, from the gradients at t = 0 … T [T][n]. */
function suffixPulls(gradients: readonly Float32Array[], scale: (t: number) => number): Float32Array[] {
  const horizon = gradients.length - 1;
  const pulls: Float32Array[] = new Array<Float32Array>(horizon);
  let later: Float32Array | undefined;
  for (let t = horizon - 1; t >= 0; t--) {
    const weight = scale(t + 1);
    const pull = (gradients[t + 1] as Float32Array).map((g) => weight * g);
    if (later) for (let j = 0; j < pull.length; j++) pull[j] = (pull[j] as number) + (later[j] as number);
    pulls[t] = later = pull;
  }
  return pulls;
}
