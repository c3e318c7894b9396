import type { Minibatch } from '@metadescent/core';

/** Where a line search starts, and where it may go. */
export interface LineSearchStart {
  /** The step's own mini-batch: all values along the line come from it. */
  readonly minibatch: Minibatch;
  /** θ [n] */
  readonly parameters: Float32Array;
  /** f̂(θ) */
  readonly objective: number;
  /** d, a descent direction [n] */
  readonly direction: Float32Array;
  /** φ′(0) = ∇f̂(θ)·d < 0 */
  readonly slope: number;
  /** The first α to try. */
  readonly firstStepSize: number;
  /** The largest α allowed. */
  readonly maximumStepSize: number;
}

export interface StrongWolfeConditions {
  /** c₁ of the sufficient decrease φ(α) ≤ φ(0) + c₁ α φ′(0). */
  readonly sufficientDecrease: number;
  /**
   * c₂ of the curvature condition |φ′(α)| ≤ c₂ |φ′(0)|, c₁ < c₂ < 1; the smaller, the nearer to the minimum
   * along the line.
   */
  readonly curvature: number;
  /** Evaluations of the mini-batch objective with gradient after which the best point so far is taken. */
  readonly maximumEvaluations: number;
}

export type LineSearchResult =
  | {
      /**
       * `wolfe`: both conditions hold. `maximum`: the objective decreased sufficiently and still falls at the
       * largest α allowed. `decrease`: the evaluations ran out, or the bracket shrank below rounding, at a
       * point of sufficient decrease.
       */
      readonly kind: 'wolfe' | 'maximum' | 'decrease';
      /** α > 0 */
      readonly stepSize: number;
      /** φ(α) < φ(0), at exactly the point that θ + Δθ rounds to. */
      readonly objective: number;
      /** ∇f̂(θ + Δθ) [n] */
      readonly gradient: Float32Array;
      readonly evaluations: number;
    }
  /** No point of sufficient decrease was found: Δθ is zero. */
  | { readonly kind: 'failed'; readonly evaluations: number };

/** One point on the line; a value or gradient that is not finite makes φ = ∞. */
interface LinePoint {
  readonly stepSize: number;
  readonly objective: number;
  readonly slope: number;
}

/**
 * Line search for the strong Wolfe conditions along φ(α) = f̂(θ + αd) (Nocedal & Wright 2006, Algorithms 3.5
 * and 3.6, with the cubic interpolation of equation 3.59). Both of their algorithms keep one best point of
 * sufficient decrease, `low`, and, once it is known, a point `high` such that a good α lies between; so one
 * loop serves both.
 *
 * Choices where the book leaves them open: a trial outside [10 %, 90 %] of the bracket is moved to that
 * limit; before there is a bracket, α grows at most tenfold; next to a point that is not finite the bracket
 * shrinks tenfold towards `low`, so 20 evaluations reach across 10⁻²⁰.
 *
 * A first trial whose length the rounding of θ + αd changes by more than half is enlarged tenfold until it
 * does not, and so is one whose first-order change α φ′(0) is lost in the rounding of φ(0): the objective may
 * fall far beyond it.
 *
 * The trial points are rounded as `rollout` rounds: Δθ_i = fround(α d_i), θ_i ← fround(θ_i + Δθ_i). The
 * accepted point is thus the next iterate to the bit, and its objective is lower on this mini-batch by
 * evaluation, not by argument.
 *
 * @param step receives Δθ, zero if the search fails [n]; may be `direction` itself.
 */
export function strongWolfeLineSearch(
  start: LineSearchStart,
  conditions: StrongWolfeConditions,
  step: Float32Array,
): LineSearchResult {
  const { minibatch, parameters, direction, maximumStepSize } = start;
  const { sufficientDecrease, curvature, maximumEvaluations } = conditions;
  const n = parameters.length;
  const point = new Float32Array(n);
  let trialGradient = new Float32Array(n);
  let lowGradient = new Float32Array(n);
  const origin: LinePoint = { stepSize: 0, objective: start.objective, slope: start.slope };
  let low = origin;
  let beforeLow = origin;
  let high: LinePoint | undefined;
  let evaluations = 0;
  let kind: 'wolfe' | 'maximum' | 'decrease' = 'decrease';
  let stepSize = firstMove(start, point);

  while (evaluations < maximumEvaluations) {
    if (!moveAlong(parameters, direction, stepSize, point)) break;
    const trial = evaluateAt(minibatch, point, direction, stepSize, trialGradient);
    evaluations++;
    const decreased = trial.objective <= origin.objective + sufficientDecrease * stepSize * origin.slope;
    if (!decreased || trial.objective >= low.objective) {
      high = trial;
    } else {
      const towardsHigh = high === undefined ? 1 : high.stepSize - low.stepSize;
      if (trial.slope * towardsHigh >= 0) high = low;
      beforeLow = low;
      low = trial;
      [lowGradient, trialGradient] = [trialGradient, lowGradient];
      if (Math.abs(trial.slope) <= -curvature * origin.slope) {
        kind = 'wolfe';
        break;
      }
      if (high === undefined && stepSize >= maximumStepSize) {
        kind = 'maximum';
        break;
      }
    }
    stepSize = high === undefined ? extrapolate(beforeLow, low, maximumStepSize) : interpolate(low, high);
    if (stepSize === low.stepSize) break;
  }

  if (low === origin) {
    step.fill(0);
    return { kind: 'failed', evaluations };
  }
  for (let i = 0; i < n; i++) step[i] = low.stepSize * (direction[i] as number);
  return { kind, stepSize: low.stepSize, objective: low.objective, gradient: lowGradient, evaluations };
}

/**
 * The first α: the one asked for, ten times larger as long as rounding decides where it leads or hides what
 * it changes, and at most the largest α allowed.
 */
function firstMove(start: LineSearchStart, point: Float32Array): number {
  const { firstStepSize, maximumStepSize } = start;
  let stepSize = Math.min(firstStepSize, maximumStepSize);
  while (stepSize < maximumStepSize && isLostInRounding(start, stepSize, point)) {
    stepSize = Math.min(10 * stepSize, maximumStepSize);
  }
  return stepSize;
}

/**
 * Whether φ(0) + αφ′(0) rounds to φ(0), or θ + αd moves along d by less than half or more than one and a half
 * times α‖d‖. A coordinate at 0 moves by any α, so that some movement alone says little.
 */
function isLostInRounding(
  { parameters, objective, direction, slope }: LineSearchStart,
  stepSize: number,
  point: Float32Array,
): boolean {
  if (objective + stepSize * slope === objective) return true;
  moveAlong(parameters, direction, stepSize, point);
  let along = 0;
  let square = 0;
  for (let i = 0; i < point.length; i++) {
    const entry = direction[i] as number;
    along += entry * ((point[i] as number) - (parameters[i] as number));
    square += entry * entry;
  }
  const whole = stepSize * square;
  return Math.abs(along - whole) > 0.5 * whole;
}

/**
 * Writes θ + αd in the rounding of `rollout`; false if it is θ itself, every entry of αd being lost in the
 * rounding.
 */
function moveAlong(
  parameters: Float32Array,
  direction: Float32Array,
  stepSize: number,
  point: Float32Array,
): boolean {
  let moved = false;
  for (let i = 0; i < point.length; i++) {
    const from = parameters[i] as number;
    const to = Math.fround(from + Math.fround(stepSize * (direction[i] as number)));
    if (to !== from) moved = true;
    point[i] = to;
  }
  return moved;
}

function evaluateAt(
  minibatch: Minibatch,
  point: Float32Array,
  direction: Float32Array,
  stepSize: number,
  gradient: Float32Array,
): LinePoint {
  const objective = minibatch.evaluate(point, gradient);
  let slope = 0;
  for (let i = 0; i < gradient.length; i++) slope += (gradient[i] as number) * (direction[i] as number);
  if (!Number.isFinite(objective) || !Number.isFinite(slope))
    return { stepSize, objective: Infinity, slope: NaN };
  return { stepSize, objective, slope };
}

/**
 * The next α before there is a bracket: beyond `last`, by a tenth of the latest stride at least and to 10 α
 * at most.
 */
function extrapolate(previous: LinePoint, last: LinePoint, maximumStepSize: number): number {
  const least = last.stepSize + 0.1 * (last.stepSize - previous.stepSize);
  const most = 10 * last.stepSize;
  const minimum = cubicMinimum(previous, last);
  // Where the cubic has no minimum ahead (the slope does not rise), the objective falls as far as it can tell.
  const wanted = minimum > last.stepSize ? Math.min(Math.max(minimum, least), most) : most;
  return Math.min(wanted, maximumStepSize);
}

/** The next α within the bracket. */
function interpolate(low: LinePoint, high: LinePoint): number {
  const width = high.stepSize - low.stepSize;
  if (high.objective === Infinity) return low.stepSize + 0.1 * width;
  const minimum = cubicMinimum(low, high);
  const fraction = Number.isNaN(minimum) ? 0.5 : (minimum - low.stepSize) / width;
  return low.stepSize + Math.min(Math.max(fraction, 0.1), 0.9) * width;
}

/**
 * The minimum of the cubic through two points with their slopes (Nocedal & Wright 2006, equation 3.59); NaN
 * if it has none.
 */
function cubicMinimum(a: LinePoint, b: LinePoint): number {
  const d1 = a.slope + b.slope - (3 * (a.objective - b.objective)) / (a.stepSize - b.stepSize);
  const d2 = Math.sign(b.stepSize - a.stepSize) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  const minimum =
    b.stepSize - ((b.stepSize - a.stepSize) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  return Number.isFinite(minimum) ? minimum : NaN;
}
