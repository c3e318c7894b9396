import {
  checkArgument,
  keyFromWords,
  metaLosses,
  type MetaLossName,
  type OptimizeeFamily,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import {
  runValidationTask,
  type SegmentResult,
  type SegmentTask,
  type UnrollCursor,
  type ValidationTask,
} from '@metadescent/meta-learning';
import { lstmLearnedOptimizer } from './learned-optimizer.js';
import { weightCount, type LstmRule } from './lstm-rule.js';
import { unrollSegment } from './meta-gradient.js';
import { randomlyScaled, type RandomScaling } from './random-scaling.js';

/** What a segment of the LSTM is told besides. */
export interface SegmentDetails {
  readonly loss: MetaLossName;
  readonly scaling: RandomScaling;
  /** See `sampleCoordinates`. */
  readonly coordinatesPerGroup: number;
}

/** One segment of one unroll, as plain data that can be sent to a worker. */
export type LstmSegmentTask = SegmentTask<UnrollCursor> & SegmentDetails;
/** `meanObjective` is per part where the family stacks several. */
export type LstmSegmentResult = SegmentResult<UnrollCursor> & { readonly cursor: UnrollCursor };

/** What the tasks of one meta-training run need on every worker. */
export interface MetaTrainingProblem {
  readonly rule: LstmRule;
  readonly engine: KernelEngine;
  /** Optimizees to train on. */
  readonly training: OptimizeeFamily;
  /** Disjoint from `training`: optimizees for validation. */
  readonly validation: OptimizeeFamily;
}

/** Runs one segment: a pure function of the task. */
export function runSegmentTask(problem: MetaTrainingProblem, task: LstmSegmentTask): LstmSegmentResult {
  const key = keyFromWords(task.key);
  const optimizee = randomlyScaled(
    problem.training.sample(key.fold('optimizee')),
    task.scaling,
    key.fold('scaling'),
  );
  const { gradient, meanObjective, outcome, cursor } = unrollSegment(
    problem.rule,
    task.point,
    optimizee,
    problem.engine,
    {
      length: task.length,
      horizon: task.horizon,
      loss: metaLosses[task.loss],
      key: key.fold('rollout'),
      coordinatesPerGroup: task.coordinatesPerGroup,
      ...(task.cursor && { cursor: task.cursor }),
    },
  );
  return { gradient, meanObjective: meanObjective / (problem.training.parts ?? 1), outcome, cursor };
}

/** The tasks of `metaTrainLstm` by their names: for `inlineTasks`, or as the exports of a module of workers. */
export function metaTrainingTasks(problem: MetaTrainingProblem) {
  const members = ['rule', 'engine', 'training', 'validation'];
  const advice = 'pass { rule, engine, training, validation }';
  checkArgument('metaTrainingTasks', 'the problem', problem, members, advice);
  const learned = lstmLearnedOptimizer(problem);
  const phi = new Float32Array(weightCount(problem.rule));
  return {
    segment: (task: LstmSegmentTask) => runSegmentTask(problem, task),
    validate: (task: ValidationTask) => runValidationTask({ ...problem, learned, phi }, task),
  };
}
