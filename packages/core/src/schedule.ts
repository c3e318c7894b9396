import { checkArgument } from './check-argument.js';
import { UserError } from './user-error.js';

/** A factor of the step (or of a learning rate) at step t, from 0. */
export type Schedule = (t: number) => number;

/** Schedules as plain data. Steps are counted from 0; after `steps` a schedule keeps its last value. */
export type ScheduleSpecification =
  /** 1 */
  | { readonly kind: 'constant'; readonly warmUp?: number }
  /** From 1 to `to` (default 0) in a straight line over `steps`. */
  | { readonly kind: 'linear'; readonly steps: number; readonly to?: number; readonly warmUp?: number }
  /**
   * From 1 to `to` (default 0) along half a cosine over `steps` (Loshchilov & Hutter 2017, SGDR, equation 5,
   * without restarts).
   */
  | { readonly kind: 'cosine'; readonly steps: number; readonly to?: number; readonly warmUp?: number }
  /** From 1 to `to` over `steps` by the same factor at each step. */
  | { readonly kind: 'geometric'; readonly steps: number; readonly to: number; readonly warmUp?: number }
  /** 1/√(1 + t/τ), as rates of stochastic approximation fall. */
  | { readonly kind: 'inverse-square-root'; readonly tau: number; readonly warmUp?: number };

/**
 * The schedule that a specification describes. With a `warmUp` of k steps the factor is further multiplied by
 * min(1, (t + 1)/(k + 1)).
 *
 * A schedule over `steps` has its first value at t = 0 and its last at t = steps − 1, so that a rollout of
 * that many steps sees both ends.
 *
 * @throws UserError if a number is out of range.
 * @example
 * [0, 2, 4, 9].map(schedule({ kind: 'linear', steps: 5 })) // => [1, 0.5, 0, 0]
 */
export function schedule(specification: ScheduleSpecification): Schedule {
  checkArgument('schedule', 'the schedule', specification, ['kind'], "pass { kind: 'constant' }, say");
  const { warmUp = 0 } = specification;
  check(Number.isInteger(warmUp) && warmUp >= 0, 'warmUp must be a whole number from 0', warmUp);
  const after = afterWarmUp(specification);
  return (t) => after(t) * Math.min(1, (t + 1) / (warmUp + 1));
}

function afterWarmUp(specification: ScheduleSpecification): Schedule {
  switch (specification.kind) {
    case 'constant':
      return () => 1;
    case 'inverse-square-root': {
      const { tau } = specification;
      check(tau > 0 && Number.isFinite(tau), 'tau must be a positive number', tau);
      return (t) => 1 / Math.sqrt(1 + t / tau);
    }
    case 'linear': {
      const { to = 0 } = specification;
      return overSteps(specification.steps, to, (p) => 1 + (to - 1) * p);
    }
    case 'cosine': {
      const { to = 0 } = specification;
      return overSteps(specification.steps, to, (p) => to + (1 - to) * 0.5 * (1 + Math.cos(Math.PI * p)));
    }
    case 'geometric': {
      const { to } = specification;
      check(to > 0, 'to must be positive for a geometric schedule', to);
      return overSteps(specification.steps, to, (p) => to ** p);
    }
    default:
      throw new UserError(
        `schedule: there is no kind ${JSON.stringify((specification as { kind?: unknown }).kind)}; choose constant, linear, cosine, geometric or inverse-square-root`,
      );
  }
}

/** `value` of the progress p = t/(steps − 1) ∈ [0, 1]. */
function overSteps(steps: number, to: number, value: (progress: number) => number): Schedule {
  check(Number.isInteger(steps) && steps >= 1, 'steps must be a whole number from 1', steps);
  check(to >= 0 && Number.isFinite(to), 'to must be a number from 0', to);
  return (t) => value(steps === 1 ? 0 : Math.min(1, t / (steps - 1)));
}

function check(holds: boolean, rule: string, value: unknown): void {
  if (!holds) throw new UserError(`schedule: ${rule}, but is ${String(value)}`);
}
