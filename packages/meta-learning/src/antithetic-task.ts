import {
  checkArgument,
  keyFromWords,
  rollout,
  type KeyWords,
  type OptimizeeFamily,
  type OptimizerState,
} from '@metadescent/core';
import type { LearnedOptimizer } from './learned-optimizer.js';
import { runValidationTask, type ValidationProblem, type ValidationTask } from './validation.js';

/** Where one unroll stands. */
export interface UnrollCursor {
  /** Index of the next step. */
  readonly iteration: number;
  /** θ [n] */
  readonly parameters: Float32Array;
  readonly state: OptimizerState;
}

export interface PairCursor {
  readonly plus: UnrollCursor;
  readonly minus: UnrollCursor;
}

/** A segment of two unrolls, with φ + σε and φ − σε, as plain data that can be sent to a worker. */
export interface AntitheticTask {
  /** φ as one vector [n] */
  readonly point: Float32Array;
  readonly sigma: number;
  /** ε ~ N(0, I) is drawn from this key, here and where the results are combined. */
  readonly perturbation: KeyWords;
  /** Everything random about the unrolls: both have the same optimizee, θ_0 and mini-batches. */
  readonly key: KeyWords;
  readonly length: number;
  readonly horizon: number;
  readonly cursor?: PairCursor;
}

export interface AntitheticResult {
  /** Mean of the scored objective over the segment's end points; NaN where the unroll did not finish. */
  readonly plus: number;
  readonly minus: number;
  /** Where to go on; absent where one did not finish. */
  readonly cursor?: PairCursor;
}

/** What the tasks of one training need on every worker. */
export interface AntitheticProblem<Phi> {
  readonly learned: LearnedOptimizer<Phi>;
  /** φ with everything that is not learned. */
  readonly phi: Phi;
  readonly family: OptimizeeFamily;
  /** See `RolloutOptions.divergenceFactor`. Default: none. */
  readonly divergenceFactor?: number;
  /** Score ln f̂ in place of f̂, in which a percent counts the same early and late. Default false. */
  readonly logarithm?: boolean;
}

/** Runs one pair: a pure function of the task. */
export function runAntitheticTask<Phi>(
  problem: AntitheticProblem<Phi>,
  task: AntitheticTask,
): AntitheticResult {
  checkArgument(
    'runAntitheticTask',
    'the problem',
    problem,
    ['learned', 'phi', 'family'],
    'pass { learned, phi, family }',
  );
  const wanted = ['perturbation', 'point', 'sigma'];
  checkArgument('runAntitheticTask', 'the task', task, wanted, 'pass a task of evolutionStrategies');
  const epsilon = keyFromWords(task.perturbation).normal(task.point.length);
  const [plus, minus] = ([1, -1] as const).map((sign) => {
    const values = task.point.map((x, i) => x + sign * task.sigma * (epsilon[i] as number));
    return unroll(problem, task, values, sign > 0 ? task.cursor?.plus : task.cursor?.minus);
  }) as [Unrolled, Unrolled];
  const cursor = plus.cursor && minus.cursor ? { plus: plus.cursor, minus: minus.cursor } : undefined;
  return { plus: plus.score, minus: minus.score, ...(cursor && { cursor }) };
}

interface Unrolled {
  readonly score: number;
  readonly cursor?: UnrollCursor;
}

function unroll<Phi>(
  { learned, phi, family, divergenceFactor = Infinity, logarithm = false }: AntitheticProblem<Phi>,
  { key: words, length }: AntitheticTask,
  values: Float32Array,
  cursor: UnrollCursor | undefined,
): Unrolled {
  const key = keyFromWords(words);
  const first = cursor?.iteration ?? 0;
  const { outcome, objectives, parameters, state } = rollout(
    family.sample(key.fold('optimizee')),
    learned.optimizer(learned.withFlat(phi, values)),
    {
      horizon: length,
      key: key.fold('rollout'),
      firstIteration: first,
      divergenceFactor,
      ...(cursor && {
        initialParameters: cursor.parameters,
        state: Object.fromEntries(Object.entries(cursor.state).map(([name, array]) => [name, array.slice()])),
      }),
    },
  );
  if (outcome.kind !== 'finished') return { score: NaN };
  let sum = 0;
  for (let t = 1; t <= length; t++)
    sum += logarithm ? Math.log(objectives[t] as number) : (objectives[t] as number);
  return { score: sum / length, cursor: { iteration: first + length, parameters, state } };
}

/** The tasks of evolution strategies and of `heldOutScore`, by their names: for `inlineTasks`, or a module of workers. */
export function antitheticTasks<Phi>(problem: AntitheticProblem<Phi> & ValidationProblem<Phi>) {
  const advice = 'pass { learned, phi, family, validation }';
  checkArgument(
    'antitheticTasks',
    'the problem',
    problem,
    ['learned', 'phi', 'family', 'validation'],
    advice,
  );
  return {
    antithetic: (task: AntitheticTask) => runAntitheticTask(problem, task),
    validate: (task: ValidationTask) => runValidationTask(problem, task),
  };
}
