import * as z from 'zod/mini';

/** What the schemas of the rules with a line search share; each adds its own `curvature`, c₂. */
export const lineSearchOptions = {
  /**
   * r: no step is longer, ‖Δθ‖₂ ≤ r. Default: no limit. A mini-batch's own line minimum can lie far from the
   * true objective's: with noisy gradients this is the option to tune.
   */
  maximumStepNorm: z.optional(z.number().check(z.positive())),
  /** c₁ of the strong Wolfe conditions. 1e-4: Nocedal & Wright 2006, §3.1. */
  sufficientDecrease: z._default(z.number().check(z.positive(), z.lt(0.5)), 1e-4),
  /**
   * Evaluations (objective with gradient) that one line search may use. 20: the limit of L-BFGS-B (Zhu et al.
   * 1997).
   */
  maximumEvaluations: z._default(z.int().check(z.minimum(1)), 20),
};

/** c₁ < c₂: otherwise a line may have no point that satisfies both conditions. */
export const wolfeConstantsAreOrdered = [
  (options: { sufficientDecrease: number; curvature: number }): boolean =>
    options.sufficientDecrease < options.curvature,
  {
    message: 'curvature (c₂) must be greater than sufficientDecrease (c₁)',
    path: ['curvature'] as PropertyKey[],
  },
] as const;
