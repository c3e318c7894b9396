import { createKey } from '@metadescent/core';
import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import { nuCap, smoothed, stepLambda, stepNu, type NuRule } from './duals.js';
import { precisions } from './linear-gaussian.js';
import { policyCovariance, policyTargets, regressionWeights } from './policy-targets.js';
import { acceptanceStepMultiplier, predictedStepMultiplier } from './step-size.js';
import { covariances, randomController } from './testing/random-problem.js';
import { samplesOf } from './testing/samples.js';

const engine = typescriptGpsEngine();
const rule: NuRule = { upper: 0.5, lower: 1, min: 1e-4, max: 100, smoothing: 1 };

describe('the ν rule', () => {
  test('doubles above mean + sd/2, halves below mean − sd, leaves the rest', () => {
    // mean 2, standard deviation √2: bounds 2.707 and 0.586
    expect(Array.from(stepNu(new Float64Array(5).fill(1), Float64Array.of(0, 1, 2, 3, 4), rule))).toEqual([
      0.5, 1, 1, 2, 2,
    ]);
  });
  test('stays within its bounds', () => {
    expect(
      Array.from(stepNu(Float64Array.of(1e-4, 80), Float64Array.of(0, 10), { ...rule, lower: 0.5 })),
    ).toEqual([1e-4, 100]);
  });
  test('equal KLs change nothing', () => {
    expect(Array.from(stepNu(new Float64Array(3).fill(1), new Float64Array(3).fill(7), rule))).toEqual([
      1, 1, 1,
    ]);
  });
  test('smoothing is a running mean, shortened at the ends', () => {
    expect(Array.from(smoothed(Float64Array.of(0, 3, 6, 9), 3))).toEqual([1.5, 3, 6, 7.5]);
  });
});

describe('the λ step', () => {
  const step = {
    horizon: 2,
    actionSize: 1,
    lambda: Float64Array.of(1, 0),
    nu: Float64Array.of(2, 4),
    precision: Float64Array.of(10, 0.5),
    gap: Float64Array.of(0.1, -0.3),
    rate: 0.5,
    clip: Infinity,
  };
  test('is α ν G⁻¹ times the gap', () => {
    expect(stepLambda({ ...step, precondition: true })).toBeAllClose([
      1 + 0.5 * 2 * 10 * 0.1,
      -0.5 * 4 * 0.5 * 0.3,
    ]);
  });
  test('without preconditioning it is the paper’s', () => {
    expect(stepLambda({ ...step, precondition: false })).toBeAllClose([1 + 0.5 * 2 * 0.1, -0.5 * 4 * 0.3]);
  });
  test('is clipped at a target shift of so many standard deviations', () => {
    // The shift G λ / ν is at most clip · √G, so |λ| ≤ clip · ν / √G.
    expect(stepLambda({ ...step, precondition: true, clip: 0.1 })).toBeAllClose([
      0.1 * 2 * Math.sqrt(10),
      -0.1 * 4 * Math.sqrt(0.5),
    ]);
  });
  test('a vector of actions is multiplied by the matrix', () => {
    const precision = Float64Array.of(2, 1, 1, 3);
    const vector = {
      horizon: 1,
      actionSize: 2,
      lambda: new Float64Array(2),
      nu: Float64Array.of(1),
      precision,
      gap: Float64Array.of(1, -1),
      rate: 1,
      clip: Infinity,
    };
    expect(stepLambda({ ...vector, precondition: true })).toBeAllClose([1, -2]);
  });
});

describe('step multipliers', () => {
  const bounds = { min: 0.01, max: 10 };
  test.each([
    ['pred = act: the longest factor', 1, 2, 2, 5],
    ['half of it came true', 1, 2, 1, 1],
    ['nothing came true', 1, 2, 0, 0.5],
    ['it got far worse', 1, 2, -100, 0.1],
    ['more than predicted', 1, 2, 3, 5],
    ['no improvement predicted', 1, 0, 5, 0.5],
    ['a loss predicted', 1, -3, 5, 0.5],
    ['not finite', 1, NaN, 5, 0.5],
    ['upper bound', 9, 2, 2, 10],
    ['lower bound', 0.02, 2, -100, 0.01],
  ])('by prediction: %s', (_name, multiplier, predicted, actual, wanted) => {
    expect(predictedStepMultiplier(multiplier, predicted, actual, bounds)).toBeCloseTo(wanted, 12);
  });
  test('by acceptance', () => {
    expect(acceptanceStepMultiplier(1, 1, true, bounds)).toBe(1.3);
    expect(acceptanceStepMultiplier(1, 0.25, true, bounds)).toBe(0.9);
    expect(acceptanceStepMultiplier(1, 0, false, bounds)).toBe(0.6);
    expect(acceptanceStepMultiplier(9, 1, true, bounds)).toBe(10);
  });
});

describe('the θ-subproblem', () => {
  const size = { stateSize: 3, actionSize: 2, horizon: 4 };
  const controller = randomController(createKey(1), size);
  const nu = Float64Array.of(0.5, 1, 2, 1.5);
  const lambda = createKey(2).normal(8);
  const states = Array.from({ length: 5 }, (_, t) => createKey(3).fold(t).normal(15));
  const samples = samplesOf(5, states, []);
  const { targets, precision } = policyTargets(engine, samples, controller, { lambda, nu });

  test('at the target the gradient of the paper’s objective is zero', () => {
    const inverse = precisions(engine, controller).precision;
    for (let t = 0; t < 4; t++) {
      for (let r = 0; r < 5; r++) {
        for (let u = 0; u < 2; u++) {
          let gradient = lambda[t * 2 + u]!;
          for (let w = 0; w < 2; w++) {
            let mean = controller.k[t * 2 + w]!;
            for (let i = 0; i < 3; i++) mean += controller.K[(t * 2 + w) * 3 + i]! * states[t]![r * 3 + i]!;
            gradient += nu[t]! * inverse[(t * 2 + u) * 2 + w]! * (targets[(t * 5 + r) * 2 + w]! - mean);
          }
          expect(Math.abs(gradient)).toBeLessThan(1e-10);
        }
      }
    }
  });

  test('the weights are ν G⁻¹ up to one constant', () => {
    const inverse = precisions(engine, controller).precision;
    const ratios = precision.map((x, i) => x / (nu[Math.floor(i / 4)]! * inverse[i]!));
    expect(ratios).toBeAllClose(new Array(16).fill(ratios[0]!), { rtol: 1e-12 });
    let trace = 0;
    for (let t = 0; t < 4; t++) trace += (precision[t * 4]! + precision[t * 4 + 3]!) / 8;
    expect(trace).toBeCloseTo(1, 12);
  });

  test('the covariance is stationary', () => {
    const inverse = precisions(engine, controller).precision;
    const S = policyCovariance(engine, controller, nu);
    const { precision: inverseS } = precisions(engine, { actionSize: 2, horizon: 1, G: S });
    // ∂/∂S Σ (ν/2)(tr(G⁻¹S) − ln|S|) = Σ (ν/2)(G⁻¹ − S⁻¹)
    for (let i = 0; i < 4; i++) {
      let gradient = 0;
      for (let t = 0; t < 4; t++) gradient += 0.5 * nu[t]! * (inverse[t * 4 + i]! - inverseS[i]!);
      expect(Math.abs(gradient)).toBeLessThan(1e-10);
    }
  });

  test('extreme ν and G are capped, and what the caps take is reported', () => {
    expect(nuCap(Float64Array.of(1, 1, 1, 1, 100))).toBe(2);
    const extreme = {
      ...controller,
      G: covariances(createKey(1), 4, 2, 1).map((x, i) => (i < 4 ? 1e-9 * x : x)),
    };
    const { weights, capped } = regressionWeights(engine, extreme, Float64Array.of(1, 1, 1, 50));
    expect(weights.every(Number.isFinite)).toBe(true);
    expect(capped[0]).toBeLessThan(1e-6);
    expect(capped[3]).toBeCloseTo(0.04, 6);
    expect(capped[1]).toBe(1);
  });

  test('ν = 0 is plain imitation', () => {
    const plain = policyTargets(engine, samples, controller, undefined);
    const zero = policyTargets(engine, samples, controller, { lambda, nu: new Float64Array(4) });
    expect(zero.targets).toBeAllClose(plain.targets, { rtol: 0, atol: 0 });
    expect(zero.precision).toBeAllClose(plain.precision, { rtol: 0, atol: 0 });
  });
});
