import { createKey, UserError, type Key } from '@metadescent/core';
import { loadEngine } from '@metadescent/kernels/node';
import {
  bestWeights,
  fineTune,
  fineTuningStateFromTensors,
  fineTuningStateToTensors,
  metaTrainPredictedStepDescent,
  pretrained,
  trainingStateFromTensors,
  trainingStateToTensors,
  withNominalStep,
  writeWeights,
  type PsdWeights,
} from '@metadescent/predicted-step-descent';
import {
  createExecutor,
  createProgress,
  openRun,
  writeFileAtomic,
  type Executor,
  type Run,
  taskMap,
} from '@metadescent/runtime';
import type { LabelledDataset } from '@metadescent/optimizees';
import { join } from 'node:path';
import { announceEngine } from '../announce-engine.js';
import type { PresetName } from '../experiments/experiment.js';
import { program } from '../program.js';
import type { FineTuningPreset, PsdExperiment, SearchPreset } from './psd-experiments.js';
import type { FineTuningConfig, SearchConfig } from './psd-record.js';
import { searchMetrics } from './search-metrics.js';
import type * as Tasks from './tasks.js';
import { gpsEngineFor } from './tasks.js';
import { objectiveDataset, objectiveFamily, type TrainingObjective } from './training-objectives.js';

export interface PsdRunOptions {
  readonly preset: PresetName;
  readonly seed: number;
  readonly directory: string;
  readonly resume: boolean;
  readonly workers: number;
  readonly engine: 'auto' | 'native' | 'wasm' | 'typescript';
  /** The training images of MNIST. */
  readonly mnist: LabelledDataset;
  /** What fine-tuning starts from. Default: the shipped `psd`. */
  readonly start?: PsdWeights;
  readonly signal?: AbortSignal;
}

/** The trained weights of a run, inside its folder. */
export const PSD_WEIGHTS_FILE = 'weights.safetensors';

/**
 * A training run of Predicted Step Descent in a run folder: a checkpoint after every iteration, metrics in
 * JSON lines and for TensorBoard, and the weights with their provenance at the end. All files but
 * `timing.jsonl`, `environment.json` and TensorBoard's are the same bytes for any number of workers, and with
 * or without interruptions.
 *
 * @throws UserError if the folder is not a fresh one, or not this run's when resuming; the signal's reason
 *   after a checkpoint when it is aborted.
 */
export async function runPsd(experiment: PsdExperiment, options: PsdRunOptions): Promise<PsdWeights> {
  const { preset: presetName, seed, directory, resume, engine: engineName, signal } = options;
  const preset = experiment.presets[presetName];
  const engine = announceEngine(loadEngine(engineName));
  const config: SearchConfig | FineTuningConfig = {
    experiment: experiment.name,
    preset: presetName,
    seed,
    ...preset,
  };
  const run = openRun(directory, {
    config,
    resume,
    engine: engine.detail,
    ...program(),
  });
  const began = performance.now();
  try {
    const key = createKey(seed).fold(experiment.name);
    const dataOf = (objective: TrainingObjective) => ({
      objective,
      dataset: objectiveDataset(options.mnist, objective, engine),
    });
    const training = (preset.kind === 'search' ? [preset.objective] : preset.training).map(dataOf);
    const validation = (preset.kind === 'search' ? [] : preset.validation).map(dataOf);
    const setup: Tasks.TaskSetup = {
      engine: engineName,
      training,
      validation,
      hidden: preset.kind === 'search' ? preset.recipe.hidden : 1,
    };
    const executor = createExecutor<typeof Tasks>({
      workers: options.workers,
      module: new URL('./tasks.js', import.meta.url),
      setup,
    });
    try {
      const work = { run, executor, key, began, title: experiment.name, signal };
      const trained =
        preset.kind === 'search'
          ? await search(preset, {
              ...work,
              engine,
              gpsEngine: gpsEngineFor(engineName),
              layout: objectiveFamily(training[0]!.dataset, preset.objective, engine).layout,
            })
          : await fineTuning(preset, { ...work, start: options.start ?? pretrained('psd').weights });
      signal?.throwIfAborted();
      const provenance = {
        config: JSON.stringify(config),
        seed: String(seed),
        engine: engine.detail,
        results: JSON.stringify(trained.results),
      };
      writeFileAtomic(join(directory, PSD_WEIGHTS_FILE), writeWeights(trained.weights, provenance));
      run.finish({ status: 'finished' });
      return trained.weights;
    } finally {
      await executor.close();
    }
  } finally {
    run.close();
  }
}

interface Work {
  readonly run: Run;
  readonly executor: Executor<typeof Tasks>;
  readonly key: Key;
  readonly began: number;
  readonly title: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * What the newest checkpoint says of its weights: a run that was killed after its last record has no other
 * one to tell it.
 */
function resultsOf({ checkpoint }: Run): unknown {
  return (checkpoint?.state as { readonly results?: unknown } | undefined)?.results ?? {};
}

interface Trained {
  readonly weights: PsdWeights;
  readonly results: unknown;
}

async function search(
  { recipe }: SearchPreset,
  {
    run,
    executor,
    key,
    began,
    title,
    signal,
    ...where
  }: Work & Pick<Parameters<typeof metaTrainPredictedStepDescent>[0], 'engine' | 'gpsEngine' | 'layout'>,
): Promise<Trained> {
  const total = recipe.iterations + recipe.distillationRounds;
  const resume =
    run.checkpoint &&
    trainingStateFromTensors({ tensors: run.checkpoint.tensors, metadata: run.checkpoint.metadata ?? {} });
  let step = run.checkpoint?.step ?? 0;
  const progress = createProgress({ label: title, total, initial: step, unit: 'iteration' });
  let results = resultsOf(run);
  const { weights } = await metaTrainPredictedStepDescent({
    ...where,
    recipe,
    key,
    executor: {
      trajectories: (tasks) => executor.map('trajectory', tasks),
      policyFits: (tasks) => executor.map('policyFit', tasks),
      groupTasks: (tasks) => executor.map('groupTask', tasks),
    },
    ...(resume && { resume }),
    onRecord(record, state) {
      step++;
      const metrics = searchMetrics(record, recipe.horizon);
      results = metrics;
      run.recordMetrics({ step, ...metrics });
      run.recordTiming({ step, seconds: (performance.now() - began) / 1000 });
      const { tensors, metadata } = trainingStateToTensors(state);
      run.saveCheckpoint({ step, tensors, metadata, state: { results } });
      progress.update(
        step,
        Object.entries(metrics)
          .slice(0, 2)
          .map(([name, value]) => `${name} ${value.toPrecision(4)}`),
      );
      return signal?.aborted ? 'stop' : undefined;
    },
  });
  progress.finish();
  signal?.throwIfAborted();
  if (!weights)
    throw new UserError(`${title} ended without a policy; give it at least one round of distillation`);
  return { weights, results };
}

async function fineTuning(
  { recipe, training, validation, start: nominal }: FineTuningPreset,
  { run, executor, key, began, title, signal, start }: Work & { readonly start: PsdWeights },
): Promise<Trained> {
  const from = withNominalStep(start, nominal);
  const resume =
    run.checkpoint &&
    fineTuningStateFromTensors(from, {
      tensors: run.checkpoint.tensors,
      metadata: run.checkpoint.metadata ?? {},
    });
  const progress = createProgress({
    label: title,
    total: recipe.steps,
    initial: resume?.round ?? 0,
    unit: 'meta-update',
  });
  let note: readonly string[] = [];
  let results = resultsOf(run);
  const state = await fineTune({
    recipe,
    key,
    start: from,
    ...(resume && { resume }),
    objectives: { training: training.length, validation: validation.length },
    map: taskMap(executor),
    onStep: (done) => progress.update(done, note),
    onRecord(record, next) {
      results = { score: record.bestScore, validation: record.validation };
      note = [`score ${record.score.toPrecision(4)}`, `best ${record.bestScore.toPrecision(4)}`];
      const { step, validation: measured, ...metrics } = record;
      const perObjective = Object.fromEntries(
        measured.flatMap(({ mean, final }, o) => [
          [`objective ${o}/mean`, mean],
          [`objective ${o}/final`, final],
        ]),
      );
      // A run's steps count from 1; the first record is from before any update.
      run.recordMetrics({ step: step + 1, ...metrics, ...perObjective });
      run.recordTiming({ step: step + 1, seconds: (performance.now() - began) / 1000 });
      const { tensors, metadata } = fineTuningStateToTensors(next);
      run.saveCheckpoint({ step: step + 1, tensors, metadata, score: record.score, state: { results } });
      return signal?.aborted ? 'stop' : undefined;
    },
  });
  progress.finish(note);
  return { weights: bestWeights(from, state), results };
}
