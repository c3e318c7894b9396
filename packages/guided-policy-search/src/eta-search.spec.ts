import { typescriptGpsEngine } from '@metadescent/kernels/gps';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { describeEtaOutcome, searchEta, type EtaSearchOptions } from './eta-search.js';
import { total } from './statistics.js';
import { randomParts } from './testing/random-problem.js';
import { improveController } from './trust-region.js';

const options: EtaSearchOptions = {
  epsilon: 1,
  initial: 1,
  min: 1e-8,
  max: 1e16,
  tolerance: 0.01,
  maxEvaluations: 50,
};

describe('searchEta', () => {
  test('hits ε on smooth decreasing functions, within a handful of evaluations', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: 6, noNaN: true }),
        fc.double({ min: 0.5, max: 2.5, noNaN: true }),
        (logScale, power) => {
          const kl = (eta: number) => 1e3 / (1 + (eta * 10 ** logScale) ** power);
          const outcome = searchEta(kl, { ...options, min: 1e-16 });
          expect(['converged', 'inactive']).toContain(outcome.kind);
          expect(outcome.evaluations.length).toBeLessThan(40);
          if (outcome.kind === 'converged') expect(Math.abs(kl(outcome.eta) - 1)).toBeLessThanOrEqual(0.01);
        },
      ),
    );
  });

  test('never returns an infeasible η, whatever the function does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: 0, max: 10 }), fc.constant(NaN), fc.constant(Infinity)), {
          minLength: 1,
          maxLength: 12,
        }),
        (values) => {
          let i = 0;
          const outcome = searchEta(() => values[i++ % values.length]!, { ...options, maxEvaluations: 12 });
          if (outcome.kind !== 'infeasible') expect(outcome.kl).toBeLessThanOrEqual(1.01);
          else for (const { kl } of outcome.evaluations) expect(kl).toBeGreaterThan(1.01);
        },
      ),
    );
  });

  test('a constraint that never binds is reported as inactive', () => {
    const outcome = searchEta(() => 0.1, options);
    expect(outcome).toMatchObject({ kind: 'inactive', kl: 0.1 });
    expect((outcome as { eta: number }).eta).toBeCloseTo(1e-8, 12);
    expect(searchEta(() => 0.1, { ...options, inactiveBelow: 0.05 }).evaluations.length).toBe(3);
  });

  test('NaN below some η counts as too small', () => {
    const outcome = searchEta((eta) => (eta < 30 ? NaN : 50 / eta), options);
    expect(outcome).toMatchObject({ kind: 'converged' });
    expect(Math.abs((outcome as { eta: number }).eta - 50)).toBeLessThan(1);
  });

  test('a jump across ε ends with the smallest feasible η', () => {
    const outcome = searchEta((eta) => (eta < 7 ? 3 : 0.5), options);
    expect(outcome).toMatchObject({ kind: 'exhausted', kl: 0.5 });
    const { eta } = outcome as { eta: number };
    expect(eta).toBeGreaterThanOrEqual(7);
    expect(eta).toBeLessThan(7.1);
  });

  test('nothing feasible at all is an outcome, too', () => {
    const outcome = searchEta(() => Infinity, options);
    expect(outcome.kind).toBe('infeasible');
    expect(describeEtaOutcome(outcome)).toMatch(/previous one is kept/);
  });

  test('every outcome has its sentence', () => {
    expect(describeEtaOutcome(searchEta((eta) => 3 / eta, options))).toMatch(/^converged: KL/);
    expect(describeEtaOutcome(searchEta(() => 0, options))).toMatch(/inactive/);
    expect(describeEtaOutcome(searchEta((eta) => (eta < 7 ? 3 : 0.5), options))).toMatch(/exhausted/);
  });

  test('bad ranges are refused', () => {
    expect(() => searchEta(() => 1, { ...options, epsilon: 0 })).toThrow(/epsilon/);
    expect(() => searchEta(() => 1, { ...options, min: 2, max: 1 })).toThrow(/min/);
  });
});

describe('improveController', () => {
  const engine = typescriptGpsEngine();
  const { model, nu, ...parts } = randomParts('search', { stateSize: 5, actionSize: 2, horizon: 8 });
  const problem = { ...parts, policy: { model, nu } };

  test.each([0.05, 0.5, 3])(
    'the KL divergence is ε = %d to a hundredth, and the predicted cost falls',
    (epsilon) => {
      const result = improveController(engine, problem, { epsilon, tolerance: 0.01 });
      expect(result.outcome.kind).toBe('converged');
      expect(Math.abs(total(result.kl) - epsilon)).toBeLessThanOrEqual(0.01 * epsilon);
      expect(result.outcome.evaluations.length).toBeLessThanOrEqual(12);
      const withoutPolicy = improveController(engine, parts, { epsilon, tolerance: 0.01 });
      expect(total(withoutPolicy.cost)).toBeLessThan(total(withoutPolicy.previous.cost));
    },
  );

  test('the result is the very controller of the reported η', () => {
    const { outcome, kl } = improveController(engine, problem, { epsilon: 0.5 });
    expect(outcome).toMatchObject({ kl: total(kl) });
  });

  test('an indefinite cost is mended by η, or the previous controller is kept', () => {
    const C =
      parts.cost.state.kind === 'dense' ? parts.cost.state.C.map((x) => -0.3 * x) : new Float64Array();
    const indefinite = { ...parts, cost: { ...parts.cost, state: { kind: 'dense' as const, C } } };
    const mended = improveController(engine, indefinite, { epsilon: 0.5 });
    expect(['converged', 'exhausted']).toContain(mended.outcome.kind);
    expect(mended.outcome.evaluations.some(({ kl }) => kl === Infinity) || total(mended.kl) <= 0.55).toBe(
      true,
    );
    const hopeless = improveController(engine, indefinite, { epsilon: 0.5, maxEta: 1e-3 });
    expect(hopeless.outcome.kind).toBe('infeasible');
    expect(hopeless.controller.K).toBe(parts.previous.K);
    expect(total(hopeless.kl)).toBeCloseTo(0, 10);
  });

  test('covariances are clamped and the KL is that of what is returned', () => {
    const T = 8;
    const result = improveController(engine, problem, {
      epsilon: 0.5,
      covarianceFloor: new Float64Array(T).fill(0.4),
      covarianceCap: new Float64Array(T).fill(0.5),
    });
    for (let t = 0; t < T; t++) {
      const [a, b, , d] = result.controller.G.subarray(4 * t, 4 * t + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      const spread = Math.sqrt((a - d) ** 2 / 4 + b * b);
      expect((a + d) / 2 - spread).toBeGreaterThanOrEqual(0.4 - 1e-12);
      expect((a + d) / 2 + spread).toBeLessThanOrEqual(0.5 + 1e-12);
    }
    expect(result.kl.every(Number.isFinite)).toBe(true);
  });
});
