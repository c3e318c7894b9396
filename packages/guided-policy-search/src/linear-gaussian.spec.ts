import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { Matrix } from 'ml-matrix';
import { dynamicsFromMatrices, dynamicsMatrices } from './dynamics.js';
import {
  clampCovariances,
  controllerFromMatrices,
  controllerMatrices,
  controllerMeans,
  interpolateControllers,
  meanEntropy,
  precisions,
  zeroController,
} from './linear-gaussian.js';
import { costFromMatrices, evaluateCost, stateCostAt } from './quadratic-cost.js';

const engine = typescriptGpsEngine();
const steps = [
  {
    K: new Matrix([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    k: new Matrix([[7], [8]]),
    G: new Matrix([
      [2, 0.5],
      [0.5, 1],
    ]),
  },
  {
    K: new Matrix([
      [-1, 0, 1],
      [0, 1, 0],
    ]),
    k: new Matrix([[0], [1]]),
    G: new Matrix([
      [1, 0],
      [0, 4],
    ]),
  },
];

test('controllers go to matrices and back', () => {
  const controller = controllerFromMatrices(steps);
  expect(controller).toMatchObject({ stateSize: 3, actionSize: 2, horizon: 2 });
  steps.forEach((step, t) => {
    const back = controllerMatrices(controller, t);
    expect(back.K.to2DArray()).toEqual(step.K.to2DArray());
    expect(back.k.to2DArray()).toEqual(step.k.to2DArray());
    expect(back.G.to2DArray()).toEqual(step.G.to2DArray());
  });
  expect(() => controllerMatrices(controller, 2)).toThrow(/\[0, 2\)/);
  expect(() => controllerFromMatrices([])).toThrow(/at least one/);
  expect(() => controllerFromMatrices([steps[0]!, { ...steps[1]!, k: new Matrix([[1]]) }])).toThrow(
    /k at t = 1 must be \[2, 1\], but is \[1, 1\]/,
  );
});

test('means are Ks + k, row by row', () => {
  const means = new Float64Array(4);
  controllerMeans(controllerFromMatrices(steps), 0, 2, Float64Array.of(1, 0, 0, 0, 1, 1), means);
  expect(Array.from(means)).toEqual([8, 12, 12, 19]);
});

test('precisions invert and log-determinants agree with the closed form', () => {
  const { precision, logDeterminant } = precisions(engine, controllerFromMatrices(steps));
  expect(precision).toBeAllClose([1 / 1.75, -0.5 / 1.75, -0.5 / 1.75, 2 / 1.75, 1, 0, 0, 0.25], {
    rtol: 1e-14,
  });
  expect(logDeterminant).toBeAllClose([Math.log(1.75), Math.log(4)], { rtol: 1e-14 });
  expect(meanEntropy(engine, zeroController({ stateSize: 1, actionSize: 1, horizon: 3 }, 4))).toBeCloseTo(
    0.5 * Math.log(2 * Math.PI * Math.E * 4),
    12,
  );
});

test('clamping touches only eigenvalues outside the bounds', () => {
  const controller = controllerFromMatrices(steps);
  const same = clampCovariances(controller, [0.1, 0.1], [9, 9]);
  expect(same.G).toBeAllClose(controller.G, { rtol: 0, atol: 0 });
  const clamped = clampCovariances(controller, [0.1, 2], [9, 3]);
  expect(clamped.G.subarray(4)).toBeAllClose([2, 0, 0, 3], { atol: 1e-12 });
  expect(controller.G[4]).toBe(1);
});

test('interpolation starts and ends at its ends', () => {
  const from = controllerFromMatrices([steps[0]!]);
  const to = controllerFromMatrices([steps[1]!]);
  expect(interpolateControllers(from, to, 0).K).toBeAllClose(from.K);
  expect(interpolateControllers(from, to, 1).G).toBeAllClose(to.G);
  expect(interpolateControllers(from, to, 0.5).k).toBeAllClose([3.5, 4.5]);
});

test('dynamics and costs come from matrices', () => {
  const A = new Matrix([
    [1, 0.1],
    [0, 1],
  ]);
  const B = new Matrix([[0], [0.1]]);
  const dynamics = dynamicsFromMatrices([{ A, B, c: Matrix.zeros(2, 1), F: Matrix.eye(2) }], {
    mean: Matrix.ones(2, 1),
    covariance: Matrix.eye(2),
  });
  expect(dynamicsMatrices(dynamics, 0).A.to2DArray()).toEqual(A.to2DArray());
  expect(dynamicsMatrices(dynamics, 0).B.to2DArray()).toEqual(B.to2DArray());
  expect(() => dynamicsFromMatrices([], { mean: Matrix.ones(2, 1), covariance: Matrix.eye(2) })).toThrow(
    /at least one/,
  );
  expect(() =>
    dynamicsFromMatrices([{ A, B, c: Matrix.zeros(1, 1), F: Matrix.eye(2) }], {
      mean: Matrix.ones(2, 1),
      covariance: Matrix.eye(2),
    }),
  ).toThrow(/c at t = 0/);

  const R = new Matrix([[2]]);
  const cost = costFromMatrices(
    [
      { C: Matrix.eye(2), d: new Matrix([[1], [0]]), h: 3, R, N: new Matrix([[0, 1]]), r: new Matrix([[5]]) },
      { C: Matrix.zeros(2, 2) },
    ],
    1,
  );
  // ½(4 + 9) + 2 + 3 + ½·2·16 + 4·3 + 5·4
  expect(evaluateCost(cost, 0, [2, 3], [4])).toBeCloseTo(6.5 + 5 + 16 + 12 + 20, 12);
  expect(evaluateCost(cost, 1, [2, 3])).toBe(0);
  expect(() => costFromMatrices([{ C: Matrix.eye(2) }, { C: Matrix.eye(2), R }], 1)).toThrow(/terminal/);
  expect(() => costFromMatrices([{ C: Matrix.eye(2) }], 1)).toThrow(/T \+ 1/);
  const factors = {
    ...cost,
    state: {
      kind: 'factors' as const,
      rank: 1,
      factor: Float64Array.of(1, 2, 0, 0),
      weight: Float64Array.of(3, 0),
    },
  };
  expect(stateCostAt(factors, 0)).toBeAllClose([3, 6, 6, 12]);
});
