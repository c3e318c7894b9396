import { mean } from '@metadescent/core';
import type { IterationRecord } from '@metadescent/guided-policy-search';
import type { GroupMetrics, IterationMetrics } from './control-record.js';

/** What one iteration leaves in `metrics.jsonl`; the policy's cost is measured otherwise there. */
export function iterationMetrics({ groups, policyCost: _, ...record }: IterationRecord): IterationMetrics {
  return {
    ...record,
    groups: Object.fromEntries(
      groups.map(
        ({
          name,
          outcome,
          kl,
          epsilon,
          predictedBefore,
          predictedAfter,
          unexplained,
          policyKl,
          entropy,
          lambda,
          nu,
        }): [string, GroupMetrics] => [
          name,
          {
            ...(outcome && { search: outcome.kind, evaluations: outcome.evaluations.length }),
            ...(outcome && 'eta' in outcome && { eta: outcome.eta, searchKl: outcome.kl }),
            kl,
            epsilon,
            predictedBefore,
            predictedAfter,
            ...(unexplained && { unexplained: mean(unexplained) }),
            policyKl: mean(policyKl),
            entropy,
            lambda: Math.sqrt(mean(lambda.map((x) => x * x))),
            nu: mean(nu),
          },
        ],
      ),
    ),
  };
}
