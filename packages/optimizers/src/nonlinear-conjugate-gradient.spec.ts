import { describe, expect, test } from '@jest/globals';
import { createKey, rollout } from '@metadescent/core';
import { lbfgs } from './lbfgs.js';
import {
  nonlinearConjugateGradient,
  type NonlinearConjugateGradientOptions,
} from './nonlinear-conjugate-gradient.js';
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

/** Sharp enough to find a quadratic's line minimum to single precision. */
const nearExact: NonlinearConjugateGradientOptions = { curvature: 1e-6, sufficientDecrease: 1e-8 };

/**
 * The linear conjugate gradient method for Ax = b (Hestenes & Stiefel 1952), in double precision: iterates
 * x_0 … x_n.
 */
function linearConjugateGradient(
  a: readonly number[],
  b: readonly number[],
  start: readonly number[],
): number[][] {
  const n = b.length;
  const times = (x: readonly number[]): number[] =>
    b.map((_, i) => x.reduce((sum, value, j) => sum + (a[i * n + j] as number) * value, 0));
  const inner = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, x, i) => sum + x * (q[i] as number), 0);
  let x = [...start];
  let residual = times(x).map((value, i) => (b[i] as number) - value);
  let direction = residual;
  const iterates = [x];
  for (let k = 0; k < n; k++) {
    const image = times(direction);
    const alpha = inner(residual, residual) / inner(direction, image);
    x = x.map((value, i) => value + alpha * (direction[i] as number));
    const next = residual.map((value, i) => value - alpha * (image[i] as number));
    const beta = inner(next, next) / inner(residual, residual);
    direction = next.map((value, i) => value + beta * (direction[i] as number));
    residual = next;
    iterates.push(x);
  }
  return iterates;
}

describe('on an exact quadratic', () => {
  test.each([2, 3, 5, 8])(
    'of %d dimensions it follows linear conjugate gradients to the minimum in that many steps',
    (n) => {
      const [a, b] = [positiveDefinite(n, n), Array.from(createKey(n).fold('b').normal(n))];
      const start = Array.from(Float32Array.from(createKey(n).fold('start').normal(n)));
      const expected = linearConjugateGradient(a, b, start);
      const iterates: Float32Array[] = [];
      rollout(noiseless('quadratic', start, quadratic(a, b)), nonlinearConjugateGradient(nearExact), {
        horizon: n,
        key: createKey(1),
        observers: [({ parameters }) => iterates.push(parameters.slice())],
      });
      iterates.forEach((iterate, t) =>
        expect(iterate).toBeAllClose(expected[t] as number[], { rtol: 0, atol: 2e-4 }),
      );
      // The oracle has solved Ax = b after n steps; gradient descent has not.
      const gradient = new Float32Array(n);
      quadratic(a, b)(iterates[n] as Float32Array, gradient);
      expect(Math.hypot(...gradient)).toBeLessThan(1e-3);
    },
  );

  test('with one dimension the first step ends at the minimum', () => {
    const line = noiseless('line', [-7], quadratic([3], [6]));
    const { parameters } = rollout(line, nonlinearConjugateGradient(nearExact), {
      horizon: 1,
      key: createKey(1),
    });
    expect(parameters).toBeAllClose([2], { rtol: 1e-5 });
  });
});

test('it reaches the minimum of the Rosenbrock function', () => {
  const optimizee = noiseless('rosenbrock', [-1.2, 1], rosenbrock);
  const trajectory = rollout(optimizee, nonlinearConjugateGradient(), { horizon: 60, key: createKey(1) });
  expect(trajectory.objectives[60]).toBeLessThan(1e-8);
  expect(trajectory.parameters).toBeAllClose([1, 1], { atol: 1e-4 });
});

test('every step lowers the objective of its own mini-batch, or is zero', () => {
  const optimizee = logisticRegressions().sample(createKey(8));
  const key = createKey(9);
  let moved = 0;
  rollout(optimizee, nonlinearConjugateGradient(), {
    horizon: 80,
    key,
    observers: [
      ({ iteration, parameters, step, objective }) => {
        if (step.every((s) => s === 0)) return;
        moved++;
        const next = parameters.map((x, i) => x + (step[i] as number));
        expect(optimizee.minibatch(key.fold('minibatches'), iteration).evaluate(next)).toBeLessThan(
          objective,
        );
      },
    ],
  });
  expect(moved).toBeGreaterThan(70);
});

test('β is that of Polak–Ribière+ with both gradients from the mini-batch of the step', () => {
  const optimizee = logisticRegressions().sample(createKey(8));
  const rule = nonlinearConjugateGradient();
  const state = rule.init(optimizee.layout);
  const step = new Float32Array(optimizee.layout.size);
  let parameters = optimizee.initialParameters(createKey(2));
  let restarts = 0;
  let positive = 0;
  for (let t = 0; t < 30; t++) {
    const evaluate: Objective = (p, g) => optimizee.minibatch(createKey(3), t).evaluate(p, g);
    const [beta, previous] = [state.beta[0] as number, state.direction.slice()];
    const before = observe(evaluate, parameters);
    rule.update(before, state, step);
    const restarted = (state.restarts[0] as number) > restarts;
    restarts = state.restarts[0] as number;
    const wanted = previous.map((d, i) => (restarted ? 0 : beta * d) - (before.gradient[i] as number));
    expect(state.direction).toBeAllClose(wanted, { rtol: 1e-5, atol: 1e-6 });
    parameters = parameters.map((x, i) => x + (step[i] as number));
    const after = observe(evaluate, parameters);
    let [change, squared] = [0, 0];
    before.gradient.forEach((g, i) => {
      const next = after.gradient[i] as number;
      change += next * (next - g);
      squared += g * g;
    });
    expect(state.beta[0]).toBeCloseTo(Math.max(0, change / squared), 5);
    if (change > 0) positive++;
  }
  expect(positive).toBeGreaterThan(5);
  expect(positive).toBeLessThan(30);
});

describe('limits and faults', () => {
  test('no step is longer than maximumStepNorm', () => {
    const optimizee = noiseless('far', [300, -400], quadratic([1, 0, 0, 1], [0, 0]));
    const lengths: number[] = [];
    rollout(optimizee, nonlinearConjugateGradient({ maximumStepNorm: 0.5 }), {
      horizon: 20,
      key: createKey(1),
      observers: [({ step }) => lengths.push(Math.hypot(...step))],
    });
    expect(lengths.slice(0, 20)).toBeAllClose(
      Array.from({ length: 20 }, () => 0.5),
      { rtol: 1e-6 },
    );
  });

  test('its own evaluations are counted', () => {
    let calls = 0;
    const counting: Objective = (parameters, gradient) => {
      calls++;
      return rosenbrock(parameters, gradient);
    };
    const horizon = 25;
    const { state } = rollout(noiseless('counted', [-1.2, 1], counting), nonlinearConjugateGradient(), {
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
    const trajectory = rollout(noiseless('walled', [9, 0.02, 4], walled), nonlinearConjugateGradient(), {
      horizon: 60,
      key: createKey(1),
    });
    expect(trajectory.outcome.kind).toBe('finished');
    expect(trajectory.parameters).toBeAllClose([1, 1, 1], { atol: 2e-3 });
  });

  test('a failed line search gives a zero step, is counted, and the next direction is steepest descent', () => {
    const rule = nonlinearConjugateGradient();
    const state = rule.init(vectorLayout(2));
    const step = new Float32Array(2);
    const smooth = quadratic([1, 0, 0, 9], [0, 0]);
    rule.update(observe(smooth, Float32Array.of(5, 1)), state, step);
    expect(state.beta[0]).toBeGreaterThan(0);
    const spike: Objective = (parameters, gradient) => {
      const value = smooth(parameters, gradient);
      return parameters[0] === 2 && parameters[1] === 1 ? value : NaN;
    };
    rule.update(observe(spike, Float32Array.of(2, 1)), state, step);
    expect(Array.from(step)).toEqual([0, 0]);
    expect(state.failures?.[0]).toBe(1);
    rule.update(observe(smooth, Float32Array.of(2, 1)), state, step);
    expect(Array.from(state.direction)).toEqual([-2, -9]);
  });

  test('gradients whose direction overflows single precision restart instead of spreading infinities', () => {
    const rule = nonlinearConjugateGradient();
    const state = rule.init(vectorLayout(1));
    state.direction[0] = -3e38;
    state.beta[0] = 5;
    const step = new Float32Array(1);
    rule.update(observe(quadratic([1], [0]), Float32Array.of(2)), state, step);
    expect(step).toBeAllClose([-2], { rtol: 1e-3 });
    expect(state.restarts[0]).toBe(1);
  });

  test('Wolfe constants in the wrong order are refused', () => {
    expect(() => nonlinearConjugateGradient({ sufficientDecrease: 0.2, curvature: 0.1 })).toThrow(
      /must be greater than sufficientDecrease/,
    );
  });
});

test('a direction that points uphill is replaced by steepest descent, and counted', () => {
  const rule = nonlinearConjugateGradient();
  const state = rule.init(vectorLayout(2));
  state.direction.set([10, 0]);
  state.beta[0] = 1;
  const step = new Float32Array(2);
  rule.update(observe(quadratic([1, 0, 0, 1], [0, 0]), Float32Array.of(1, 2)), state, step);
  expect(Array.from(state.direction)).toEqual([-1, -2]);
  expect(state.restarts[0]).toBe(1);
  expect(step).toBeAllClose([-1, -2], { rtol: 1e-5 });
});

describe('first trials', () => {
  /** ‖trial − θ_t‖ / ‖Δθ_{t−1}‖ of every trial of a run, t > 0. */
  function reaches(
    start: readonly number[],
    objectiveOf: (step: number) => Objective,
    horizon: number,
  ): number[] {
    let [at, last] = [Float32Array.from(start), 0];
    const ratios: number[] = [];
    const problem = {
      ...noiseless('watched', start, objectiveOf(0)),
      minibatch: (_: unknown, step: number) => ({
        evaluate: (trial: Float32Array, gradient?: Float32Array) => {
          const distance = Math.hypot(...trial.map((x, i) => x - (at[i] as number)));
          if (last > 0) ratios.push(distance / last);
          return objectiveOf(step)(trial, gradient);
        },
      }),
    };
    rollout(problem, nonlinearConjugateGradient(), {
      horizon,
      key: createKey(1),
      observers: [
        ({ parameters, step }) => {
          at = parameters.map((x, i) => Math.fround(x + (step[i] as number)));
          last = Math.hypot(...step) || last;
        },
      ],
    });
    return ratios;
  }

  test("near Rosenbrock's optimum no trial is longer than a hundred steps before it", () => {
    for (let k = 0; k < 40; k++) {
      const start = [1 + 0.005 * Math.sin(k), 1 + 0.005 * Math.cos(3 * k)];
      expect(Math.max(...reaches(start, () => rosenbrock, 30))).toBeLessThan(100);
    }
  });

  test('after a mini-batch that is all but solved the next one is searched as far as it goes', () => {
    // Step 0 ends within rounding of its own minimum, 1; the mini-batches from then on have theirs at 3.
    const towards =
      (target: number): Objective =>
      ([x], gradient) => (gradient?.set([(x as number) - target]), 0.5 * ((x as number) - target) ** 2);
    const problem = {
      ...noiseless('moving', [1 + 2 ** -22], towards(3)),
      minibatch: (_: unknown, step: number) => ({ evaluate: towards(step < 2 ? 1 : 3) }),
    };
    const { parameters, state } = rollout(problem, nonlinearConjugateGradient(), {
      horizon: 8,
      key: createKey(1),
    });
    expect(parameters).toBeAllClose([3], { rtol: 1e-6 });
    expect(state.failures?.[0]).toBeLessThanOrEqual(1);
  });
});

test.each([
  [1e-10, 1, 3],
  [1e-3, 1e7, 1e7 + 100],
])(
  '½·%d(x − x*)² from %d is solved, though a first step of length 1 or less does not move x',
  (curvature, start, target) => {
    const flat: Objective = ([x], gradient) => (
      gradient?.set([curvature * ((x as number) - target)]),
      0.5 * curvature * ((x as number) - target) ** 2
    );
    const problem = noiseless('flat', [start], flat);
    for (const rule of [nonlinearConjugateGradient(), lbfgs()]) {
      expect(rollout(problem, rule, { horizon: 50, key: createKey(1) }).parameters[0]).toBe(target);
    }
  },
);
