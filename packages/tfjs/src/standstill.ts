/** Count, mean and sum of squared deviations of numbers that were seen one after another. */
interface Moments {
  count: number;
  mean: number;
  squares: number;
}

/** What is known of the progress of a training; plain data, saved with a model. */
export interface Progress {
  /** f_0, the first loss; 0 before it. */
  first: number;
  /** Losses of the first half of the steps that are looked at. */
  early: Moments;
  /** Losses of the second half. */
  late: Moments;
  /** Mean ‖∇f‖₁ over the second half. */
  gradient: number;
}

/** A training of no steps. */
export function noProgress(): Progress {
  return { first: 0, early: noMoments(), late: noMoments(), gradient: 0 };
}

/** A part of the loss that nobody would call progress. */
const LITTLE = 0.05;
/** A part of the loss that is no progress even where the losses have no noise at all. */
const NOTHING = 0.01;

/**
 * Notes a loss, and tells whether the training stands still. That is asked after `patience` steps, and, as
 * long as it does not stand still, after 2, 4, 8, … times as many. With e and l the means of the losses of
 * the first and of the second half of all steps so far, s the standard error of e − l, σ the standard
 * deviation of a loss and f_0 the first one, it stands still where all of these hold:
 *
 *     e − l + 2 s ≤ 0.05 |e|                   it has surely not fallen by more than little,
 *     e − l ≤ max(2 s, 0.01 |e|)               and not visibly,
 *     f_0 − l ≤ 0.05 |e| + 2 σ                 nor right at the start,
 *     η · patience · mean ‖∇f‖₁ > 0.05 |e|     while steps of size η against the gradient could have made it fall
 *
 * so it depends neither on the scale of the loss nor, in the first three, on that of the parameters. Where
 * the noise is too large for the first of them, more steps are waited for. A training that has converged has
 * fallen from its start and does not stand still; one that begins where it cannot fall does, if its gradients
 * are large.
 *
 * @param absoluteGradient ‖∇f‖₁
 * @param learningRate η, of the rule that would take over
 */
export function standsStill(
  progress: Progress,
  loss: number,
  absoluteGradient: number,
  patience: number,
  learningRate: number,
): boolean {
  const { early, late } = progress;
  if (early.count === 0) progress.first = loss;
  if (2 * early.count < patience) {
    add(early, loss);
    return false;
  }
  add(late, loss);
  progress.gradient += (absoluteGradient - progress.gradient) / late.count;
  if (late.count < early.count) return false;

  const fall = early.mean - late.mean;
  const error = Math.sqrt(variance(early) / early.count + variance(late) / late.count);
  const little = LITTLE * Math.abs(early.mean);
  const all = merged(early, late);
  const still =
    fall + 2 * error <= little &&
    fall <= Math.max(2 * error, NOTHING * Math.abs(early.mean)) &&
    progress.first - late.mean <= little + 2 * Math.sqrt(variance(late)) &&
    learningRate * patience * progress.gradient > little;
  Object.assign(progress, { early: all, late: noMoments(), gradient: 0 });
  return still;
}

function noMoments(): Moments {
  return { count: 0, mean: 0, squares: 0 };
}

/** Welford's update. */
function add(moments: Moments, value: number): void {
  moments.count++;
  const before = value - moments.mean;
  moments.mean += before / moments.count;
  moments.squares += before * (value - moments.mean);
}

function merged(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const between = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (between * b.count) / count,
    squares: a.squares + b.squares + (between ** 2 * a.count * b.count) / count,
  };
}

function variance({ count, squares }: Moments): number {
  return count > 1 ? squares / (count - 1) : 0;
}
