import { parseOptions, type Key } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import * as z from 'zod/mini';
import type { ObservationSequences, Policy, PolicyContext, PolicyTargets } from '../policy.js';
import { adamStep, createAdam } from './adam.js';
import { networkTrainingOptions, scheduledRate, splitTrajectories } from './network-options.js';
import { measureWhitening, whiten, type Whitening } from './whitening.js';

export const mlpPolicyOptions = z.extend(networkTrainingOptions, {
  /** Units of the hidden tanh layers. */
  hidden: z._default(z.array(z.int().check(z.positive())), [32, 32]),
});

/** State of an MLP policy. */
export interface MlpPolicyState extends PolicyContext {
  /** Per network W_0 [in, out], b_0, W_1, … [networks, weightCount] */
  readonly weights: Float64Array;
  /** Absent before the first fit. */
  readonly whitening?: Whitening;
}

/**
 * A stationary tanh network, one per group or one for all, trained by Adam on random minibatches of samples.
 * A fit whose held-out loss is not lower is thrown away. In double precision.
 */
export function mlpPolicy(
  engine: GpsEngine,
  input: z.input<typeof mlpPolicyOptions> = {},
): Policy<MlpPolicyState> {
  const options = parseOptions('mlpPolicy', mlpPolicyOptions, input);
  const sizesOf = ({ observationSize, actionSize }: PolicyContext) => [
    observationSize,
    ...options.hidden,
    actionSize,
  ];
  const networkOf = (group: number) => (options.shared ? 0 : group);
  const weightsOf = (state: MlpPolicyState, network: number) => {
    const count = weightCount(sizesOf(state));
    return state.weights.subarray(network * count, (network + 1) * count);
  };
  const act = (
    state: MlpPolicyState,
    group: number,
    rows: number,
    observations: Float64Array,
    means: Float64Array,
  ) => {
    const { whitening, observationSize: O, actionSize: U } = state;
    if (!whitening) {
      means.fill(0);
      return;
    }
    const inputs = observations.map((value, i) => whiten(whitening, group * O + (i % O), value));
    const { output } = forward(engine, sizesOf(state), weightsOf(state, networkOf(group)), rows, inputs);
    for (let i = 0; i < means.length; i++)
      means[i] = output[i]! * whitening.outputScale[group * U + (i % U)]!;
  };
  return {
    name: `mlp ${options.hidden.join('-')}`,
    init(context, key) {
      const sizes = sizesOf(context);
      const networks = options.shared ? 1 : context.groups;
      const weights = new Float64Array(networks * weightCount(sizes));
      for (let n = 0; n < networks; n++)
        weights.set(initialWeights(sizes, key.fold(n)), n * weightCount(sizes));
      return { ...context, weights };
    },
    fit(state, data, { key, phase }) {
      const { observationSize: O, actionSize: U, horizon: T } = state;
      const sizes = sizesOf(state);
      const whitening = state.whitening ?? measureWhitening(data, O, U, T, options.shared);
      const steps = phase === 'clone' ? options.cloneSteps : options.steps;
      const weights = state.weights.slice();
      const count = weightCount(sizes);
      let lossBefore = 0;
      let lossAfter = 0;
      const networks = options.shared ? [data.map((_, g) => g)] : data.map((_, g) => [g]);
      networks.forEach((groups, network) => {
        const own = weights.subarray(network * count, (network + 1) * count);
        const sets = groups.map((g) => gather(data[g]!, g, whitening, O, U, T, options.heldOut));
        const before = own.slice();
        const heldOut = (w: Float64Array) =>
          sets.reduce((sum, set) => sum + heldOutLoss(engine, sizes, w, set, U) / sets.length, 0);
        const start = heldOut(before);
        train(engine, sizes, own, sets, U, steps, options, key.fold(network));
        const end = heldOut(own);
        // A first fit is kept whatever it is: there was nothing before it.
        if (!(end < start) && state.whitening) own.set(before);
        lossBefore += start / networks.length;
        lossAfter += (state.whitening ? Math.min(start, end) : end) / networks.length;
      });
      return { state: { ...state, weights, whitening }, lossBefore, lossAfter };
    },
    means(state, group, { rows, observations }: ObservationSequences) {
      const width = rows * state.actionSize;
      const means = new Float64Array(state.horizon * width);
      for (let t = 0; t < state.horizon; t++)
        act(state, group, rows, observations(t), means.subarray(t * width, (t + 1) * width));
      return means;
    },
    start: (state, group, rows) => (_t, observations, means) => act(state, group, rows, observations, means),
  };
}

/**
 * Whitened inputs [n, O], targets in output units [n, U] and precisions [n, U, U] of the training and the
 * held-out samples of a group.
 */
interface SampleSet {
  readonly train: Samples;
  readonly test: Samples;
}
interface Samples {
  readonly count: number;
  readonly inputs: Float64Array;
  readonly targets: Float64Array;
  readonly precision: Float64Array;
}

function gather(
  data: PolicyTargets,
  group: number,
  whitening: Whitening,
  O: number,
  U: number,
  T: number,
  heldOut: number,
): SampleSet {
  const trajectories = data.rows / data.rowsPerTrajectory;
  const { train, test } = splitTrajectories(trajectories, heldOut);
  const observations = Array.from({ length: T }, (_, t) => data.observations(t).slice());
  const pick = (chosen: readonly number[]): Samples => {
    const rows = chosen.flatMap((m) =>
      Array.from({ length: data.rowsPerTrajectory }, (_, j) => m * data.rowsPerTrajectory + j),
    );
    const count = T * rows.length;
    const inputs = new Float64Array(count * O);
    const targets = new Float64Array(count * U);
    const precision = new Float64Array(count * U * U);
    let n = 0;
    for (let t = 0; t < T; t++) {
      for (const r of rows) {
        for (let i = 0; i < O; i++)
          inputs[n * O + i] = whiten(whitening, group * O + i, observations[t]![r * O + i]!);
        for (let u = 0; u < U; u++) {
          targets[n * U + u] =
            data.targets[(t * data.rows + r) * U + u]! / whitening.outputScale[group * U + u]!;
          for (let w = 0; w < U; w++) precision[(n * U + u) * U + w] = data.precision[(t * U + u) * U + w]!;
        }
        n++;
      }
    }
    return { count, inputs, targets, precision };
  };
  return { train: pick(train), test: pick(test) };
}

function train(
  engine: GpsEngine,
  sizes: readonly number[],
  weights: Float64Array,
  sets: readonly SampleSet[],
  U: number,
  steps: number,
  options: z.output<typeof mlpPolicyOptions>,
  key: Key,
): void {
  const adam = createAdam(weights.length);
  const O = sizes[0]!;
  const { batch } = options;
  for (let step = 0; step < steps; step++) {
    // One group after the other, so that groups of different sizes count alike.
    const { train: samples } = sets[step % sets.length]!;
    if (samples.count === 0) continue;
    const chosen = key.fold(step).integers(batch, samples.count);
    const inputs = new Float64Array(batch * O);
    chosen.forEach((n, b) => inputs.set(samples.inputs.subarray(n * O, (n + 1) * O), b * O));
    const pass = forward(engine, sizes, weights, batch, inputs);
    const cotangent = new Float64Array(batch * U);
    chosen.forEach((n, b) => {
      for (let u = 0; u < U; u++) {
        for (let w = 0; w < U; w++)
          cotangent[b * U + u]! +=
            (samples.precision[(n * U + u) * U + w]! *
              (pass.output[b * U + w]! - samples.targets[n * U + w]!)) /
            batch;
      }
    });
    const gradient = backward(engine, sizes, weights, batch, pass, cotangent);
    adamStep(adam, weights, gradient, scheduledRate(options.rate, step, steps), options.clip);
  }
}

function heldOutLoss(
  engine: GpsEngine,
  sizes: readonly number[],
  weights: Float64Array,
  { test }: SampleSet,
  U: number,
): number {
  if (test.count === 0) return 0;
  const { output } = forward(engine, sizes, weights, test.count, test.inputs);
  let sum = 0;
  for (let n = 0; n < test.count; n++) {
    for (let u = 0; u < U; u++) {
      for (let w = 0; w < U; w++) {
        sum +=
          0.5 *
          test.precision[(n * U + u) * U + w]! *
          (output[n * U + u]! - test.targets[n * U + u]!) *
          (output[n * U + w]! - test.targets[n * U + w]!);
      }
    }
  }
  return sum / test.count;
}

function weightCount(sizes: readonly number[]): number {
  let count = 0;
  for (let l = 0; l + 1 < sizes.length; l++) count += (sizes[l]! + 1) * sizes[l + 1]!;
  return count;
}

/** Glorot normal weights, zero biases; the output layer a tenth of that, so that the first means are small. */
function initialWeights(sizes: readonly number[], key: Key): Float64Array {
  const weights = new Float64Array(weightCount(sizes));
  let at = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    const [fanIn, fanOut] = [sizes[l]!, sizes[l + 1]!];
    const scale = Math.sqrt(2 / (fanIn + fanOut)) * (l + 2 === sizes.length ? 0.1 : 1);
    weights.set(
      key
        .fold(l)
        .normal(fanIn * fanOut)
        .map((x) => x * scale),
      at,
    );
    at += (fanIn + 1) * fanOut;
  }
  return weights;
}

interface ForwardPass {
  /** Activations of every layer [rows, size], the inputs first */
  readonly activations: readonly Float64Array[];
  readonly output: Float64Array;
}

function forward(
  engine: GpsEngine,
  sizes: readonly number[],
  weights: Float64Array,
  rows: number,
  inputs: Float64Array,
): ForwardPass {
  const activations = [inputs];
  let at = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    const [k, n] = [sizes[l]!, sizes[l + 1]!];
    const out = new Float64Array(rows * n);
    const bias = weights.subarray(at + k * n, at + (k + 1) * n);
    for (let r = 0; r < rows; r++) out.set(bias, r * n);
    engine.gemm({ m: rows, n, k, a: activations[l]!, b: weights.subarray(at, at + k * n), c: out, beta: 1 });
    if (l + 2 < sizes.length) for (let i = 0; i < out.length; i++) out[i] = Math.tanh(out[i]!);
    activations.push(out);
    at += (k + 1) * n;
  }
  return { activations, output: activations.at(-1)! };
}

function backward(
  engine: GpsEngine,
  sizes: readonly number[],
  weights: Float64Array,
  rows: number,
  { activations }: ForwardPass,
  cotangent: Float64Array,
): Float64Array {
  const gradient = new Float64Array(weights.length);
  let at = weights.length;
  let delta = cotangent;
  for (let l = sizes.length - 2; l >= 0; l--) {
    const [k, n] = [sizes[l]!, sizes[l + 1]!];
    at -= (k + 1) * n;
    engine.gemm({
      m: k,
      n,
      k: rows,
      a: activations[l]!,
      b: delta,
      c: gradient.subarray(at, at + k * n),
      transposeA: true,
    });
    for (let r = 0; r < rows; r++) for (let i = 0; i < n; i++) gradient[at + k * n + i]! += delta[r * n + i]!;
    if (l === 0) break;
    const below = new Float64Array(rows * k);
    engine.gemm({
      m: rows,
      n: k,
      k: n,
      a: delta,
      b: weights.subarray(at, at + k * n),
      c: below,
      transposeB: true,
    });
    for (let i = 0; i < below.length; i++) below[i]! *= 1 - activations[l]![i]! ** 2;
    delta = below;
  }
  return gradient;
}
