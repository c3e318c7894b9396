import {
  liMalikArchitectures,
  liMalikInputs,
  shareDataset,
  type LabelledDataset,
} from '@metadescent/optimizees';
import { findData, loadMnist } from '@metadescent/optimizees/node';
import { loadEngine } from '@metadescent/kernels/node';
import { createExecutor, workerCount } from '@metadescent/runtime';
import { announceEngine } from '../announce-engine.js';
import { checkDataFolder } from '../data.js';
import { checkOutputFolder } from '../output-folder.js';
import type { WorkOptions } from '../session.js';
import { loadDatasets } from './data-sets.js';
import { fingerprint } from './kept-file.js';
import { TRAINING_HORIZON, TUNING_STARTS } from './l2l-experiment.js';
import { recordOf } from './li-malik-record.js';
import { learnedEntrants, lineup } from './lineup.js';
import { raceArenas, type ArenaInput } from './race-arenas.js';
import type { LiMalikRecord } from './record-schema.js';
import { arenaName, arenaOf, trainingArena, type Arena, type LiMalikSetting } from './settings.js';
import type * as Tasks from './tasks.js';
import { datasetKey } from './tasks.js';
import { tuneBaselinesOnTraining } from './tuning.js';

export interface LiMalikOptions extends WorkOptions {
  readonly settings: readonly LiMalikSetting[];
  readonly seeds: number;
  readonly seed: number;
  /** Weights to use instead of the shipped ones, each `<optimizer>=<file>`. */
  readonly weights: readonly string[];
  /** Tuned settings and finished rollouts are kept here. */
  readonly directory: string;
  readonly command: string;
  readonly signal?: AbortSignal;
  readonly onMissing?: (message: string) => void;
  readonly onStage?: (note: string) => void;
  /** Told the work done and the work there is, in GFLOP, and which rollout ended. */
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/**
 * Tunes the hand-made optimizers on the training objective, then races all optimizers in these settings on
 * every data set that is there.
 */
export async function runLiMalik(options: LiMalikOptions): Promise<LiMalikRecord> {
  const { settings, seeds, seed, weights, directory, command, signal, onMissing, onStage, onProgress } =
    options;
  const learned = learnedEntrants(weights);
  checkDataFolder(options.data);
  checkOutputFolder(directory);
  const began = performance.now();
  const engine = announceEngine(loadEngine(options.engine));
  onStage?.('reading the data sets');
  const { loaded, missing } = loadDatasets(options.data);
  for (const { message } of missing) onMissing?.(message);

  const projected: Record<string, LabelledDataset> = {};
  const prints: Record<string, string> = {};
  const project = (
    name: string,
    data: LabelledDataset,
    architectures: Iterable<Arena['architecture']>,
  ): void => {
    for (const architecture of architectures) {
      const { inputs } = liMalikArchitectures[architecture];
      const dataset = shareDataset(liMalikInputs(data, inputs, engine));
      projected[datasetKey(name, inputs)] = dataset;
      prints[datasetKey(name, inputs)] = fingerprint(dataset);
    }
  };
  project(trainingArena.dataset, loadMnist(findData('mnist')).train, [trainingArena.architecture]);
  for (const { source, data } of loaded)
    project(source.id, data, new Set(settings.map(({ architecture }) => architecture)));

  const inputOf = (arena: Arena, classes: number): ArenaInput => ({
    arena,
    classes,
    data: prints[datasetKey(arena.dataset, liMalikArchitectures[arena.architecture].inputs)] as string,
  });
  const arenas = new Map([[arenaName(trainingArena), inputOf(trainingArena, 10)]]);
  for (const setting of settings) {
    for (const { source, data } of loaded) {
      const arena = arenaOf(setting, source.id);
      arenas.set(arenaName(arena), inputOf(arena, data.classes));
    }
  }

  const executor = createExecutor<typeof Tasks>({
    workers: workerCount(options.workers),
    module: new URL('./tasks.js', import.meta.url),
    setup: { engine: options.engine, datasets: projected } satisfies Tasks.TaskSetup,
  });
  try {
    const tuned = await tuneBaselinesOnTraining({
      executor,
      seed,
      horizon: TRAINING_HORIZON,
      starts: TUNING_STARTS,
      directory,
      ingredients: { data: (arenas.get(arenaName(trainingArena)) as ArenaInput).data, engine: engine.detail },
      ...(signal && { signal }),
      ...(onStage && { onStage }),
    });
    onStage?.('racing');
    const results = await raceArenas({
      executor,
      arenas: [...arenas.values()],
      entrants: lineup(tuned, learned),
      seed,
      seeds,
      engine: engine.detail,
      directory,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    return recordOf({
      facts: {
        seed,
        seeds,
        engine: engine.detail,
        wallTimeSeconds: (performance.now() - began) / 1000,
        command,
      },
      datasets: loaded.map(({ source: { id, inPaper }, title, data: { count, classes } }) => ({
        id,
        title,
        inPaper,
        examples: count,
        classes,
      })),
      missing,
      tuning: tuned.map(({ record }) => record),
      settings,
      results,
    });
  } finally {
    await executor.close();
  }
}
