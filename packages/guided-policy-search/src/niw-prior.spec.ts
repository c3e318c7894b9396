import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fitDynamics } from './fit-dynamics.js';
import { emptyMoments, momentsOf, type GroupMoments } from './moments.js';
import { withNiwPrior } from './niw-prior.js';

const engine = typescriptGpsEngine();

describe('normal-inverse-Wishart prior', () => {
  interface Case {
    name: string;
    mu0: number[];
    Phi: number[][];
    m: number;
    n0: number;
    reg: number;
    expected: { A: number[][]; B: number[]; c: number[]; F: number[][] };
  }
  /**
   * Independent numpy implementation of the joint estimator of Levine, Finn et al., with reg·I in place of a
   * constant block.
   */
  const oracle = JSON.parse(
    readFileSync(new URL('./testing/niw-dynamics-oracle.json', import.meta.url), 'utf8'),
  ) as {
    s: number[][];
    a: number[];
    sNext: number[][];
    cases: Case[];
  };
  const rows = Float64Array.from(oracle.s.flatMap((s, r) => [...s, oracle.a[r]!, ...oracle.sNext[r]!]));
  const moments = momentsOf(engine, 7, rows);

  test.each(oracle.cases)(
    '$name equals the independent numbers',
    ({ mu0, Phi, m, n0, reg, expected: { A, B, c, F } }) => {
      const posterior = withNiwPrior(moments, {
        mean: Float64Array.from(mu0),
        scale: Float64Array.from(Phi.flat()),
        meanCount: m,
        scaleCount: n0,
      });
      const group: GroupMoments = {
        stateSize: 3,
        actionSize: 1,
        signalCount: 0,
        steps: [posterior],
        terminal: emptyMoments(3),
      };
      const ones = new Float64Array(3).fill(1);
      const fitted = fitDynamics(engine, group, ones, Float64Array.of(1), {
        ridge: reg,
        actionRidge: reg,
        window: 1,
        noiseFloor: 0,
        initialVarianceFloor: 0,
      });
      const close = { rtol: 1e-10, atol: 1e-12 };
      expect(fitted.A).toBeAllClose(A.flat(), close);
      expect(fitted.B).toBeAllClose(B, close);
      expect(fitted.c).toBeAllClose(c, close);
      // The oracle counts the ridge into the explained variance: its F is the residual plus reg · W Wᵀ.
      const W = A.map((row, i) => [...row, B[i]!]);
      const residual = F.map((row, i) =>
        row.map((value, j) => value - reg * W[i]!.reduce((sum, w, q) => sum + w * W[j]![q]!, 0)),
      );
      expect(fitted.F).toBeAllClose(residual.flat(), { rtol: 1e-9, atol: 1e-12 });
    },
  );

  test('without data the posterior is the prior', () => {
    const prior = {
      mean: Float64Array.of(1, 2),
      scale: Float64Array.of(4, 1, 1, 3),
      meanCount: 2,
      scaleCount: 5,
    };
    const posterior = withNiwPrior(emptyMoments(2), prior);
    expect(posterior.mean).toBeAllClose(prior.mean);
    expect(posterior.covariance).toBeAllClose([0.8, 0.2, 0.2, 0.6]);
  });
});
