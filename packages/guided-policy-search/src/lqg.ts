import type { GpsEngine, LqgKernel, LqgProblem } from '@metadescent/kernels/gps';
import type { LinearDynamics } from './dynamics.js';
import { precisions, type LinearGaussian, type Precisions } from './linear-gaussian.js';
import type { QuadraticCost } from './quadratic-cost.js';

/**
 * The ψ-subproblem of Bregman ADMM for one group (Li & Malik 2017, §3.4): minimise over ψ
 *
 *     Σ_t E[ c̃_t − λ_tᵀa_t ] + ν_t KL(ψ ‖ π̃)      subject to      Σ_t E[ KL(ψ ‖ ψ') ] ≤ ε
 *
 * All parts in the same units.
 */
export interface ControllerProblem {
  readonly dynamics: LinearDynamics;
  readonly cost: QuadraticCost;
  /** ψ': the centre of the trust region */
  readonly previous: LinearGaussian;
  /** π̃, the linear-Gaussian model of the policy, with ν ≥ 0 [T]; absent where the policy does not matter */
  readonly policy?: { readonly model: LinearGaussian; readonly nu: Float64Array };
  /** λ [T, U]; zero if absent */
  readonly lambda?: Float64Array;
  /** Weight of an entropy bonus added to ν_t + η, in cost units. Default 0. */
  readonly entropyBonus?: number;
}

/** A controller and what the model expects of it. */
export interface ControllerEvaluation {
  readonly controller: LinearGaussian;
  /** E[c̃_t] under the model [T + 1] */
  readonly cost: Float64Array;
  /** KL(ψ‖ψ') per step in nats, under the new state distribution, at least 0 [T] */
  readonly kl: Float64Array;
  /** KL(ψ‖π̃) per step in nats; zeros without a policy [T] */
  readonly policyKl: Float64Array;
  /** State means [T + 1, D] */
  readonly mean: Float64Array;
}

/** A loaded ψ-subproblem. */
export interface LqgSolver {
  /**
   * The minimiser of the Lagrangian for this η, or the time step where it has none (Q_aa not positive
   * definite, or not finite).
   */
  solve(eta: number): { readonly controller: LinearGaussian } | { readonly failedAt: number };
  /** Expectations of any controller under the model. */
  evaluate(controller: LinearGaussian): ControllerEvaluation;
}

/**
 * Loads a problem into the kernels.
 *
 * @throws RangeError if the covariance of ψ' or π̃ is not positive definite, or shapes differ.
 */
export function createLqgSolver(engine: GpsEngine, problem: ControllerProblem): LqgSolver {
  const { dynamics, cost, previous, policy, lambda } = problem;
  const { stateSize: D, actionSize: U, horizon: T } = dynamics;
  const previousPrecision = precisions(engine, previous);
  const policyPrecision = policy && precisions(engine, policy.model);
  const kernel: LqgKernel = engine.lqg({
    stateSize: D,
    actionSize: U,
    horizon: T,
    costRank: cost.state.kind === 'dense' ? 'dense' : cost.state.rank,
  });
  const hasAction = cost.action !== undefined || lambda?.some((x) => x !== 0);
  const action = {
    R: cost.action?.R ?? new Float64Array(T * U * U),
    N: cost.action?.N ?? new Float64Array(T * U * D),
    r: Float64Array.from({ length: T * U }, (_, i) => (cost.action?.r[i] ?? 0) - (lambda?.[i] ?? 0)),
  };
  const loaded: LqgProblem = {
    A: dynamics.A,
    B: dynamics.B,
    c: dynamics.c,
    F: dynamics.F,
    ...(dynamics.actionRows && { actionRows: dynamics.actionRows }),
    initialMean: dynamics.initialMean,
    initialCovariance: dynamics.initialCovariance,
    cost: cost.state,
    d: cost.d,
    h: cost.h,
    ...(hasAction && { action }),
    previous: { K: previous.K, k: previous.k, precision: previousPrecision.precision },
    ...(policy &&
      policyPrecision && {
        policy: {
          K: policy.model.K,
          k: policy.model.k,
          precision: policyPrecision.precision.map((x, i) => x * policy.nu[Math.floor(i / (U * U))]!),
        },
      }),
    entropyWeight: Float64Array.from(
      { length: T },
      (_, t) => (policy?.nu[t] ?? 0) + (problem.entropyBonus ?? 0),
    ),
  };
  kernel.load(loaded);
  return {
    solve(eta) {
      const controller = {
        stateSize: D,
        actionSize: U,
        horizon: T,
        K: new Float64Array(T * U * D),
        k: new Float64Array(T * U),
        G: new Float64Array(T * U * U),
      };
      const failedAt = kernel.backward(eta, controller);
      return failedAt >= 0 ? { failedAt } : { controller };
    },
    evaluate(controller) {
      const moments = {
        cost: new Float64Array(T + 1),
        previous: new Float64Array(T),
        policy: new Float64Array(T),
        mean: new Float64Array((T + 1) * D),
        finalCovariance: new Float64Array(D * D),
      };
      kernel.forward(controller, moments);
      const own = precisions(engine, controller);
      // The kernel's cost holds −λᵀE[a], which is no cost: take it out.
      for (let t = 0; lambda && hasAction && t < T; t++) {
        for (let u = 0; u < U; u++) {
          let a = controller.k[t * U + u]!;
          for (let i = 0; i < D; i++) a += controller.K[(t * U + u) * D + i]! * moments.mean[t * D + i]!;
          moments.cost[t]! += lambda[t * U + u]! * a;
        }
      }
      return {
        controller,
        cost: moments.cost,
        mean: moments.mean,
        kl: klPerStep(U, own, previousPrecision, moments.previous),
        policyKl: policyPrecision
          ? klPerStep(
              U,
              own,
              policyPrecision,
              moments.policy.map((x, t) => x / policy.nu[t]!),
            )
          : new Float64Array(T),
      };
    },
  };
}

/**
 * KL(ψ ‖ ψ') per step for Gaussians: ½ ( q_t − U + ln|G'_t| − ln|G_t| ) with q_t = E[(a − K's − k')ᵀ G'⁻¹ (a
 * − K's − k')], clipped at 0 against rounding.
 */
function klPerStep(U: number, own: Precisions, other: Precisions, square: Float64Array): Float64Array {
  return square.map((q, t) => Math.max(0, 0.5 * (q - U + other.logDeterminant[t]! - own.logDeterminant[t]!)));
}
