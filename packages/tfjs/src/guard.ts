import { allFinite } from '@metadescent/core';
import * as z from 'zod/mini';
import { renameKeys } from './renamed-variables.js';
import type { Listener } from './say.js';
import { noProgress, standsStill, type Progress } from './standstill.js';

/** The options of the guard; no source but the reasons given. */
export const guardOptionsSchema = z.strictObject({
  /**
   * Half-width of the trust band, in units of the progress made (or of the first loss, where that is more):
   * 0.5 lets the smoothed loss give back half of what was won before the guard acts.
   */
  band: z._default(z.number().check(z.positive()), 0.5),
  /** Weight of the newest loss in the smoothed one. 0.1 averages over about ten mini-batches. */
  smoothing: z._default(z.number().check(z.positive(), z.maximum(1)), 0.1),
  /** Learning rate of the ADAM that takes over; 0.001 is the one of its paper. */
  fallbackLearningRate: z._default(z.number().check(z.positive()), 0.001),
  /**
   * What happens where the loss stands still at its first value, see `standsStill`: ADAM takes over, or one
   * line says so, or nothing.
   */
  standstill: z._default(z.enum(['fall-back', 'warn', 'ignore']), 'fall-back'),
  /**
   * Steps before a standstill is called one; even, because two halves are compared. 200: the mean of a half
   * has a tenth of the noise of one mini-batch.
   */
  patience: z._default(z.int().check(z.minimum(20), z.multipleOf(2)), 200),
});
export type GuardOptions = z.input<typeof guardOptionsSchema>;

/** What a guard knows, apart from the parameters it keeps; plain data, saved with a model. */
export interface GuardMemory {
  /** s_0, the first loss. */
  first: number;
  /** s_t = s_{t−1} + smoothing·(f_t − s_{t−1}) */
  smoothed: number;
  /** min s_t */
  best: number;
  /** Whether ADAM has taken over. */
  fallen: boolean;
  /** Whether the horizon was passed and said to be. */
  warned: boolean;
  /** What tells whether the training stands still; undefined once it was said to. */
  progress: Progress | undefined;
}

/**
 * Watches the losses of a learned optimizer on a problem that its weights were not trained for. With s the
 * smoothed loss, s* its minimum and s_0 its start, the trust band is
 *
 *     s_t − s* ≤ band · max(s_0 − s*, |s_0|)
 *
 * Outside of it, or where a loss, gradient or step is not finite, the parameters go back to those of s* and
 * ADAM takes over for good.
 *
 * So it does where the loss stands still at its first value, see `standsStill`, if `standstill` says so. A
 * loss that stands still at another value is left alone, because that is how a training looks that has
 * converged: also that of a network without live rectified units, which a large first step can leave, and
 * whose loss rests at that of guessing, below where it began.
 */
export interface Guard {
  readonly memory: GuardMemory;
  /** Parameters at s*, by variable. */
  readonly kept: Map<string, Float32Array>;
  /** Whether ADAM is in charge. */
  readonly fallen: boolean;
  /**
   * Takes note of the loss at these parameters; false where trust has ended with it. Then, and after
   * `reject`, the caller puts back `kept`.
   */
  accepts(
    iteration: number,
    loss: number,
    gradient: Float32Array,
    parameters: () => Iterable<readonly [string, Float32Array]>,
  ): boolean;
  /** The step itself is not finite. */
  reject(iteration: number): void;
  /** These variables are no more. */
  forget(names: readonly string[]): void;
  /** Variables that are called otherwise from now on (name → new name). */
  rename(names: ReadonlyMap<string, string>): void;
}

export function createGuard(
  options: z.output<typeof guardOptionsSchema>,
  rule: string,
  horizon: number | undefined,
  say: Listener,
): Guard {
  const memory: GuardMemory = {
    first: NaN,
    smoothed: NaN,
    best: Infinity,
    fallen: false,
    warned: false,
    progress: noProgress(),
  };
  const kept = new Map<string, Float32Array>();
  const fall = (iteration: number, why: string): void => {
    memory.fallen = true;
    say(
      `step ${iteration}: ${why}; went back to the parameters with the lowest smoothed loss (${memory.best.toPrecision(4)}), ` +
        `and ADAM (learning rate ${options.fallbackLearningRate}) goes on in place of ${rule}`,
    );
  };
  const warnPastHorizon = (iteration: number): void => {
    if (horizon === undefined || memory.warned || iteration < horizon) return;
    memory.warned = true;
    say(
      `step ${iteration}: the weights of ${rule} were trained for ${horizon} steps; beyond that they may slow down or diverge, and the guard watches`,
    );
  };
  const moves = (iteration: number, loss: number, gradient: Float32Array): boolean => {
    const { progress } = memory;
    if (options.standstill === 'ignore' || !progress) return true;
    const { first } = progress;
    if (!standsStill(progress, loss, absoluteSum(gradient), options.patience, options.fallbackLearningRate))
      return true;
    memory.progress = undefined;
    const standstill = `the loss stands still: it began at ${first.toPrecision(4)} and is ${memory.smoothed.toPrecision(4)} after ${iteration + 1} steps of ${rule}`;
    if (options.standstill === 'fall-back') fall(iteration, standstill);
    else
      say(
        `step ${iteration}: ${standstill}; try another rule, or let ADAM take over with { guard: { standstill: 'fall-back' } }`,
      );
    return options.standstill !== 'fall-back';
  };
  return {
    memory,
    kept,
    get fallen() {
      return memory.fallen;
    },
    accepts(iteration, loss, gradient, parameters) {
      warnPastHorizon(iteration);
      const broken = !Number.isFinite(loss)
        ? `the loss is ${loss}`
        : !allFinite(gradient)
          ? 'the gradient is not finite'
          : undefined;
      if (broken !== undefined) {
        fall(iteration, broken);
        return false;
      }
      if (Number.isNaN(memory.first)) memory.first = memory.smoothed = loss;
      else memory.smoothed += options.smoothing * (loss - memory.smoothed);
      if (memory.smoothed < memory.best) {
        memory.best = memory.smoothed;
        for (const [name, values] of parameters()) kept.set(name, values.slice());
      }
      const limit = memory.best + options.band * Math.max(memory.first - memory.best, Math.abs(memory.first));
      if (memory.smoothed <= limit) return moves(iteration, loss, gradient);
      fall(
        iteration,
        `the smoothed loss ${memory.smoothed.toPrecision(4)} left its trust band, which ends at ${limit.toPrecision(4)}`,
      );
      return false;
    },
    reject(iteration) {
      fall(iteration, 'the step is not finite');
    },
    forget(names) {
      const known = kept.size;
      for (const name of names) kept.delete(name);
      // What was known of the losses was known of other variables.
      if (known > 0 && kept.size === 0)
        Object.assign(memory, { first: NaN, smoothed: NaN, best: Infinity, progress: noProgress() });
    },
    rename: (names) => renameKeys(kept, names),
  };
}

function absoluteSum(values: Float32Array): number {
  return values.reduce((total, value) => total + Math.abs(value), 0);
}
