import {
  checkArgument,
  keyFromWords,
  mean,
  rollout,
  type Key,
  type KeyWords,
  type OptimizeeFamily,
  type Outcome,
} from '@metadescent/core';
import type { LearnedOptimizer } from './learned-optimizer.js';
import type { TaskMap } from './task-map.js';

/** One held-out rollout of the optimizer at a point, as plain data that can be sent to a worker. */
export interface ValidationTask {
  /** φ as one vector [n] */
  readonly point: Float32Array;
  /** `fold('optimizee')` draws the optimizee, `fold('rollout')` is the rollout's. */
  readonly key: KeyWords;
  readonly horizon: number;
  /** Also evaluate the true objective at every step, not at the end alone. */
  readonly everyStep: boolean;
}

export interface ValidationResult {
  readonly outcome: Outcome;
  /** f(θ_t) [T + 1], NaN where it was not asked for, or after an early end. */
  readonly trueObjectives: Float64Array;
}

/** What held-out rollouts need on every worker. */
export interface ValidationProblem<Phi> {
  readonly learned: LearnedOptimizer<Phi>;
  /** φ with everything that is not learned. */
  readonly phi: Phi;
  /** Optimizees that training does not see. */
  readonly validation: OptimizeeFamily;
}

/** Runs one held-out rollout: a pure function of the task. */
export function runValidationTask<Phi>(
  { learned, phi, validation }: ValidationProblem<Phi>,
  { point, key: words, horizon, everyStep }: ValidationTask,
): ValidationResult {
  const key = keyFromWords(words);
  const { outcome, trueObjectives } = rollout(
    validation.sample(key.fold('optimizee')),
    learned.optimizer(learned.withFlat(phi, point)),
    { horizon, key: key.fold('rollout'), trueObjectiveEvery: everyStep ? 1 : horizon },
  );
  return { outcome, trueObjectives };
}

/**
 * The keys of the validation rollouts of a training, the same at every validation: `fold('optimizee')` draws
 * the optimizee, `fold('rollout')` is the rollout's.
 */
export function validationKeys(key: Key, rollouts: number): Key[] {
  return key.fold('validation').split(rollouts);
}

export interface HeldOutOptions {
  /** Runs the tasks `validate` (see `runValidationTask`), here or over workers. */
  readonly map: TaskMap;
  /** Of the training: see `validationKeys`. */
  readonly key: Key;
  readonly rollouts: number;
  readonly horizon: number;
  /** What is compared: the true objective at the horizon, or its mean over all steps. Default `final`. */
  readonly of?: 'final' | 'mean';
}

/**
 * Scores points by held-out rollouts, for `validate` of `metaTrain`: the mean over the rollouts; Infinity
 * where one did not finish, so that such a point is never kept.
 */
export function heldOutScore(
  options: HeldOutOptions,
): (point: Float32Array) => Promise<{ readonly score: number; readonly failed: number }> {
  const advice = 'pass { map, key: createKey(1), rollouts: 10, horizon: 100 }';
  checkArgument('heldOutScore', 'the options', options, ['map', 'key', 'rollouts', 'horizon'], advice);
  const { map, key, rollouts, horizon, of = 'final' } = options;
  const keys = validationKeys(key, rollouts);
  return async (point) => {
    const results = await map<ValidationTask, ValidationResult>(
      'validate',
      keys.map(({ words }) => ({ point, key: words, horizon, everyStep: of === 'mean' })),
    );
    const scores = results.map(({ outcome, trueObjectives }) => {
      if (outcome.kind !== 'finished') return Infinity;
      return of === 'mean' ? mean(trueObjectives.subarray(1)) : (trueObjectives[horizon] as number);
    });
    return {
      score: mean(scores),
      failed: results.filter(({ outcome }) => outcome.kind !== 'finished').length,
    };
  };
}
