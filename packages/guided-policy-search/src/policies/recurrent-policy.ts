import { parseOptions, type Key } from '@metadescent/core';
import type { KernelEngine, LstmKernel } from '@metadescent/kernels';
import * as z from 'zod/mini';
import type { ObservationSequences, Policy, PolicyContext, PolicyTargets } from '../policy.js';
import { adamStep, createAdam } from './adam.js';
import { networkTrainingOptions, scheduledRate, splitTrajectories } from './network-options.js';
import { measureWhitening, whiten, type Whitening } from './whitening.js';

export const recurrentPolicyOptions = z.extend(networkTrainingOptions, {
  /** LSTM units. Li & Malik 2017: 128; 32 were enough in trials. */
  hidden: z._default(z.int().check(z.positive()), 32),
  layers: z._default(z.int().check(z.positive()), 1),
});

/** State of a recurrent policy. */
export interface RecurrentPolicyState extends PolicyContext {
  /** One LSTM per network and action [networks, U, weightCount] */
  readonly weights: Float32Array;
  /** Absent before the first fit. */
  readonly whitening?: Whitening;
}

/**
 * A recurrent policy: per group (or shared) and action dimension an LSTM with a linear output, run from a
 * zero memory over the observations of each coordinate. Trained by Adam with backpropagation through the
 * whole trajectory on random sequences; a fit whose held-out loss is not lower is thrown away. In single
 * precision, on the fused kernels.
 */
export function recurrentPolicy(
  engine: KernelEngine,
  input: z.input<typeof recurrentPolicyOptions> = {},
): Policy<RecurrentPolicyState> {
  const options = parseOptions('recurrentPolicy', recurrentPolicyOptions, input);
  const kernels = new Map<number, LstmKernel>();
  const kernelOf = ({ observationSize }: PolicyContext): LstmKernel => {
    let kernel = kernels.get(observationSize);
    if (!kernel) {
      kernel = engine.lstm({ inputs: observationSize, hidden: options.hidden, layers: options.layers });
      kernels.set(observationSize, kernel);
    }
    return kernel;
  };
  const networkOf = (group: number) => (options.shared ? 0 : group);
  const weightsOf = (state: RecurrentPolicyState, network: number, u: number) => {
    const { weightCount } = kernelOf(state);
    const at = (network * state.actionSize + u) * weightCount;
    return state.weights.subarray(at, at + weightCount);
  };
  return {
    name: `lstm ${options.layers}x${options.hidden}`,
    init(context, key) {
      const kernel = kernelOf(context);
      const count = (options.shared ? 1 : context.groups) * context.actionSize;
      const weights = new Float32Array(count * kernel.weightCount);
      for (let n = 0; n < count; n++)
        weights.set(initialWeights(kernel, key.fold(n)), n * kernel.weightCount);
      return { ...context, weights };
    },
    fit(state, data, { key, phase }) {
      const { observationSize: O, actionSize: U, horizon: T } = state;
      const kernel = kernelOf(state);
      const whitening = state.whitening ?? measureWhitening(data, O, U, T, options.shared);
      const steps = phase === 'clone' ? options.cloneSteps : options.steps;
      const weights = state.weights.slice();
      const next: RecurrentPolicyState = { ...state, weights, whitening };
      let lossBefore = 0;
      let lossAfter = 0;
      const networks = options.shared ? [data.map((_, g) => g)] : data.map((_, g) => [g]);
      networks.forEach((groups, network) => {
        const own = Array.from({ length: U }, (_, u) => weightsOf(next, network, u));
        const sets = groups.map((g) => gather(data[g]!, g, whitening, O, U, T, options.heldOut));
        const before = own.map((w) => w.slice());
        const heldOut = (w: readonly Float32Array[]) =>
          sets.reduce((sum, { test }) => sum + sequenceLoss(kernel, w, test, U, T) / sets.length, 0);
        const start = heldOut(before);
        train(kernel, own, sets, O, U, T, steps, options, key.fold(network));
        const end = heldOut(own);
        if (!(end < start) && state.whitening) own.forEach((w, u) => w.set(before[u]!));
        lossBefore += start / networks.length;
        lossAfter += (state.whitening ? Math.min(start, end) : end) / networks.length;
      });
      return { state: next, lossBefore, lossAfter };
    },
    means(state, group, sequences) {
      const { observationSize: O, actionSize: U, horizon: T, whitening } = state;
      const { rows } = sequences;
      const means = new Float64Array(T * rows * U);
      if (!whitening) return means;
      const inputs = planes(
        sequences,
        Array.from({ length: rows }, (_, r) => r),
        group,
        whitening,
        O,
        T,
      );
      const kernel = kernelOf(state);
      for (let u = 0; u < U; u++) {
        const outputs = new Float32Array(T * rows);
        kernel.sequence(
          weightsOf(state, networkOf(group), u),
          inputs,
          new Float32Array(kernel.stateSize(rows)),
          outputs,
        );
        for (let i = 0; i < T * rows; i++)
          means[i * U + u] = outputs[i]! * whitening.outputScale[group * U + u]!;
      }
      return means;
    },
    start(state, group, rows) {
      const { observationSize: O, actionSize: U, whitening } = state;
      const kernel = kernelOf(state);
      const memories = Array.from({ length: U }, () => new Float32Array(kernel.stateSize(rows)));
      const inputs = new Float32Array(O * rows);
      const outputs = new Float32Array(rows);
      return (_t, observations, means) => {
        if (!whitening) {
          means.fill(0);
          return;
        }
        for (let r = 0; r < rows; r++)
          for (let i = 0; i < O; i++)
            inputs[i * rows + r] = whiten(whitening, group * O + i, observations[r * O + i]!);
        for (let u = 0; u < U; u++) {
          kernel.step(weightsOf(state, networkOf(group), u), inputs, memories[u]!, outputs);
          for (let r = 0; r < rows; r++)
            means[r * U + u] = outputs[r]! * whitening.outputScale[group * U + u]!;
        }
      };
    },
  };
}

/** Sequences of a group: whitened inputs [T, O, n], targets in output units [T, n, U], precisions [T, U, U]. */
interface Sequences {
  readonly count: number;
  readonly inputs: Float32Array;
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
): { train: Sequences; test: Sequences } {
  const { train, test } = splitTrajectories(data.rows / data.rowsPerTrajectory, heldOut);
  const pick = (chosen: readonly number[]): Sequences => {
    const rows = chosen.flatMap((m) =>
      Array.from({ length: data.rowsPerTrajectory }, (_, j) => m * data.rowsPerTrajectory + j),
    );
    const targets = new Float64Array(T * rows.length * U);
    for (let t = 0; t < T; t++) {
      rows.forEach((r, n) => {
        for (let u = 0; u < U; u++)
          targets[(t * rows.length + n) * U + u] =
            data.targets[(t * data.rows + r) * U + u]! / whitening.outputScale[group * U + u]!;
      });
    }
    return {
      count: rows.length,
      inputs: planes(data, rows, group, whitening, O, T),
      targets,
      precision: data.precision,
    };
  };
  return { train: pick(train), test: pick(test) };
}

/** Whitened observations of the chosen rows as the kernels want them [T, O, n]. */
function planes(
  { observations }: ObservationSequences,
  rows: readonly number[],
  group: number,
  whitening: Whitening,
  O: number,
  T: number,
): Float32Array {
  const n = rows.length;
  const out = new Float32Array(T * O * n);
  for (let t = 0; t < T; t++) {
    const values = observations(t);
    rows.forEach((r, c) => {
      for (let i = 0; i < O; i++)
        out[(t * O + i) * n + c] = whiten(whitening, group * O + i, values[r * O + i]!);
    });
  }
  return out;
}

/** Columns `chosen` of sequences. */
function batchOf(
  { count, inputs, targets, precision }: Sequences,
  chosen: Uint32Array,
  O: number,
  U: number,
  T: number,
): Sequences {
  const n = chosen.length;
  const batch = {
    count: n,
    inputs: new Float32Array(T * O * n),
    targets: new Float64Array(T * n * U),
    precision,
  };
  for (let p = 0; p < T * O; p++)
    for (let c = 0; c < n; c++) batch.inputs[p * n + c] = inputs[p * count + chosen[c]!]!;
  for (let t = 0; t < T; t++) {
    for (let c = 0; c < n; c++)
      for (let u = 0; u < U; u++)
        batch.targets[(t * n + c) * U + u] = targets[(t * count + chosen[c]!) * U + u]!;
  }
  return batch;
}

function outputsOf(
  kernel: LstmKernel,
  weights: readonly Float32Array[],
  { count, inputs }: Sequences,
  T: number,
): Float32Array[] {
  return weights.map((w) => {
    const outputs = new Float32Array(T * count);
    kernel.sequence(w, inputs, new Float32Array(kernel.stateSize(count)), outputs);
    return outputs;
  });
}

function train(
  kernel: LstmKernel,
  weights: readonly Float32Array[],
  sets: readonly { readonly train: Sequences }[],
  O: number,
  U: number,
  T: number,
  steps: number,
  options: z.output<typeof recurrentPolicyOptions>,
  key: Key,
): void {
  const adams = weights.map((w) => createAdam(w.length));
  for (let step = 0; step < steps; step++) {
    const { train: all } = sets[step % sets.length]!;
    if (all.count === 0) continue;
    const size = Math.min(options.batch, all.count);
    const batch = batchOf(all, key.fold(step).permutation(all.count).subarray(0, size), O, U, T);
    const outputs = outputsOf(kernel, weights, batch, T);
    weights.forEach((w, u) => {
      const cotangent = new Float32Array(T * size);
      for (let t = 0; t < T; t++) {
        for (let c = 0; c < size; c++) {
          const at = t * size + c;
          let sum = 0;
          for (let v = 0; v < U; v++)
            sum += batch.precision[(t * U + u) * U + v]! * (outputs[v]![at]! - batch.targets[at * U + v]!);
          cotangent[at] = sum / (T * size);
        }
      }
      const gradient = new Float32Array(w.length);
      kernel.backpropagate(w, new Float32Array(kernel.stateSize(size)), batch.inputs, cotangent, gradient);
      adamStep(adams[u]!, w, gradient, scheduledRate(options.rate, step, steps), options.clip);
    });
  }
}

function sequenceLoss(
  kernel: LstmKernel,
  weights: readonly Float32Array[],
  set: Sequences,
  U: number,
  T: number,
): number {
  if (set.count === 0) return 0;
  const outputs = outputsOf(kernel, weights, set, T);
  let sum = 0;
  for (let t = 0; t < T; t++) {
    for (let c = 0; c < set.count; c++) {
      const at = t * set.count + c;
      for (let u = 0; u < U; u++) {
        for (let v = 0; v < U; v++) {
          sum +=
            0.5 *
            set.precision[(t * U + u) * U + v]! *
            (outputs[u]![at]! - set.targets[at * U + u]!) *
            (outputs[v]![at]! - set.targets[at * U + v]!);
        }
      }
    }
  }
  return sum / (T * set.count);
}

/**
 * N(0, 1/(I + H)) for the gates, N(0, 0.01/H) for the output, zero biases but 1 on the forget gates, so that
 * memory lasts from the start.
 */
function initialWeights(
  { shape: { inputs, hidden: H, layers }, weightCount }: LstmKernel,
  key: Key,
): Float32Array {
  const weights = new Float32Array(weightCount);
  let at = 0;
  for (let l = 0; l < layers; l++) {
    const I = l === 0 ? inputs : H;
    const gates = 4 * H * (I + H);
    weights.set(
      key
        .fold(l)
        .normal(gates)
        .map((x) => x / Math.sqrt(I + H)),
      at,
    );
    weights.fill(1, at + gates + H, at + gates + 2 * H);
    at += gates + 4 * H;
  }
  weights.set(
    key
      .fold('output')
      .normal(H)
      .map((x) => (0.1 * x) / Math.sqrt(H)),
    at,
  );
  return weights;
}
