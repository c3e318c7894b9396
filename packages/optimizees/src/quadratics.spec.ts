import { describe, expect, test } from '@jest/globals';
import { createKey, mean, standardError } from '@metadescent/core';
import { optimizeeConformance } from '@metadescent/core/conformance';
import { quadratics } from './quadratics.js';

describe('conformance', () => {
  for (const check of optimizeeConformance(() => quadratics())) test(check.name, check.run);
});

/**
 * f(0), ∇f(0) and the Hessian, columns by differences of gradients, which are exact for a quadratic up to
 * rounding.
 */
function coefficients(n: number, seed: number) {
  const { trueObjective } = quadratics({ dimension: n }).sample(createKey(seed));
  const gradientAt = (theta: Float32Array): Float32Array => {
    const gradient = new Float32Array(n);
    trueObjective(theta, gradient);
    return gradient;
  };
  const constant = trueObjective(new Float32Array(n));
  const slope = gradientAt(new Float32Array(n));
  const hessian = Array.from({ length: n }, (_, j) => {
    const unit = new Float32Array(n);
    unit[j] = 1;
    return Array.from(gradientAt(unit), (g, i) => g - (slope[i] as number));
  });
  return { trueObjective, constant, slope, hessian };
}

test('f(θ) = f(0) + ∇f(0)·θ + ½ θᵀHθ at any θ', () => {
  const n = 6;
  const { trueObjective, constant, slope, hessian } = coefficients(n, 3);
  const theta = Float32Array.from(createKey(5).normal(n));
  let expected = constant;
  theta.forEach((x, i) => {
    expected += (slope[i] as number) * x;
    theta.forEach((y, j) => (expected += 0.5 * x * y * (hessian[i] as number[])[j]!));
  });
  expect([trueObjective(theta)]).toBeAllClose([expected], { rtol: 1e-5 });
});

test('in one dimension the minimum is 0, at θ = y / w = −f′(0) / f″', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { trueObjective, slope, hessian } = coefficients(1, seed);
    const minimum = Float32Array.of(-slope[0]! / hessian[0]![0]!);
    expect(trueObjective(minimum)).toBeLessThan(1e-10);
  }
});

test('W and y are standard normal: E f(0) = E‖y‖² = n, and E f(e₁) − E f(0) = E‖W e₁‖² = n', () => {
  const [n, samples] = [10, 3000];
  const family = quadratics();
  const [atZero, increase] = [new Float64Array(samples), new Float64Array(samples)];
  const unit = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  for (let i = 0; i < samples; i++) {
    const optimizee = family.sample(createKey(11).fold(i));
    atZero[i] = optimizee.trueObjective(new Float32Array(n));
    increase[i] = optimizee.trueObjective(unit) - atZero[i]!;
  }
  expect(Math.abs(mean(atZero) - n)).toBeLessThan(4 * standardError(atZero));
  expect(Math.abs(mean(increase) - n)).toBeLessThan(4 * standardError(increase));
  // The variance of a χ² variable with n degrees of freedom is 2n; a uniform or otherwise scaled y would not have it.
  expect(standardError(atZero) ** 2 * samples).toBeGreaterThan(2 * n * 0.85);
  expect(standardError(atZero) ** 2 * samples).toBeLessThan(2 * n * 1.15);
});

test('a mini-batch is the objective itself, at every step', () => {
  const optimizee = quadratics().sample(createKey(1));
  const theta = optimizee.initialParameters(createKey(2));
  const truth = optimizee.trueObjective(theta);
  expect([0, 1, 99].map((step) => optimizee.minibatch(createKey(3), step).evaluate(theta))).toEqual([
    truth,
    truth,
    truth,
  ]);
});

test('other samples are other functions; initial parameters have the standard deviation asked for', () => {
  const family = quadratics({ dimension: 2000, initialStandardDeviation: 0.3 });
  const small = quadratics();
  const at = new Float32Array(10);
  expect(small.sample(createKey(1)).trueObjective(at)).not.toBe(small.sample(createKey(2)).trueObjective(at));
  const start = family.sample(createKey(1)).initialParameters(createKey(4));
  expect(Math.sqrt(mean(start.map((x) => x * x)))).toBeCloseTo(0.3, 1);
  const untold = small.sample(createKey(1)).initialParameters(createKey(4));
  expect(Math.max(...untold.map(Math.abs))).toBeLessThan(0.05);
});

test('bad options are refused by name', () => {
  expect(() => quadratics({ dimension: 0 })).toThrow(/quadratics: invalid options[\s\S]*dimension/);
  expect(() => quadratics({ initialStandardDeviation: -1 })).toThrow(/initialStandardDeviation/);
  // @ts-expect-error an unknown option
  expect(() => quadratics({ size: 3 })).toThrow(/size/);
});
