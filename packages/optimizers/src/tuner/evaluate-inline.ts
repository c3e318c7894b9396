import {
  checkArgument,
  mean,
  rollout,
  type Key,
  type Optimizee,
  type OptimizeeFamily,
  type Optimizer,
} from '@metadescent/core';
import { createBaseline } from '../baseline-optimizers.js';
import type { EvaluateTrials, Trial } from './trial.js';

/**
 * What a run is judged by: `final`, the true objective f(θ_T); or `mean`, the mean of the mini-batch
 * objectives f̂(θ_1) … f̂(θ_T), which is what meta-training minimises, over T.
 */
export type TrialScore = 'final' | 'mean';

/** One of the runs on which candidates are compared. */
export interface TuningTask {
  readonly optimizee: Optimizee;
  /** Source of θ₀ and of the mini-batches. */
  readonly key: Key;
}

export interface TrialOptions {
  /** Steps per run; tune per horizon, the best settings for 100 steps are not those for 10. */
  readonly horizon: number;
  /** Default `final`. */
  readonly score?: TrialScore;
  /** Turns a trial's name and options into a rule. Default `createBaseline`. */
  readonly create?: (name: string, options: Trial['options']) => Optimizer;
}

/**
 * Task number `index` of a tuning run: an optimizee of the family with a start and a stream of mini-batches.
 * It depends on the key and the index alone, so any worker can make it, and every candidate meets the same
 * one.
 */
export function tuningTask(family: OptimizeeFamily, key: Key, index: number): TuningTask {
  const task = key.fold('tuning-task').fold(index);
  return { optimizee: family.sample(task.fold('optimizee')), key: task.fold('rollout') };
}

/** Runs one trial on its task and returns the score; +∞ if the run did not finish. */
export function runTrial(trial: Trial, task: TuningTask, options: TrialOptions): number {
  checkArgument(
    'runTrial',
    'the trial',
    trial,
    ['optimizer', 'options'],
    'pass { optimizer, options, taskIndex }',
  );
  checkArgument('runTrial', 'the task', task, ['optimizee', 'key'], 'pass what tuningTask returned');
  checkArgument('runTrial', 'the options', options, ['horizon'], 'pass { horizon: 100 }, say');
  const { horizon, score = 'final', create = createBaseline } = options;
  const optimizer = create(trial.optimizer, trial.options);
  const { outcome, objectives, parameters } = rollout(task.optimizee, optimizer, { horizon, key: task.key });
  if (outcome.kind !== 'finished') return Infinity;
  const value = score === 'final' ? task.optimizee.trueObjective(parameters) : mean(objectives.subarray(1));
  return Number.isFinite(value) ? value : Infinity;
}

/**
 * Runs trials one after another in this thread. Tasks are made once and kept: memory for `tasks` optimizees.
 *
 * @throws UserError if the setting is not whole; from the returned function, if a trial's options are refused
 *   by the rule.
 */
export function evaluateInline(
  setting: { family: OptimizeeFamily; key: Key } & TrialOptions,
): EvaluateTrials {
  const advice = 'pass { family: quadratics({ dimension: 10 }), key: createKey(1), horizon: 100 }, say';
  checkArgument('evaluateInline', 'the setting', setting, ['family', 'key', 'horizon'], advice);
  const { family, key } = setting;
  checkArgument('evaluateInline', 'the family', family, ['sample'], advice);
  checkArgument('evaluateInline', 'the key', key, ['fold'], advice);
  const tasks = new Map<number, TuningTask>();
  const taskOf = (index: number): TuningTask => {
    const task = tasks.get(index) ?? tuningTask(family, key, index);
    tasks.set(index, task);
    return task;
  };
  return async (trials) => trials.map((trial) => runTrial(trial, taskOf(trial.taskIndex), setting));
}
