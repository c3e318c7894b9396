import { expect, test } from '@jest/globals';
import type { GroupRecord } from '@metadescent/guided-policy-search';
import { searchMetrics } from './search-metrics.js';

const group = (name: string, more: Partial<GroupRecord> = {}): GroupRecord => ({
  name,
  kl: 3,
  epsilon: 4,
  predictedBefore: 10,
  predictedAfter: 8,
  policyKl: new Float64Array(2),
  entropy: -5,
  lambda: Float64Array.of(3, -4),
  nu: Float64Array.of(1, 2),
  unexplained: Float64Array.of(0.2, 0.4),
  ...more,
});
const iteration = {
  iteration: 0,
  outcome: 'improved',
  sampledCost: 30,
  sampledCostError: 1,
  dropped: 2,
  stepMultiplier: 1.3,
} as const;

test('costs and improvements are means over the T + 1 points of a rollout', () => {
  const groups = [group('weight'), group('bias', { predictedAfter: 9 })];
  const metrics = searchMetrics(
    {
      kind: 'search',
      iteration: {
        ...iteration,
        acceptance: { before: 24, after: 18, fraction: 0.4 },
        policyCost: 21,
        groups,
      },
    },
    2,
  );
  expect(metrics).toMatchObject({
    sampled: 10,
    controller: 6,
    policy: 7,
    improvement: 2,
    predictedImprovement: 1,
    acceptedFraction: 0.4,
    stepMultiplier: 1.3,
    dropped: 2,
  });
});

test('a group has its own numbers: λ as its root mean square over time, ν and the unexplained variance as their means, η where the search found one', () => {
  const outcome = { kind: 'converged', eta: 0.02, kl: 3.1, evaluations: [] } as const;
  const metrics = searchMetrics(
    { kind: 'search', iteration: { ...iteration, groups: [group('weight', { outcome }), group('bias')] } },
    2,
  );
  expect(metrics).toMatchObject({
    'weight/kl': 3,
    'weight/epsilon': 4,
    'weight/entropy': -5,
    'weight/nu': 1.5,
    'weight/unexplained': expect.closeTo(0.3, 12),
    'weight/eta': 0.02,
  });
  expect(metrics['weight/lambda']).toBeCloseTo(Math.sqrt(12.5), 12);
  expect(metrics).not.toHaveProperty('bias/eta');
  // Without an acceptance test nothing is known of the controllers.
  for (const name of ['controller', 'acceptedFraction', 'improvement', 'predictedImprovement'])
    expect(metrics).not.toHaveProperty(name);
});

test('a round of distillation', () => {
  const record = {
    kind: 'distillation',
    round: 1,
    loss: { before: 0.5, after: 0.25 },
    policyCost: 6,
    controllerCost: 3,
    teacherCost: 9,
  } as const;
  expect(searchMetrics(record, 2)).toEqual({ policy: 2, controller: 1, teacher: 3, regressionLoss: 0.25 });
});
