import { createKey, UserError, type Key } from '@metadescent/core';
import {
  epochsOf,
  metaTrainLstm,
  stateFromTensors,
  stateToTensors,
  writeTrainedRule,
  type EpochRecord,
  type LstmTrainingState,
  type MetaTrainingRecipe,
} from '@metadescent/lstm-optimizer';
import { createProgress, openRun, taskMap, writeFileAtomic, type Executor } from '@metadescent/runtime';
import { join } from 'node:path';
import type { Experiment, PresetName } from './experiments/experiment.js';
import type { EpochMetrics, MetaTrainingConfig } from './meta-training-record.js';
import { program } from './program.js';
import type * as Tasks from './tasks.js';

export interface MetaTrainingRunOptions {
  readonly preset: PresetName;
  readonly recipe: MetaTrainingRecipe;
  /** Quadratics are trained on this many independent functions per unroll. */
  readonly stacked: number;
  readonly seed: number;
  readonly directory: string;
  readonly resume: boolean;
  readonly engine: string;
  readonly executor: Executor<typeof Tasks>;
  readonly signal?: AbortSignal;
  /**
   * Stop as soon as the best held-out score is at most this. Default: train all epochs, or until patience
   * runs out.
   */
  readonly target?: number;
}

/** The trained weights of a run, inside its folder. */
export const WEIGHTS_FILE = 'weights.safetensors';

/**
 * Meta-trains the LSTM optimizer of an experiment in a run folder: a checkpoint after every epoch, metrics in
 * JSON lines and for TensorBoard, and the best weights with their provenance at the end.
 *
 * @throws UserError if the folder is not a fresh one, or not this run's when resuming; the signal's reason
 *   after a checkpoint when it is aborted.
 */
export async function runMetaTraining(
  experiment: Experiment,
  options: MetaTrainingRunOptions,
): Promise<LstmTrainingState> {
  const {
    recipe,
    seed,
    directory,
    resume,
    engine,
    executor,
    signal,
    preset,
    stacked,
    target = -Infinity,
  } = options;
  const { rule } = experiment;
  const config: MetaTrainingConfig = {
    kind: 'meta-training',
    experiment: experiment.name,
    preset,
    seed,
    stacked,
    problem: experiment.problem,
    rule,
    recipe,
  };
  const run = openRun(directory, { config, resume, engine, ...program() });
  try {
    const start =
      run.checkpoint &&
      stateFromTensors(rule, {
        tensors: run.checkpoint.tensors,
        metadata: run.checkpoint.metadata ?? {},
      });
    const unrollsPerEpoch = recipe.batchesPerEpoch * recipe.batch;
    const progress = createProgress({
      label: `meta-training ${experiment.name}`,
      total: recipe.epochs * unrollsPerEpoch,
      initial: (start?.round ?? 0) * recipe.batch,
      unit: 'unroll',
    });
    let epoch = epochsOf(recipe, start?.round ?? 0);
    let note: readonly string[] = [];
    const began = performance.now();
    const state = await metaTrainLstm({
      rule,
      recipe,
      key: trainingKey(experiment, seed),
      map: taskMap(executor),
      ...(start && { resume: start }),
      onBatch: (done) => progress.update(epoch * unrollsPerEpoch + done * recipe.batch, note),
      onEpoch: (record, next) => {
        epoch = record.epoch + 1;
        note = [
          `training ${record.trainingObjective.toPrecision(3)}`,
          `held out ${record.validationScore.toPrecision(3)}`,
          `best ${record.bestScore.toPrecision(3)}`,
        ];
        run.recordMetrics(metricsOf(record));
        run.recordTiming({ epoch: record.epoch, seconds: (performance.now() - began) / 1000 });
        const { tensors, metadata } = stateToTensors(next);
        run.saveCheckpoint({ step: epoch, tensors, metadata, score: record.validationScore });
        return signal?.aborted || next.best.score <= target ? 'stop' : undefined;
      },
    });
    progress.finish(note);
    signal?.throwIfAborted();
    if (!Number.isFinite(state.best.score)) {
      throw new UserError(
        `no epoch of ${experiment.name} gave finite held-out objectives; lower the learning rate (now ${recipe.learningRate})`,
      );
    }
    const bytes = writeTrainedRule(rule, state.best.point, {
      config: JSON.stringify(config),
      engine,
      epochs: String(epochsOf(recipe, state.round)),
      validation: JSON.stringify({
        score: state.best.score,
        epoch: epochsOf(recipe, state.best.round) - 1,
        of: `mean ${recipe.validationScore} true objective over ${recipe.validationUnrolls} held-out optimizees`,
      }),
    });
    writeFileAtomic(join(directory, WEIGHTS_FILE), bytes);
    run.finish({ status: 'finished' });
    return state;
  } finally {
    run.close();
  }
}

/** The key of everything random in a training run. */
export function trainingKey(experiment: Experiment, seed: number): Key {
  return createKey(seed).fold(experiment.name);
}

function metricsOf({ epoch, ...record }: EpochRecord): EpochMetrics {
  return { step: epoch, ...record };
}
