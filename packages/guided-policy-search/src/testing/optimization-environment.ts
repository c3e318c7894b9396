import type { Key } from '@metadescent/core';
import type { MlpKernel } from '@metadescent/kernels';
import type { Environment, GroupSamples, Samples } from '../environment.js';
import type { DynamicsStructure } from '../fit-dynamics.js';
import { zeroController, type LinearGaussian } from '../linear-gaussian.js';

/** An objective in the simplest form that convolutional guided policy search can be tried on. */
export interface Objective {
  readonly size: number;
  readonly groups: readonly { readonly name: string; readonly offset: number; readonly count: number }[];
  start(key: Key): Float64Array;
  /** f and ∇f, exact. */
  exact(x: Float64Array, gradient: Float64Array): number;
  /** ∇f with noise. */
  noisy(x: Float64Array, gradient: Float64Array, key: Key): void;
}

/** Gradients of so many recent steps are the features of a coordinate. */
export const GRADIENT_LAGS = 4;

/**
 * Coordinatewise optimisation as an environment: state (x, g_t, g_{t−1}, …) with noisy gradients, zero before
 * the start; action Δx; observations (g_t, g_{t−1}); signal: the true gradient; cost: the true f.
 */
export function optimizationEnvironment(
  { groups, exact, noisy, size, start }: Objective,
  horizon: number,
): Environment {
  const D = 1 + GRADIENT_LAGS;
  const run = (actor: Parameters<Environment['rollout']>[0], key: Key) => {
    const world = key.fold('world');
    const x = start(world.fold('start'));
    const states = groups.map(({ count }) =>
      Array.from({ length: horizon + 1 }, () => new Float64Array(count * D)),
    );
    const actions = groups.map(({ count }) => Array.from({ length: horizon }, () => new Float64Array(count)));
    const signals = groups.map(({ count }) =>
      Array.from({ length: horizon + 1 }, () => new Float64Array(count)),
    );
    const costs = new Float64Array(horizon + 1);
    const acting = groups.map(({ count }, g) => actor.start(g, count, key));
    const recent: Float64Array[] = [];
    for (let t = 0; t <= horizon; t++) {
      const gradient = new Float64Array(size);
      costs[t] = exact(x, gradient);
      const seen = new Float64Array(size);
      noisy(x, seen, world.fold('noise').fold(t));
      recent.unshift(seen);
      if (!Number.isFinite(costs[t]!)) return undefined;
      groups.forEach(({ offset, count }, g) => {
        const state = states[g]![t]!;
        for (let j = 0; j < count; j++) {
          state[j * D] = x[offset + j]!;
          for (let lag = 0; lag < GRADIENT_LAGS; lag++)
            state[j * D + 1 + lag] = recent[lag]?.[offset + j] ?? 0;
        }
        signals[g]![t]!.set(gradient.subarray(offset, offset + count));
        if (t < horizon) acting[g]!.act(t, state, observe(state, count), actions[g]![t]!);
      });
      if (t < horizon)
        groups.forEach(({ offset, count }, g) => {
          for (let j = 0; j < count; j++) x[offset + j]! += actions[g]![t]![j]!;
        });
    }
    return { states, actions, signals, costs };
  };
  const observe = (state: Float64Array, rows: number) =>
    Float64Array.from({ length: rows * 2 }, (_, i) => state[Math.floor(i / 2) * D + 1 + (i % 2)]!);
  return {
    stateSize: D,
    actionSize: 1,
    observationSize: 2,
    horizon,
    groups: groups.map(({ name }) => ({ name })),
    rollout(actor, trajectories, key): Samples {
      const runs = Array.from({ length: trajectories }, (_, m) => run(actor, key.fold(m))).filter(
        (result) => result !== undefined,
      );
      const join = (parts: readonly Float64Array[]) => {
        const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
        let at = 0;
        for (const part of parts) {
          out.set(part, at);
          at += part.length;
        }
        return out;
      };
      return {
        trajectories: runs.length,
        dropped: trajectories - runs.length,
        costs: join(runs.map(({ costs }) => costs)),
        groups: groups.map(({ count }, g): GroupSamples => {
          const states = (t: number) => join(runs.map((result) => result.states[g]![t]!));
          return {
            rows: runs.length * count,
            rowsPerTrajectory: count,
            states,
            actions: (t) => join(runs.map((result) => result.actions[g]![t]!)),
            observations: (t) => observe(states(t), runs.length * count),
            signals: (t) => join(runs.map((result) => result.signals[g]![t]!)),
            signalCount: 1,
          };
        }),
      };
    },
  };
}

/**
 * What is known of the dynamics: x' = x + a, gradients shift by one slot, a moves the newest gradient by the
 * curvature κ; x itself is left out of the regressions.
 */
export function optimizationStructure(kappa: number, horizon: number): DynamicsStructure {
  return {
    knownRows: [
      { row: 0, A: [{ column: 0, value: 1 }], B: [1], variance: 1e-12 },
      ...Array.from({ length: GRADIENT_LAGS - 1 }, (_, lag) => ({
        row: 2 + lag,
        A: [{ column: 1 + lag, value: 1 }],
        variance: 1e-12,
      })),
    ],
    actionRows: [0, 1],
    excludedColumns: [0],
    imposedB: [{ row: 1, B: new Float64Array(horizon).fill(kappa) }],
  };
}

/** ψ_0: gradient descent with noise. */
export function gradientDescent(rate: number, deviation: number, horizon: number): LinearGaussian {
  const controller = zeroController({ stateSize: 1 + GRADIENT_LAGS, actionSize: 1, horizon }, deviation ** 2);
  for (let t = 0; t < horizon; t++) controller.K[t * (1 + GRADIENT_LAGS) + 1] = -rate;
  return controller;
}

/** ½ Σ h_j (x_j − x*_j)² / n with curvatures log-uniform in [0.3, 3] and noisy gradients. */
export function separableQuadratic(n: number, key: Key): Objective {
  const h = key
    .fold('h')
    .uniform(n)
    .map((u) => 0.3 * 10 ** u);
  const best = key.fold('best').normal(n);
  const gradientAt = (x: Float64Array, gradient: Float64Array) => {
    for (let j = 0; j < n; j++) gradient[j] = h[j]! * (x[j]! - best[j]!);
  };
  return {
    size: n,
    groups: [{ name: 'all', offset: 0, count: n }],
    start: (start) => start.normal(n),
    exact(x, gradient) {
      gradientAt(x, gradient);
      let sum = 0;
      for (let j = 0; j < n; j++) sum += (0.5 * gradient[j]! ** 2) / h[j]! / n;
      return sum;
    },
    noisy(x, gradient, noise) {
      gradientAt(x, gradient);
      const draws = noise.normal(n);
      for (let j = 0; j < n; j++) gradient[j]! += 0.3 * draws[j]!;
    },
  };
}

/**
 * A small classifier on synthetic data: `kernel` has softmax cross-entropy; noisy gradients come from
 * minibatches of 16. Weight matrices and biases are the groups.
 */
export function classifier(kernel: MlpKernel, key: Key, examples = 96): Objective {
  const { sizes } = kernel.shape;
  const [inputs, classes] = [sizes[0]!, sizes.at(-1)!];
  const labels = Uint8Array.from(key.fold('labels').integers(examples, classes));
  const centres = key.fold('centres').normal(classes * inputs);
  const data = Float32Array.from(
    key.fold('data').normal(examples * inputs),
    (x, i) => x + centres[labels[Math.floor(i / inputs)]! * inputs + (i % inputs)]!,
  );
  const groups: { name: string; offset: number; count: number }[] = [];
  let offset = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    for (const [name, count] of [
      [`W${l}`, sizes[l]! * sizes[l + 1]!],
      [`b${l}`, sizes[l + 1]!],
    ] as const) {
      groups.push({ name, offset, count });
      offset += count;
    }
  }
  const evaluate = (x: Float64Array, gradient: Float64Array) => {
    const single = new Float32Array(offset);
    const value = kernel.evaluate(Float32Array.from(x), single);
    gradient.set(single);
    return value;
  };
  return {
    size: offset,
    groups,
    start: (start) => start.normal(offset).map((x) => 0.3 * x),
    exact(x, gradient) {
      kernel.setBatch(data, labels);
      return evaluate(x, gradient);
    },
    noisy(x, gradient, noise) {
      const chosen = noise.integers(16, examples);
      kernel.setBatch(
        Float32Array.from(
          { length: 16 * inputs },
          (_, i) => data[chosen[Math.floor(i / inputs)]! * inputs + (i % inputs)]!,
        ),
        Uint8Array.from(chosen, (i) => labels[i]!),
      );
      evaluate(x, gradient);
    },
  };
}
