import { UserError } from '@metadescent/core';
import {
  pretrained,
  readoutPoint,
  searchReadout,
  searchStateFromTensors,
  searchStateToTensors,
  writeTrainedRule,
  type LstmCandidate,
  type ReadoutSearchRecipe,
  type ReadoutSearchState,
} from '@metadescent/lstm-optimizer';
import { createProgress, openRun, taskMap, writeFileAtomic } from '@metadescent/runtime';
import { join } from 'node:path';
import type { Experiment, SearchTraining } from './experiments/experiment.js';
import { trainingKey, WEIGHTS_FILE, type MetaTrainingRunOptions } from './meta-training-run.js';
import { program } from './program.js';
import type { GenerationMetrics, ReadoutSearchConfig } from './readout-search-record.js';

/** Where and how a search runs. */
export type ReadoutSearchRunOptions = Omit<MetaTrainingRunOptions, 'recipe' | 'stacked' | 'target'>;

/** What a search found: the best validated point. */
export type FoundReadout = ReadoutSearchState['best'];

/**
 * Searches for the readout of an experiment's rule, from shipped weights, in a run folder: a checkpoint after
 * every generation, metrics in JSON lines and for TensorBoard, and the best weights with their provenance at
 * the end.
 *
 * @throws UserError if the folder is not a fresh one, or not this run's when resuming; the signal's reason
 *   after a checkpoint when it is aborted.
 */
export async function runReadoutSearch(
  experiment: Experiment,
  training: SearchTraining,
  options: ReadoutSearchRunOptions,
): Promise<FoundReadout> {
  const { preset, seed, directory, resume, engine, executor, signal } = options;
  const recipe: ReadoutSearchRecipe = training.search[preset];
  const start: LstmCandidate = { rule: experiment.rule, weights: pretrained(training.startsFrom).weights };
  const config: ReadoutSearchConfig = {
    kind: 'readout-search',
    experiment: experiment.name,
    preset,
    seed,
    problem: experiment.problem,
    rule: experiment.rule,
    startsFrom: training.startsFrom,
    recipe,
  };
  const run = openRun(directory, { config, resume, engine, ...program() });
  try {
    const began = performance.now();
    const from =
      run.checkpoint &&
      searchStateFromTensors(start.rule, {
        tensors: run.checkpoint.tensors,
        metadata: run.checkpoint.metadata ?? {},
      });
    const progress = createProgress({
      label: `readout search ${experiment.name}`,
      total: recipe.generations,
      initial: from?.round ?? 0,
      unit: 'generation',
    });
    let note: readonly string[] = [];
    const { best } = await searchReadout({
      start,
      recipe,
      key: trainingKey(experiment, seed),
      map: taskMap(executor),
      ...(from && { resume: from }),
      onGeneration({ generation, validation, ...metrics }, next) {
        if (validation)
          note = [`held out ${validation.final.toPrecision(4)}`, `best ${next.best.score.toPrecision(4)}`];
        const line: GenerationMetrics = {
          ...{ step: generation, ...metrics },
          ...(validation && { 'validation/final': validation.final, 'validation/mean': validation.mean }),
        };
        run.recordMetrics({ ...line });
        run.recordTiming({ generation, seconds: (performance.now() - began) / 1000 });
        run.saveCheckpoint({
          step: generation,
          ...searchStateToTensors(next),
          ...(validation && { score: validation.final }),
        });
        progress.update(generation, note);
        return signal?.aborted ? 'stop' : undefined;
      },
    });
    progress.finish(note);
    signal?.throwIfAborted();
    if (best.round < 0)
      throw new UserError(
        `no validation of ${experiment.name} gave finite objectives; make readoutDeviation and nominalDeviation of the recipe smaller`,
      );
    const found = readoutPoint(start, recipe, best.point);
    const bytes = writeTrainedRule(found.rule, found.weights, {
      config: JSON.stringify(config),
      engine,
      validation: JSON.stringify({
        score: best.score,
        generation: best.round,
        of: `mean final true objective over ${recipe.validationRollouts} held-out optimizees`,
      }),
    });
    writeFileAtomic(join(directory, WEIGHTS_FILE), bytes);
    run.finish({ status: 'finished' });
    return best;
  } finally {
    run.close();
  }
}
