import { mean } from '@metadescent/core';
import type { IterationRecord } from '@metadescent/guided-policy-search';

/** What one iteration leaves in `metrics.jsonl`: the record with its sequences over time summarised. */
export interface IterationMetrics extends Omit<IterationRecord, 'groups' | 'policyCost'> {
  readonly groups: Readonly<Record<string, GroupMetrics>>;
}

export interface GroupMetrics {
  /** How the η search ended; absent where the iteration made no new controller. */
  readonly search?: 'converged' | 'inactive' | 'exhausted' | 'infeasible';
  readonly evaluations?: number;
  readonly eta?: number;
  /** Σ_t KL(ψ‖centre) where the η search ended, nats. */
  readonly searchKl?: number;
  /** The same after the exploration was put within its bounds. */
  readonly kl: number;
  /** The bound of the search. */
  readonly epsilon: number;
  readonly predictedBefore: number;
  readonly predictedAfter: number;
  /** Share of the next state's variance that the dynamics fit leaves, mean over time. */
  readonly unexplained?: number;
  /** Mean KL(ψ‖π) per step, nats. */
  readonly policyKl: number;
  readonly entropy: number;
  /** Root mean square of λ and mean of ν over time. */
  readonly lambda: number;
  readonly nu: number;
}

/** One record as metrics. */
export function iterationMetrics({ groups, ...record }: IterationRecord): IterationMetrics {
  return {
    ...record,
    groups: Object.fromEntries(
      groups.map(({ name, outcome, kl, epsilon, predictedBefore, predictedAfter, unexplained, policyKl, entropy, lambda, nu }): [string, GroupMetrics] => [
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
      ]),
    ),
  };
}
