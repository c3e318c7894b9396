import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  strongWolfeLineSearch,
  type LineSearchResult,
  type LineSearchStart,
} from './strong-wolfe-line-search.js';
import type { Objective } from './testing/problems.js';

const conditions = { sufficientDecrease: 1e-4, curvature: 0.1, maximumEvaluations: 20 };

interface Search {
  readonly found: LineSearchResult;
  readonly step: Float32Array;
  readonly start: LineSearchStart;
  /** Points at which the objective was evaluated. */
  readonly visited: number[][];
}

/** Searches along −∇f from θ. */
function searchDownhill(
  evaluate: Objective,
  theta: readonly number[],
  changes: Partial<LineSearchStart & typeof conditions> = {},
): Search {
  const parameters = Float32Array.from(theta);
  const gradient = new Float32Array(theta.length);
  const objective = evaluate(parameters, gradient);
  const direction = changes.direction ?? gradient.map((g) => -g);
  const slope = gradient.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
  const visited: number[][] = [];
  const minibatch = {
    evaluate: (point: Float32Array, into?: Float32Array) => {
      visited.push(Array.from(point));
      return evaluate(point, into);
    },
  };
  const start = {
    minibatch,
    parameters,
    objective,
    slope,
    firstStepSize: 1,
    maximumStepSize: Infinity,
    ...changes,
    direction,
  };
  const step = new Float32Array(theta.length).fill(NaN);
  return { found: strongWolfeLineSearch(start, { ...conditions, ...changes }, step), step, start, visited };
}

/** f(x) = Σ (x_i − 1)² · c */
const bowl =
  (c: number): Objective =>
  (parameters, gradient) => {
    let sum = 0;
    parameters.forEach((x, i) => {
      sum += c * (x - 1) ** 2;
      if (gradient) gradient[i] = 2 * c * (x - 1);
    });
    return sum;
  };

const oneDimensional =
  (value: (x: number) => number, slope: (x: number) => number): Objective =>
  ([x], gradient) => {
    if (gradient) gradient[0] = slope(x as number);
    return value(x as number);
  };

describe('strong Wolfe conditions', () => {
  const objectives: [string, Objective, number[]][] = [
    ['a steep bowl (the first trial is 5,000 times too long)', bowl(1e4), [3, -2]],
    ['a shallow bowl (the first trial is 50,000 times too short)', bowl(1e-5), [3, -2]],
    [
      'a quartic',
      oneDimensional(
        (x) => x ** 4,
        (x) => 4 * x ** 3,
      ),
      [2],
    ],
    [
      'a wave',
      oneDimensional(
        (x) => Math.sin(x),
        (x) => Math.cos(x),
      ),
      [0.3],
    ],
    [
      'softplus, flat far out',
      oneDimensional(
        (x) => Math.log1p(Math.exp(x)) - 0.1 * x,
        (x) => 1 / (1 + Math.exp(-x)) - 0.1,
      ),
      [20],
    ],
    // The line-search test function of Moré & Thuente (1994), equation 5.1, with β = 2.
    [
      'Moré–Thuente 5.1',
      oneDimensional(
        (x) => -x / (x * x + 2),
        (x) => (x * x - 2) / (x * x + 2) ** 2,
      ),
      [0],
    ],
  ];

  test.each(objectives)('hold for %s', (_, evaluate, theta) => {
    for (const curvature of [0.9, 0.1, 0.01]) {
      const { found, start } = searchDownhill(evaluate, theta, { curvature });
      if (found.kind === 'failed') throw new Error('the search failed');
      expect(found.kind).toBe('wolfe');
      const slope = found.gradient.reduce((sum, g, i) => sum + g * (start.direction[i] as number), 0);
      expect(found.objective).toBeLessThanOrEqual(start.objective + 1e-4 * found.stepSize * start.slope);
      expect(Math.abs(slope)).toBeLessThanOrEqual(curvature * Math.abs(start.slope));
      expect(found.evaluations).toBeLessThanOrEqual(12);
    }
  });

  test('a quadratic is minimised along the line in at most two evaluations if the first is near', () => {
    for (const firstStepSize of [0.2, 0.45, 0.5, 0.7, 2, 4]) {
      const { found } = searchDownhill(bowl(1), [3, -2], { firstStepSize, curvature: 1e-4 });
      expect(found.kind).toBe('wolfe');
      expect(found.evaluations).toBeLessThanOrEqual(2);
    }
  });
});

test('the accepted point is evaluated at exactly the bits that θ + Δθ rounds to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 6 }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (theta, curvature) => {
        const evaluate = bowl(curvature);
        const { found, step, start, visited } = searchDownhill(evaluate, theta);
        fc.pre(start.slope < 0);
        const next = start.parameters.map((x, i) => x + (step[i] as number));
        if (found.kind === 'failed') return Array.from(step).every((s) => s === 0);
        const wasVisited = visited.some((point) => point.every((x, i) => Object.is(x, next[i])));
        const gradient = new Float32Array(next.length);
        return (
          wasVisited &&
          evaluate(next, gradient) === found.objective &&
          found.objective < start.objective &&
          gradient.every((g, i) => g === found.gradient[i])
        );
      },
    ),
  );
});

describe('values that are not finite', () => {
  /** x − ln x, which ends at x = 0 (NaN beyond); its minimum is at 1. */
  const walled = oneDimensional(
    (x) => x - Math.log(x),
    (x) => 1 - 1 / x,
  );

  test('beyond a wall, the search backs off and still finds a Wolfe point', () => {
    const { found, step } = searchDownhill(walled, [5], { firstStepSize: 1e6 });
    expect(found.kind).toBe('wolfe');
    expect(5 + (step[0] as number)).toBeGreaterThan(0);
    expect(5 + (step[0] as number)).toBeLessThan(5);
  });

  test('an infinite gradient at a finite value counts as a wall', () => {
    const broken: Objective = (parameters, gradient) => {
      const value = bowl(1)(parameters, gradient);
      if (gradient && (parameters[0] as number) < 2) gradient[0] = Infinity;
      return value;
    };
    const { found, step } = searchDownhill(broken, [3], { firstStepSize: 10 });
    expect(found.kind).toBe('decrease');
    expect(3 + (step[0] as number)).toBeGreaterThanOrEqual(2);
    expect(step[0]).toBeLessThan(0);
  });

  test.each([NaN, Infinity, -Infinity])(
    'an objective that is %p everywhere else gives a zero step',
    (value) => {
      const spike: Objective = (parameters, gradient) => {
        gradient?.fill(1);
        return parameters[0] === 1 ? 0 : value;
      };
      const { found, step } = searchDownhill(spike, [1]);
      expect(found).toEqual({ kind: 'failed', evaluations: expect.any(Number) });
      expect(Array.from(step)).toEqual([0]);
    },
  );
});

describe('limits', () => {
  test('a search that may not go further than a limit stops there while the objective falls', () => {
    const { found } = searchDownhill(bowl(1), [3], { firstStepSize: 0.01, maximumStepSize: 0.125 });
    expect(found).toMatchObject({ kind: 'maximum', stepSize: 0.125 });
  });

  test('a first trial beyond the limit is moved to it', () => {
    const { found } = searchDownhill(bowl(1), [3], { firstStepSize: 100, maximumStepSize: 0.125 });
    expect(found).toMatchObject({ kind: 'maximum', stepSize: 0.125, evaluations: 1 });
  });

  test('an objective without a lower bound is followed until the evaluations run out', () => {
    const slide = oneDimensional(
      (x) => x,
      () => 1,
    );
    const { found, visited } = searchDownhill(slide, [0], { maximumEvaluations: 6 });
    expect(found).toMatchObject({ kind: 'decrease', evaluations: 6 });
    expect(visited).toHaveLength(6);
    expect(found.kind !== 'failed' && found.stepSize).toBe(1e5);
  });

  test('a direction that goes up gives a zero step', () => {
    const { found, step } = searchDownhill(bowl(1), [3], { direction: Float32Array.of(1), slope: -1 });
    expect(found.kind).toBe('failed');
    expect(Array.from(step)).toEqual([0]);
  });

  test.each([
    // θ, the first α, the largest α
    [1e8, 1e-12, Infinity],
    [1e8, Number.MIN_VALUE, Infinity],
    [2, 1e-30, 1],
  ])(
    'a first trial that is lost in the rounding of θ = %d is enlarged until it moves θ',
    (from, first, most) => {
      const { found, visited } = searchDownhill(bowl(1), [from], {
        firstStepSize: first,
        maximumStepSize: most,
      });
      expect(visited.every(([x]) => x !== from)).toBe(true);
      expect(found.kind).toBe('wolfe');
    },
  );

  test.each([
    ['that moves only the coordinate at 0', 0, 1e-20],
    ['whose change is lost in the rounding of the objective', 1, 1e-10],
  ])('a first trial %s is enlarged until it tells something', (_, offset, scale) => {
    const raised: Objective = (parameters, gradient) => offset + bowl(scale)(parameters, gradient);
    const norm = 2 * scale * Math.hypot(4, 1, 6);
    const { found, step } = searchDownhill(raised, [5, 0, -5], { firstStepSize: Math.min(1, 1 / norm) });
    // The minimum is at (1, 1, 1), a step of (−4, 1, 6).
    expect(found.kind).toBe('wolfe');
    expect(step[0]).toBeCloseTo(-4, 0);
    expect(step[1]).toBeCloseTo(1, 0);
    expect(step[2]).toBeCloseTo(6, 0);
  });

  test('where even the largest step is lost in the rounding of θ, the search ends without an evaluation', () => {
    const { found, visited } = searchDownhill(bowl(1), [1e8], {
      firstStepSize: 1e-20,
      maximumStepSize: 1e-12,
    });
    expect(found).toEqual({ kind: 'failed', evaluations: 0 });
    expect(visited).toHaveLength(0);
  });
});

test('the step may be written over the direction', () => {
  const direction = Float32Array.of(-4);
  const parameters = Float32Array.of(3);
  const start = {
    minibatch: { evaluate: bowl(1) },
    parameters,
    objective: 4,
    direction,
    slope: -16,
    firstStepSize: 1,
    maximumStepSize: Infinity,
  };
  const found = strongWolfeLineSearch(start, conditions, direction);
  expect(found.kind).toBe('wolfe');
  expect(Array.from(direction)).toEqual([-2]);
});
