import { allFinite } from '@metadescent/core';
import * as z from 'zod/mini';
import type { Listener } from './say.js';

/** The options of the guard; no source but the reasons given. */
export const guardOptionsSchema = z.strictObject({
  /**
   * Half-width of the trust band, in units of the progress made (or of the first loss, where that is more): 0.5 lets the smoothed loss give back half of what was won
   * before the guard acts.
   */
  band: z._default(z.number().check(z.positive()), 0.5),
  /** Weight of the newest loss in the smoothed one. 0.1 averages over about ten mini-batches. */
  smoothing: z._default(z.number().check(z.positive(), z.maximum(1)), 0.1),
  /** Learning rate of the ADAM that takes over; 0.001 is the one of its paper. */
  fallbackLearningRate: z._default(z.number().check(z.positive()), 0.001),
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
}

/**
 * Watches the losses of a learned optimizer on a problem that its weights were not trained for. With s the smoothed loss, s* its minimum and s_0 its start, the trust band is
 *
 *     s_t − s* ≤ band · max(s_0 − s*, |s_0|)
 *
 * Outside of it, or where a loss, gradient or step is not finite, the parameters go back to those of s* and ADAM takes over for good.
 *
 * A rule that merely stands still stays inside the band and is left alone: a large first step can leave a network without live rectified units, and its loss then rests at that
 * of guessing, below where it began.
 */
export interface Guard {
  readonly memory: GuardMemory;
  /** Parameters at s*, by variable. */
  readonly kept: Map<string, Float32Array>;
  /** Whether ADAM is in charge. */
  readonly fallen: boolean;
  /**
   * Takes note of the loss at these parameters; false where trust has ended with it. Then, and after `reject`, the caller puts back `kept`.
   */
  accepts(iteration: number, loss: number, gradient: Float32Array, parameters: () => Iterable<readonly [string, Float32Array]>): boolean;
  /** The step itself is not finite. */
  reject(iteration: number): void;
}

export function createGuard(options: z.output<typeof guardOptionsSchema>, rule: string, horizon: number | undefined, say: Listener): Guard {
  const memory: GuardMemory = { first: NaN, smoothed: NaN, best: Infinity, fallen: false, warned: false };
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
    say(`step ${iteration}: the weights of ${rule} were trained for ${horizon} steps; beyond that they may slow down or diverge, and the guard watches`);
  };
  return {
    memory,
    kept,
    get fallen() {
      return memory.fallen;
    },
    accepts(iteration, loss, gradient, parameters) {
      warnPastHorizon(iteration);
      const broken = !Number.isFinite(loss) ? `the loss is ${loss}` : !allFinite(gradient) ? 'the gradient is not finite' : undefined;
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
      if (memory.smoothed <= limit) return true;
      fall(iteration, `the smoothed loss ${memory.smoothed.toPrecision(4)} left its trust band, which ends at ${limit.toPrecision(4)}`);
      return false;
    },
    reject(iteration) {
      fall(iteration, 'the step is not finite');
    },
  };
}
