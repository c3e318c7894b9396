import { describe, expect, test } from '@jest/globals';
import { createKey, rollout } from '@metadescent/core';
import { lbfgs, type LbfgsState } from './lbfgs.js';
import { quasiNewtonDirection, secantPairs, storePair } from './secant-pairs.js';
import {
  logisticRegressions,
  noiseless,
  observe,
  positiveDefinite,
  quadratic,
  rosenbrock,
  vectorLayout,
  type Objective,
} from './testing/problems.js';

type Matrix = number[][];

const inner = (p: ArrayLike<number>, q: ArrayLike<number>): number =>
  Array.from(p).reduce((sum, x, i) => sum + x * (q[i] as number), 0);

/**
 * The dense BFGS update of the inverse Hessian estimate (Nocedal & Wright 2006, equation 6.17), in double precision:
 * H⁺ = (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, ρ = 1 / y·s.
 */
function bfgsUpdate(h: Matrix, s: ArrayLike<number>, y: ArrayLike<number>): Matrix {
  const n = h.length;
  const rho = 1 / inner(y, s);
  const left = h.map((_, i) =>
    h.map((__, j) => (i === j ? 1 : 0) - rho * (s[i] as number) * (y[j] as number)),
  );
  const product = (p: Matrix, q: Matrix): Matrix =>
    p.map((row) =>
      q.map((_, j) => row.reduce((sum, x, k) => sum + x * ((q[k] as number[])[j] as number), 0)),
    );
  const right = Array.from({ length: n }, (_, i) => left.map((row) => row[i] as number));
  return product(product(left, h), right).map((row, i) =>
    row.map((x, j) => x + rho * (s[i] as number) * (s[j] as number)),
  );
}

const scaledIdentity = (n: number, gamma: number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? gamma : 0)));

describe('the two-loop recursion', () => {
  test.each([1, 2, 4, 7])('equals the dense BFGS matrix of the last pairs, memory %d', (memory) => {
    const n = 4;
    const [a, zero] = [positiveDefinite(n, 3), new Float32Array(n)];
    const pairs = secantPairs(memory, n);
    const kept: { s: Float32Array; y: Float32Array }[] = [];
    for (let t = 0; t < 6; t++) {
      const key = createKey(40 + t);
      const s = Float32Array.from(key.fold('s').normal(n));
      const y = new Float32Array(n);
      quadratic(a, [0, 0, 0, 0])(s, y);
      expect(storePair(pairs, zero, s, zero, y, 1e-8)).toBe(true);
      kept.push({ s, y });
      const last = kept.slice(-memory);
      const newest = last.at(-1) as { s: Float32Array; y: Float32Array };
      const h = last.reduce(
        (matrix, pair) => bfgsUpdate(matrix, pair.s, pair.y),
        scaledIdentity(n, inner(newest.y, newest.s) / inner(newest.y, newest.y)),
      );
      const gradient = Float32Array.from(key.fold('g').normal(n));
      const direction = new Float32Array(n);
      quasiNewtonDirection(gradient, pairs, direction);
      expect(direction).toBeAllClose(
        h.map((row) => -inner(row, gradient)),
        { rtol: 1e-5, atol: 1e-6 },
      );
    }
  });

  test('satisfies the secant equation: −H y = −s for the newest pair', () => {
    const pairs = secantPairs(3, 3);
    const [s, y, zero] = [Float32Array.of(1, -2, 0.5), Float32Array.of(0.5, -1, 2), new Float32Array(3)];
    storePair(pairs, zero, s, zero, y, 1e-8);
    const direction = new Float32Array(3);
    quasiNewtonDirection(y, pairs, direction);
    expect(direction).toBeAllClose([-1, 2, -0.5], { rtol: 1e-6 });
  });
});

test('with room for all pairs and near-exact line searches it is dense BFGS on a quadratic', () => {
  const n = 4;
  const [a, b] = [positiveDefinite(n, 11), [1, -2, 0.5, 3]];
  const start = [2, -1, 0.5, 1];
  // Dense BFGS from H = I with the exact line minimum, in double precision.
  const gradientAt = (x: readonly number[]): number[] =>
    b.map((bi, i) => inner(a.slice(i * n, (i + 1) * n), x) - bi);
  let h = scaledIdentity(n, 1);
  let x = [...start];
  const expected = [x];
  for (let t = 0; t < n; t++) {
    const g = gradientAt(x);
    const d = h.map((row) => -inner(row, g));
    const curvature = inner(
      d,
      b.map((_, i) => inner(a.slice(i * n, (i + 1) * n), d)),
    );
    const s = d.map((value) => (-inner(g, d) / curvature) * value);
    const next = x.map((value, i) => value + (s[i] as number));
    h = bfgsUpdate(
      h,
      s,
      gradientAt(next).map((value, i) => value - (g[i] as number)),
    );
    x = next;
    expected.push(x);
  }
  const iterates: Float32Array[] = [];
  const rule = lbfgs({ memory: n, curvature: 1e-6, sufficientDecrease: 1e-8 });
  rollout(noiseless('quadratic', start, quadratic(a, b)), rule, {
    horizon: n,
    key: createKey(1),
    observers: [({ parameters }) => iterates.push(parameters.slice())],
  });
  iterates.forEach((iterate, t) =>
    expect(iterate).toBeAllClose(expected[t] as number[], { rtol: 0, atol: 1e-4 }),
  );
  expect(Math.hypot(...gradientAt(Array.from(iterates[n] as Float32Array)))).toBeLessThan(1e-3);
});

test('it reaches the minimum of the Rosenbrock function', () => {
  const optimizee = noiseless('rosenbrock', [-1.2, 1], rosenbrock);
  const trajectory = rollout(optimizee, lbfgs(), { horizon: 60, key: createKey(1) });
  expect(trajectory.objectives[60]).toBeLessThan(1e-10);
  expect(trajectory.parameters).toBeAllClose([1, 1], { atol: 1e-5 });
});

test('every step lowers the objective of its own mini-batch, and its secant pair comes from that mini-batch', () => {
  const optimizee = logisticRegressions().sample(createKey(8));
  const n = optimizee.layout.size;
  const rule = lbfgs({ memory: 3 });
  const state = rule.init(optimizee.layout);
  const step = new Float32Array(n);
  let parameters = optimizee.initialParameters(createKey(2));
  let stored = 0;
  for (let t = 0; t < 40; t++) {
    const evaluate: Objective = (p, g) => optimizee.minibatch(createKey(3), t).evaluate(p, g);
    const before = observe(evaluate, parameters);
    const slot = state.ring[1] as number;
    rule.update(before, state, step);
    const next = parameters.map((x, i) => x + (step[i] as number));
    const after = observe(evaluate, next);
    expect(after.objective).toBeLessThan(before.objective);
    if (state.ring[1] !== slot) {
      stored++;
      const row = (array: Float32Array): Float32Array => array.subarray(slot * n, (slot + 1) * n);
      expect(row(state.parameterChanges)).toBeAllClose(
        next.map((x, i) => x - (parameters[i] as number)),
        { rtol: 0, atol: 0 },
      );
      expect(row(state.gradientChanges)).toBeAllClose(
        after.gradient.map((g, i) => g - (before.gradient[i] as number)),
        { rtol: 0, atol: 0 },
      );
    }
    parameters = next;
  }
  expect(stored).toBeGreaterThan(35);
});

describe('the curvature safeguard', () => {
  const zero = new Float32Array(2);

  test.each([
    ['negative curvature', [1, 0], [-1, 0]],
    ['no curvature', [1, 0], [0, 1]],
    ['no change of the gradient', [1, 0], [0, 0]],
    ['curvature below the bound', [1, 0], [1e-9, 1]],
  ])('refuses %s and leaves the stored pairs as they are', (_, s, y) => {
    const pairs = secantPairs(1, 2);
    storePair(pairs, zero, Float32Array.of(1, 2), zero, Float32Array.of(1, 1), 1e-8);
    const before = structuredClone(pairs);
    expect(storePair(pairs, zero, Float32Array.from(s), zero, Float32Array.from(y), 1e-8)).toBe(false);
    expect(pairs).toEqual(before);
  });

  test('counts what it refuses, where a capped step sees negative curvature', () => {
    // −cos x near its maximum at π: f'' < 0 throughout the capped step.
    const hill: Objective = ([x], gradient) => {
      if (gradient) gradient[0] = Math.sin(x as number);
      return -Math.cos(x as number);
    };
    const rule = lbfgs({ maximumStepNorm: 0.1 });
    const state: LbfgsState = rule.init(vectorLayout(1));
    const step = new Float32Array(1);
    rule.update(observe(hill, Float32Array.of(3)), state, step);
    expect(step).toBeAllClose([-0.1], { rtol: 1e-6 });
    expect([state.skippedPairs[0], state.ring[0]]).toEqual([1, 0]);
  });
});

describe('limits and faults', () => {
  test('its own evaluations are counted', () => {
    let calls = 0;
    const counting: Objective = (parameters, gradient) => {
      calls++;
      return rosenbrock(parameters, gradient);
    };
    const horizon = 25;
    const { state } = rollout(noiseless('counted', [-1.2, 1], counting), lbfgs(), {
      horizon,
      key: createKey(1),
    });
    expect(state['evaluations']?.[0]).toBe(calls - (horizon + 1));
  });

  test('a wall of NaN is never stepped into', () => {
    /** Σ x − ln x: NaN for a negative coordinate. */
    const walled: Objective = (parameters, gradient) => {
      let sum = 0;
      parameters.forEach((x, i) => {
        sum += x - Math.log(x);
        if (gradient) gradient[i] = 1 - 1 / x;
      });
      return sum;
    };
    const trajectory = rollout(noiseless('walled', [9, 0.02, 4], walled), lbfgs(), {
      horizon: 60,
      key: createKey(1),
    });
    expect(trajectory.outcome.kind).toBe('finished');
    expect(trajectory.parameters).toBeAllClose([1, 1, 1], { atol: 2e-3 });
  });

  test('a failed line search gives a zero step, is counted and drops the pairs', () => {
    const rule = lbfgs();
    const state = rule.init(vectorLayout(2));
    const step = new Float32Array(2);
    const smooth = quadratic([1, 0, 0, 9], [0, 0]);
    rule.update(observe(smooth, Float32Array.of(5, 1)), state, step);
    expect(state.ring[0]).toBe(1);
    const spike: Objective = (parameters, gradient) => {
      const value = smooth(parameters, gradient);
      return parameters[0] === 2 && parameters[1] === 1 ? value : NaN;
    };
    rule.update(observe(spike, Float32Array.of(2, 1)), state, step);
    expect(Array.from(step)).toEqual([0, 0]);
    expect([state.failures[0], state.ring[0]]).toEqual([1, 0]);
    rule.update(observe(smooth, Float32Array.of(2, 1)), state, step);
    expect((step[1] as number) / (step[0] as number)).toBeCloseTo(4.5, 5);
  });

  test('a zero gradient gives a zero step and keeps the pairs', () => {
    const rule = lbfgs();
    const state = rule.init(vectorLayout(2));
    const step = new Float32Array(2);
    rule.update(observe(quadratic([1, 0, 0, 9], [0, 0]), Float32Array.of(5, 1)), state, step);
    rule.update(observe(quadratic([0, 0, 0, 0], [0, 0]), Float32Array.of(5, 1)), state, step);
    expect(Array.from(step)).toEqual([0, 0]);
    expect(state.ring[0]).toBe(1);
  });
});
