import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';
import { lineSearchOptions, wolfeConstantsAreOrdered } from './line-search-options.js';
import {
  forgetPairs,
  quasiNewtonDirection,
  secantPairs,
  storedPairs,
  storePair,
  type SecantPairs,
} from './secant-pairs.js';
import { strongWolfeLineSearch } from './strong-wolfe-line-search.js';
import { dot, euclideanNorm, isDescent } from './vector-algebra.js';

/** The options of `lbfgs`. */
export const lbfgsOptionsSchema = z
  .strictObject({
    ...lineSearchOptions,
    /**
     * m, the number of secant pairs kept. 10: SciPy's default, within the 3 to 20 that Nocedal & Wright 2006,
     * §7.2, find satisfactory.
     */
    memory: z._default(z.int().check(z.minimum(1)), 10),
    /**
     * c₂ of the strong Wolfe conditions. 0.9: Nocedal & Wright 2006, §3.1, for quasi-Newton directions, whose
     * natural step is 1.
     */
    curvature: z._default(z.number().check(z.positive(), z.lt(1)), 0.9),
    /**
     * ε of the safeguard y·s > ε ‖y‖ ‖s‖. 1e-8 lies below the rounding of single precision, so a pair is
     * refused only if y·s is negative, or positive by rounding alone.
     */
    minimumCurvature: z._default(z.number().check(z.positive(), z.lt(1)), 1e-8),
  })
  .check(z.refine(...wolfeConstantsAreOrdered));
export type LbfgsOptions = z.input<typeof lbfgsOptionsSchema>;

export type LbfgsState = SecantPairs & {
  /** Evaluations that the line searches have used, besides the one per step that every rule gets [1] */
  evaluations: Uint32Array;
  /** Pairs that the safeguard refused [1] */
  skippedPairs: Uint32Array;
  /** Line searches that found no decrease and left θ where it was [1] */
  failures: Uint32Array;
};

/**
 * L-BFGS (Nocedal 1980; Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithms 7.4 and 7.5).
 *
 *     Δθ_t = −α_t H_t g_t,   α_t from a line search for the strong Wolfe conditions
 *     H_t: the BFGS updates with the last m pairs (s, y), starting from γI, γ = y·s / y·y of the newest pair
 *     s_t = θ_{t+1} − θ_t,   y_t = ∇f̂_t(θ_{t+1}) − ∇f̂_t(θ_t),   kept where y·s > ε ‖y‖ ‖s‖
 *
 * with g_t = ∇f̂_t(θ_t) the gradient on the step's mini-batch [n] and H_t the inverse Hessian estimate [n,
 * n], of which only the product H_t g_t is ever formed, by the two-loop recursion.
 *
 * Choices for noisy objectives: both gradients of a pair come from one mini-batch, that of the step (as in
 * the online L-BFGS of Schraudolph et al. 2007); the line search has computed ∇f̂_t(θ_{t+1}) already, so
 * there is no extra evaluation. The line search stays on that mini-batch too.
 *
 * The first α tried is 1, and min(1, 1 / ‖g‖) while there are no pairs. A zero gradient gives a zero step; so
 * does a failed line search, after which the pairs are dropped and the next direction is −g. The objective
 * never rises on the step's own mini-batch.
 *
 * Each step costs the evaluations of its line search on top of the one that every rule gets, usually one or
 * two (`state.evaluations` counts them), and 4mn multiplications. A step allocates a few arrays [n].
 *
 * @throws UserError if an option is out of its range, or not c₁ < c₂.
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer<LbfgsState> {
  const hyper = parseOptions('lbfgs', lbfgsOptionsSchema, options);
  const { memory } = hyper;
  return {
    name: 'lbfgs',
    init: ({ size }) => ({
      ...secantPairs(memory, size),
      evaluations: new Uint32Array(1),
      skippedPairs: new Uint32Array(1),
      failures: new Uint32Array(1),
    }),
    update({ parameters, gradient, objective, minibatch }, state, step) {
      if (dot(gradient, gradient) === 0) {
        step.fill(0);
        return;
      }
      // `step` holds the direction until the line search scales it.
      const direction = step;
      quasiNewtonDirection(gradient, state, direction);
      let slope = dot(gradient, direction);
      if (!isDescent(slope) && storedPairs(state) > 0) {
        forgetPairs(state);
        quasiNewtonDirection(gradient, state, direction);
        slope = dot(gradient, direction);
      }
      if (!isDescent(slope)) {
        step.fill(0);
        return;
      }
      const norm = euclideanNorm(direction);
      const found = strongWolfeLineSearch(
        {
          minibatch,
          parameters,
          objective,
          direction,
          slope,
          firstStepSize: storedPairs(state) > 0 ? 1 : Math.min(1, 1 / norm),
          maximumStepSize: (hyper.maximumStepNorm ?? Infinity) / norm,
        },
        hyper,
        step,
      );
      state.evaluations[0] = (state.evaluations[0] as number) + found.evaluations;
      if (found.kind === 'failed') {
        state.failures[0] = (state.failures[0] as number) + 1;
        forgetPairs(state);
        return;
      }
      const kept = storePair(state, parameters, step, gradient, found.gradient, hyper.minimumCurvature);
      if (!kept) state.skippedPairs[0] = (state.skippedPairs[0] as number) + 1;
    },
  };
}
