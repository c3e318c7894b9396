import { createKey } from '@metadescent/core';
import { typescriptGpsEngine, type LqgProblem, type LqgShape } from '@metadescent/kernels/gps';
import { expect, test } from '@jest/globals';
import { matrixEvaluation, toMatrixProblem } from './ml-matrix-lqg.js';

test('the benchmark’s peer does the same work: its controller and cost are the kernel’s', () => {
  const shape: LqgShape = { stateSize: 5, actionSize: 1, horizon: 6, costRank: 1 };
  const normal = (name: string, n: number, scale = 1) =>
    createKey(1)
      .fold(name)
      .normal(n)
      .map((x) => scale * x);
  const diagonal = (count: number) =>
    Float64Array.from({ length: count * 25 }, (_, i) => ((i % 25) % 6 === 0 ? 0.1 : 0));
  const problem: LqgProblem = {
    A: normal('A', 150, 0.4),
    B: normal('B', 30),
    c: normal('c', 30, 0.1),
    F: diagonal(6),
    initialMean: normal('mean', 5),
    initialCovariance: diagonal(1),
    cost: { factor: normal('factor', 35), weight: new Float64Array(7).fill(1) },
    d: normal('d', 35, 0.1),
    h: new Float64Array(7),
    previous: { K: normal('K', 30, 0.1), k: normal('k', 6, 0.1), precision: new Float64Array(6).fill(10) },
    entropyWeight: new Float64Array(6),
  };
  const kernel = typescriptGpsEngine().lqg(shape);
  kernel.load(problem);
  const controller = { K: new Float64Array(30), k: new Float64Array(6), G: new Float64Array(6) };
  expect(kernel.backward(0.7, controller)).toBe(-1);
  const moments = {
    cost: new Float64Array(7),
    previous: new Float64Array(6),
    policy: new Float64Array(6),
    mean: new Float64Array(35),
    finalCovariance: new Float64Array(25),
  };
  kernel.forward(controller, moments);
  const peer = matrixEvaluation(toMatrixProblem(shape, problem), 0.7);
  for (const part of ['K', 'k', 'G'] as const)
    expect(peer.controller[part]).toBeAllClose(controller[part], { rtol: 1e-9, atol: 1e-12 });
  expect(peer.cost).toBeCloseTo(
    moments.cost.reduce((a, b) => a + b),
    9,
  );
});
