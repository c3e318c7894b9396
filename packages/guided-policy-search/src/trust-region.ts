import { median } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { searchEta, type EtaOutcome } from './eta-search.js';
import { clampCovariances } from './linear-gaussian.js';
import { createLqgSolver, type ControllerEvaluation, type ControllerProblem } from './lqg.js';
import { total } from './statistics.js';

export interface TrustRegionOptions {
  /** ε: bound on Σ_t E[KL(ψ‖ψ')], in nats */
  readonly epsilon: number;
  /** Warm start of η. Default 1. */
  readonly eta?: number;
  /** Default 1e-8 */
  readonly minEta?: number;
  /** Default 1e16 */
  readonly maxEta?: number;
  /** Default 0.1 */
  readonly tolerance?: number;
  /** Default 50 */
  readonly maxEvaluations?: number;
  /** Smallest and largest variance along any direction, per step [T]; applied after the search. */
  readonly covarianceFloor?: ArrayLike<number>;
  readonly covarianceCap?: ArrayLike<number>;
}

/** The result of one KL-constrained update. */
export interface TrustRegionResult extends ControllerEvaluation {
  readonly outcome: EtaOutcome;
  /** The same expectations for ψ' under the same model: `Σ previous.cost − Σ cost` is the predicted improvement. */
  readonly previous: ControllerEvaluation;
}

/**
 * Solves the ψ-subproblem: LQG inside a search for the multiplier η of the KL constraint. Returns the best
 * feasible controller: where the search is infeasible, that is ψ' itself.
 */
export function improveController(
  engine: GpsEngine,
  problem: ControllerProblem,
  options: TrustRegionOptions,
): TrustRegionResult {
  const solver = createLqgSolver(engine, problem);
  let best: ControllerEvaluation | undefined;
  let bestEta = Infinity;
  const tolerance = options.tolerance ?? 0.1;
  const { nu } = problem.policy ?? {};
  const outcome = searchEta(
    (eta) => {
      const solved = solver.solve(eta);
      if ('failedAt' in solved) return Infinity;
      const evaluation = solver.evaluate(solved.controller);
      const kl = total(evaluation.kl);
      if (
        kl <= (1 + tolerance) * options.epsilon &&
        eta < bestEta &&
        Number.isFinite(total(evaluation.cost))
      ) {
        best = evaluation;
        bestEta = eta;
      }
      return kl;
    },
    {
      epsilon: options.epsilon,
      initial: options.eta ?? 1,
      min: options.minEta ?? 1e-8,
      max: options.maxEta ?? 1e16,
      ...(nu && { inactiveBelow: 1e-6 * median(nu) }),
      tolerance,
      maxEvaluations: options.maxEvaluations ?? 50,
    },
  );
  const previous = solver.evaluate(problem.previous);
  const found = best ?? previous;
  if (!options.covarianceFloor && !options.covarianceCap) return { ...found, outcome, previous };
  const T = problem.dynamics.horizon;
  const clamped = clampCovariances(
    found.controller,
    options.covarianceFloor ?? new Float64Array(T),
    options.covarianceCap ?? new Float64Array(T).fill(Infinity),
  );
  return { ...solver.evaluate(clamped), outcome, previous };
}
