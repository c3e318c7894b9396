import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';
import { lineSearchOptions, wolfeConstantsAreOrdered } from './line-search-options.js';
import { strongWolfeLineSearch } from './strong-wolfe-line-search.js';
import { dot, euclideanNorm, isDescent } from './vector-algebra.js';

/** The options of `nonlinearConjugateGradient`. */
export const nonlinearConjugateGradientOptionsSchema = z
  .strictObject({
    ...lineSearchOptions,
    /**
     * c₂ of the strong Wolfe conditions. 0.1: Nocedal & Wright 2006, §3.1, for conjugate gradients, which
     * need a good line minimum.
     */
    curvature: z._default(z.number().check(z.positive(), z.lt(1)), 0.1),
  })
  .check(z.refine(...wolfeConstantsAreOrdered));
export type NonlinearConjugateGradientOptions = z.input<typeof nonlinearConjugateGradientOptionsSchema>;

export type NonlinearConjugateGradientState = {
  /** d_{t−1} [n] */
  direction: Float32Array;
  /** β_t, for the coming step [1] */
  beta: Float64Array;
  /** α_{t−1}; 0 where there is none [1] */
  stepSize: Float64Array;
  /** g_{t−1}·d_{t−1} [1] */
  slope: Float64Array;
  /** ‖Δθ‖₂ of the last step that moved θ; 0 where nothing is known of it [1] */
  stepNorm: Float64Array;
  /** Evaluations that the line searches have used, besides the one per step that every rule gets [1] */
  evaluations: Uint32Array;
  /** How often −g + βd was no direction of descent and −g was taken instead [1] */
  restarts: Uint32Array;
  /** Line searches that found no decrease and left θ where it was [1] */
  failures: Uint32Array;
};

/**
 * Nonlinear conjugate gradients, Polak–Ribière+ (Polak & Ribière 1969; Gilbert & Nocedal 1992; Nocedal &
 * Wright 2006, §5.2).
 *
 *     d_t = −g_t + β_t d_{t−1};   d_t = −g_t where that is no direction of descent
 *     Δθ_t = α_t d_t,   α_t from a line search for the strong Wolfe conditions
 *     β_{t+1} = max(0, g⁺_t·(g⁺_t − g_t) / g_t·g_t),   β_0 = 0
 *
 * with g_t = ∇f̂_t(θ_t) the gradient on the step's mini-batch [n], g⁺_t = ∇f̂_t(θ_t + Δθ_t) the gradient on
 * the *same* mini-batch at the accepted point [n], and d_t the direction [n].
 *
 * Choices for noisy objectives: the line search stays on the step's own mini-batch. So does β: its two
 * gradients come from one mini-batch (the line search has computed both; there is no extra evaluation), so
 * that sampling noise does not pass for curvature. Textbooks take g_{t+1} for g⁺_t, which is the same thing
 * where all mini-batches are equal.
 *
 * The first α tried is min(1, 1 / ‖d‖) at the start and after a failed search, else it keeps the first-order
 * change of the step before, α_{t−1} (g_{t−1}·d_{t−1}) / (g_t·d_t) (Nocedal & Wright 2006, §3.5). Limits of
 * ours, where the book sets none: the first trial is between a tenth of the last step's length and ten times
 * that length, and no trial is longer than fifty times that length. A zero gradient gives a zero step; so
 * does a failed line search, after which the next direction is −g. The objective never rises on the step's
 * own mini-batch.
 *
 * Each step costs the evaluations of its line search on top of the one that every rule gets, usually one to
 * three: `state.evaluations` counts them. A step allocates a few arrays [n].
 *
 * @throws UserError if an option is out of its range, or not c₁ < c₂.
 */
export function nonlinearConjugateGradient(
  options: NonlinearConjugateGradientOptions = {},
): Optimizer<NonlinearConjugateGradientState> {
  const hyper = parseOptions('nonlinearConjugateGradient', nonlinearConjugateGradientOptionsSchema, options);
  return {
    name: 'conjugate-gradient',
    extraEvaluations: true,
    init: ({ size }) => ({
      direction: new Float32Array(size),
      beta: new Float64Array(1),
      stepSize: new Float64Array(1),
      slope: new Float64Array(1),
      stepNorm: new Float64Array(1),
      evaluations: new Uint32Array(1),
      restarts: new Uint32Array(1),
      failures: new Uint32Array(1),
    }),
    update({ parameters, gradient, objective, minibatch }, state, step) {
      const squared = dot(gradient, gradient);
      if (squared === 0) {
        step.fill(0);
        return;
      }
      const { direction } = state;
      let slope = conjugate(direction, gradient, state.beta[0] as number);
      if (!isDescent(slope) && state.beta[0] !== 0) {
        increment(state.restarts);
        slope = conjugate(direction, gradient, 0);
      }
      if (!isDescent(slope)) {
        forget(state);
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
          firstStepSize: firstStepSize(state, slope, norm),
          maximumStepSize: Math.min(hyper.maximumStepNorm ?? Infinity, longestStep(state)) / norm,
        },
        hyper,
        step,
      );
      state.evaluations[0] = (state.evaluations[0] as number) + found.evaluations;
      if (found.kind === 'failed') {
        increment(state.failures);
        forget(state);
        // Nothing within reach moves θ: the next search goes as far as it likes.
        if (found.evaluations === 0) state.stepNorm[0] = 0;
        return;
      }
      const change = dot(found.gradient, found.gradient) - dot(found.gradient, gradient);
      state.beta[0] = Math.max(0, change / squared);
      state.stepSize[0] = found.stepSize;
      state.slope[0] = slope;
      state.stepNorm[0] = found.stepSize * norm;
    },
  };
}

/** d ← −g + βd; returns g·d. */
function conjugate(direction: Float32Array, gradient: Float32Array, beta: number): number {
  const n = gradient.length;
  let slope = 0;
  for (let i = 0; i < n; i++) {
    const g = gradient[i] as number;
    // β = 0 drops the old direction even where it had overflowed.
    const d = Math.fround(beta === 0 ? -g : beta * (direction[i] as number) - g);
    direction[i] = d;
    slope += g * d;
  }
  return slope;
}

/** The next step is one of steepest descent. */
function forget(state: NonlinearConjugateGradientState): void {
  state.beta[0] = 0;
  state.stepSize[0] = 0;
  state.slope[0] = 0;
}

/**
 * The first α along d, with g·d = `slope` and ‖d‖₂ = `norm`: a quotient of two slopes may ask for a step 10⁵
 * times as long as the last one, where the gradient is mostly rounding, or for one of length 0, after a
 * mini-batch that was all but solved.
 */
function firstStepSize(state: NonlinearConjugateGradientState, slope: number, norm: number): number {
  const length = state.stepNorm[0] as number;
  const sameChange = ((state.stepSize[0] as number) * (state.slope[0] as number)) / slope;
  const wanted = state.stepSize[0] === 0 ? Math.min(1, 1 / norm) : sameChange;
  return length === 0 ? wanted : Math.min(Math.max(wanted, (0.1 * length) / norm), (10 * length) / norm);
}

/** The longest ‖Δθ‖₂ that a line search may try. */
function longestStep(state: NonlinearConjugateGradientState): number {
  return state.stepNorm[0] === 0 ? Infinity : 50 * (state.stepNorm[0] as number);
}

function increment(counter: Uint32Array): void {
  counter[0] = (counter[0] as number) + 1;
}
