import { createKey, type Key } from '@metadescent/core';
import {
  groupMoments,
  secantCurvature,
  stateCostAt,
  stateScales,
  type CostContext,
  type GroupSamples,
} from '@metadescent/guided-policy-search';
import { typescriptEngine } from '@metadescent/kernels';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { measuredCurvature, optimizationCost, optimizationStructure } from './local-model.js';
import { classifier } from './testing/classifier.js';

/*
 * A ReLU net with softmax cross-entropy in double precision, apart from the kernels. Its outputs are linear
 * in the weights of one layer as long as no unit switches, so within a coordinate group the Hessian is the
 * generalised Gauss–Newton matrix, which has closed forms.
 */
const [I, H, K, N] = [4, 5, 3, 12];
const layout = classifier(typescriptEngine(), [I, H, K], 1).layout;
const inputs = Float64Array.from(createKey(1).normal(N * I));
const labels = createKey(2).integers(N, K);
const theta = Float32Array.from(createKey(3).normal(layout.size), (x) => 0.5 * x);
const [W1, B1, W2, B2] = layout.groups.map(({ offset }) => offset) as [number, number, number, number];

/** Everything about example n. */
function forward(parameters: ArrayLike<number>, n: number) {
  const x = inputs.subarray(n * I, (n + 1) * I);
  const z = Array.from({ length: H }, (_, h) =>
    x.reduce((sum, value, i) => sum + value * parameters[W1 + i * H + h]!, parameters[B1 + h]!),
  );
  const hidden = z.map((value) => Math.max(value, 0));
  const outputs = Array.from({ length: K }, (_, k) =>
    hidden.reduce((sum, value, h) => sum + value * parameters[W2 + h * K + k]!, parameters[B2 + k]!),
  );
  return { x, z, hidden, outputs, probabilities: softmax(outputs) };
}

function softmax(outputs: readonly number[]): number[] {
  const powers = outputs.map(Math.exp);
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

function crossEntropy(outputs: readonly number[], n: number): number {
  return -Math.log(softmax(outputs)[labels[n]!]!);
}

function gradientOf(parameters: ArrayLike<number>): Float64Array {
  const gradient = new Float64Array(layout.size);
  for (let n = 0; n < N; n++) {
    const { x, z, hidden, probabilities } = forward(parameters, n);
    const delta = probabilities.map((p, k) => (p - (k === labels[n] ? 1 : 0)) / N);
    for (let k = 0; k < K; k++) {
      gradient[B2 + k]! += delta[k]!;
      for (let h = 0; h < H; h++) gradient[W2 + h * K + k]! += hidden[h]! * delta[k]!;
    }
    for (let h = 0; h < H; h++) {
      const back = z[h]! > 0 ? delta.reduce((sum, d, k) => sum + d * parameters[W2 + h * K + k]!, 0) : 0;
      gradient[B1 + h]! += back;
      for (let i = 0; i < I; i++) gradient[W1 + i * H + h]! += x[i]! * back;
    }
  }
  return gradient;
}

/** The diagonal of the generalised Gauss–Newton matrix in closed form. */
function gaussNewtonDiagonal(): Float64Array {
  const diagonal = new Float64Array(layout.size);
  for (let n = 0; n < N; n++) {
    const { x, z, hidden, probabilities } = forward(theta, n);
    for (let k = 0; k < K; k++) {
      const variance = (probabilities[k]! * (1 - probabilities[k]!)) / N;
      diagonal[B2 + k]! += variance;
      for (let h = 0; h < H; h++) diagonal[W2 + h * K + k]! += variance * hidden[h]! ** 2;
    }
    for (let h = 0; h < H; h++) {
      if (z[h]! <= 0) continue;
      const weights = probabilities.map((_, k) => theta[W2 + h * K + k]!);
      const mean = probabilities.reduce((sum, p, k) => sum + p * weights[k]!, 0);
      const variance = probabilities.reduce((sum, p, k) => sum + p * weights[k]! ** 2, -mean * mean) / N;
      diagonal[B1 + h]! += variance;
      for (let i = 0; i < I; i++) diagonal[W1 + i * H + h]! += variance * x[i]! ** 2;
    }
  }
  return diagonal;
}

/** θ + s·v */
const moved = (v: ArrayLike<number>, s: number) => Float64Array.from(theta, (value, j) => value + s * v[j]!);

/** vᵀGv by differences of fourth order (step 10⁻²) of the loss whose outputs were linearised at θ. */
function linearisedCurvature(v: ArrayLike<number>): number {
  const tiny = 1e-6;
  const lines = Array.from({ length: N }, (_, n) => {
    const [before, after] = [forward(moved(v, -tiny), n).outputs, forward(moved(v, tiny), n).outputs];
    return {
      start: forward(theta, n).outputs,
      slope: after.map((value, k) => (value - before[k]!) / (2 * tiny)),
    };
  });
  const loss = (s: number) =>
    lines.reduce(
      (sum, { start, slope }, n) =>
        sum +
        crossEntropy(
          start.map((value, k) => value + s * slope[k]!),
          n,
        ) /
          N,
      0,
    );
  const h = 1e-2;
  return (16 * (loss(h) + loss(-h)) - loss(2 * h) - loss(-2 * h) - 30 * loss(0)) / (12 * h * h);
}

const unit = (j: number) => Float64Array.from({ length: layout.size }, (_, i) => (i === j ? 1 : 0));

/** A direction in one coordinate group. */
function within(g: number, key: Key): Float64Array {
  const { offset, size } = layout.groups[g]!;
  const v = new Float64Array(layout.size);
  v.set(key.normal(size), offset);
  return v;
}

const squareNorm = (v: Float64Array) => v.reduce((sum, x) => sum + x * x, 0);

describe('curvature is that of Gauss and Newton', () => {
  test('this net is the one of the kernels', () => {
    const kernel = typescriptEngine().mlp({
      sizes: [I, H, K],
      activation: 'relu',
      loss: 'softmax-cross-entropy',
    });
    kernel.setBatch(Float32Array.from(inputs), Uint8Array.from(labels));
    const gradient = new Float32Array(layout.size);
    kernel.evaluate(theta, gradient);
    expect(gradient).toBeAllClose(gradientOf(theta), { rtol: 1e-5, atol: 1e-6 });
  });

  test('the closed-form diagonal is the curvature of the linearised loss, and the secant along each coordinate', () => {
    const diagonal = gaussNewtonDiagonal();
    const s = 1e-4;
    const close = { rtol: 1e-6, atol: 1e-9 };
    expect(Float64Array.from(diagonal, (_, j) => linearisedCurvature(unit(j)))).toBeAllClose(diagonal, close);
    const secants = Float64Array.from(diagonal, (_, j) => {
      const [from, to] = [moved(unit(j), -s), moved(unit(j), s)];
      return secantCurvature(from, to, gradientOf(from), gradientOf(to));
    });
    expect(secants).toBeAllClose(diagonal, close);
    expect(diagonal.some((value) => value > 0.05)).toBe(true);
  });

  test.each(layout.groups.map(({ name }, g) => [name, g] as const))(
    'measured along a walk of the group %s: its Rayleigh quotient, at every step',
    (_, g) => {
      const { offset, size } = layout.groups[g]!;
      const v = within(g, createKey(4).fold(g));
      const T = 12;
      const walk = Array.from({ length: T + 1 }, (_, t) => moved(v, 1e-5 * (t - T / 2)));
      const gradients = walk.map(gradientOf);
      const group: GroupSamples = {
        rows: size,
        rowsPerTrajectory: size,
        // States of which only the iterate matters.
        states: (t) =>
          Float64Array.from({ length: 2 * size }, (_, i) => (i % 2 === 0 ? walk[t]![offset + i / 2]! : 0)),
        actions: () => new Float64Array(size),
        observations: () => new Float64Array(size),
        signals: (t) => gradients[t]!.subarray(offset, offset + size),
        signalCount: 1,
      };
      const quotient = linearisedCurvature(v) / squareNorm(v);
      expect(quotient).toBeGreaterThan(2e-3);
      expect(measuredCurvature(group, T)).toBeAllClose(new Float64Array(T + 1).fill(quotient), {
        rtol: 1e-4,
      });
    },
  );
});

test('an action moves the newest gradient slot by the curvature times the feature scale of the coordinates that have a gradient', () => {
  // Two coordinates on a bowl of curvature 3; the second, without a gradient, has a feature scale that would
  // drown the first.
  const T = 8;
  const x = (t: number) => 2 - 0.1 * t;
  const samples: GroupSamples = {
    rows: 2,
    rowsPerTrajectory: 2,
    states: (t) => Float64Array.of(x(t), ...new Array<number>(7).fill(0), 1, ...new Array<number>(7).fill(0)),
    actions: () => new Float64Array(2),
    observations: () => new Float64Array(2),
    signals: (t) => Float64Array.of(3 * x(t), 5, 0, 1e6),
    signalCount: 2,
  };
  const { imposedB } = optimizationStructure({
    shape: { history: 2, stride: 1, window: 2 },
    horizon: T,
    curvatureFactor: 4,
  })(samples);
  expect(imposedB![0]!.row).toBe(3);
  // After the first step the slot is the mean of two gradients.
  expect(imposedB![0]!.B).toBeAllClose(new Float64Array(T).fill((4 * 3 * 5) / 2), { rtol: 1e-9 });
});

describe('the cost is the Gauss–Newton expansion of predicted gradients', () => {
  const shape = { history: 2, stride: 1, window: 1 };
  const [D, T, trajectories, perTrajectory, curvatureFactor] = [8, 6, 5, 6, 3] as const;
  const rows = trajectories * perTrajectory;
  const states = Array.from({ length: T + 1 }, (_, t) =>
    createKey(5)
      .fold(t)
      .normal(rows * D),
  );
  const truth = createKey(6).normal(D);
  const signals = states.map((values, t) => {
    const noise = createKey(7).fold(t).normal(rows);
    return Float64Array.from(
      { length: rows },
      (_, r) => 0.7 + 0.3 * noise[r]! + truth.reduce((sum, w, i) => sum + w * values[r * D + i]!, 0),
    );
  });
  const actions = Array.from({ length: T }, (_, t) => createKey(8).fold(t).normal(rows));
  const samples: GroupSamples = {
    rows,
    rowsPerTrajectory: perTrajectory,
    states: (t) => states[t]!,
    actions: (t) => actions[t]!,
    observations: (t) => actions[t]!,
    signals: (t) => signals[t]!,
    signalCount: 1,
  };
  const engine = typescriptGpsEngine();
  const moments = groupMoments(engine, samples, { stateSize: D, actionSize: 1, horizon: T });
  const scales = stateScales(moments);
  const context: CostContext = {
    engine,
    group: 0,
    horizon: T,
    stateSize: D,
    actionSize: 1,
    samples,
    costs: new Float64Array(0),
    moments,
    scales,
  };
  const cost = optimizationCost(layout, { shape, horizon: T, curvatureFactor })(context);

  /**
   * Minimises mean (g − rᵀs − b)² + Σ ridge rᵢ² by coordinate descent on the rows themselves; the iterate has
   * no part in it.
   */
  function predictor(t: number): { r: Float64Array; b: number } {
    const r = new Float64Array(D);
    let b = 0;
    const residual = signals[t]!.slice();
    for (let sweep = 0; sweep < 2000; sweep++) {
      const shift = residual.reduce((sum, e) => sum + e / rows, 0);
      b += shift;
      residual.forEach((e, row) => (residual[row] = e - shift));
      for (let i = 1; i < D; i++) {
        // Objective features are the same for all coordinates of a trajectory: their ridge counts trajectories.
        const ridge = 1e-3 * scales[i]! ** 2 * (i <= shape.history ? perTrajectory : 1);
        let [product, square] = [-ridge * r[i]!, ridge];
        for (let row = 0; row < rows; row++) {
          product += (residual[row]! * states[t]![row * D + i]!) / rows;
          square += states[t]![row * D + i]! ** 2 / rows;
        }
        const step = product / square;
        r[i]! += step;
        for (let row = 0; row < rows; row++) residual[row]! -= step * states[t]![row * D + i]!;
      }
    }
    return { r, b };
  }

  test.each([0, 3, T])('C = (w/κ) r rᵀ, d = (w/κ) b r at step %i, from an independent regression', (t) => {
    const { r, b } = predictor(t);
    const weight = layout.size / (curvatureFactor * measuredCurvature(samples, T)[t]!);
    const C = Float64Array.from({ length: D * D }, (_, i) => weight * r[Math.floor(i / D)]! * r[i % D]!);
    const close = { rtol: 1e-6, atol: 1e-6 * weight };
    expect(stateCostAt(cost, t)).toBeAllClose(C, close);
    expect(cost.d.subarray(t * D, (t + 1) * D)).toBeAllClose(
      r.map((value) => weight * b * value),
      close,
    );
    expect(cost.h.subarray(t, t + 1)).toBeAllClose([0.5 * weight * b * b], close);
    expect(Math.max(...r.map(Math.abs))).toBeGreaterThan(0.3);
    expect(stateCostAt(cost, t).subarray(0, D)).toEqual(new Float64Array(D));
  });
});
