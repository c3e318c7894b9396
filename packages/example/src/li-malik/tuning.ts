import { createKey } from '@metadescent/core';
import { entrantNamed, tuneEntrant } from '@metadescent/evaluation';
import { baselineOptimizers, describeTuningOutcome, type BaselineName } from '@metadescent/optimizers';
import { tuningRecordSchema } from '@metadescent/reporting';
import { taskMap, type Executor } from '@metadescent/runtime';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { knownOptimizers } from '../known-optimizers.js';
import type { Recorded } from '../record-file.js';

import { keptFile } from './kept-file.js';
import { trainingArena, type Arena } from './settings.js';
import type * as Tasks from './tasks.js';

/** The seven hand-made optimizers of Li & Malik 2017, §4. */
export const comparedBaselines: readonly BaselineName[] = [
  'sgd',
  'momentum',
  'conjugate-gradient',
  'lbfgs',
  'adam',
  'adagrad',
  'rmsprop',
];

const tunedBaselineSchema = z.strictObject({
  optimizer: z.enum(comparedBaselines),
  /** Absent if it diverged with every setting. */
  options: z.optional(z.record(z.string(), z.number())),
  /** Everything that was tried. */
  record: tuningRecordSchema,
});

/** A baseline with the settings that are best on the training objective. */
export type TunedBaseline = Recorded<typeof tunedBaselineSchema>;

export interface TuneOptions {
  readonly executor: Executor<typeof Tasks>;
  readonly seed: number;
  readonly horizon: number;
  /** Starts of the training objective per candidate. */
  readonly starts: number;
  /** Tuned settings are kept here, and found again. */
  readonly directory: string;
  /** What the settings depend on besides: the training data and the engine. */
  readonly ingredients: object;
  readonly signal?: AbortSignal;
  /** Told what comes next. */
  readonly onStage?: (note: string) => void;
}

/**
 * Tunes the baselines on the training objective alone, by the mean objective over the horizon: what the
 * learned optimizers are meta-trained for, so that no optimizer is judged by what it was not chosen by. The
 * starts are others than those of the comparison.
 */
export async function tuneBaselinesOnTraining(options: TuneOptions): Promise<TunedBaseline[]> {
  const { executor, seed, horizon, starts, directory, ingredients, signal, onStage } = options;
  const key = createKey(seed).fold('li-malik').fold('tuning').fold('tuning-task');
  const keys = Array.from({ length: starts }, (_, index) => key.fold(index));
  const tuned: TunedBaseline[] = [];
  for (const name of comparedBaselines) {
    const { searched } = baselineOptimizers[name];
    const file = keptFile<TunedBaseline>(join(directory, 'tuning', `${name}.json`), tunedBaselineSchema, {
      ingredients,
      name,
      searched,
      seed,
      horizon,
      starts,
    });
    const kept = file.read();
    if (kept) {
      tuned.push(kept);
      continue;
    }
    onStage?.(`tuning ${name}`);
    const { report } = await tuneEntrant<Arena>(entrantNamed(knownOptimizers, name, horizon), searched, {
      family: trainingArena,
      keys,
      horizon,
      map: taskMap(executor, { ...(signal && { signal }) }),
      score: 'mean',
    });
    const { best, candidates, outcome, divergedCandidates } = report;
    const baseline: TunedBaseline = {
      optimizer: name,
      ...(best && { options: best.options }),
      record: {
        optimizer: name,
        chosen: best?.options ?? {},
        criterion: `mean mini-batch objective over ${horizon} iterations, mean over ${starts} starts of the training objective`,
        grid: candidates.map(({ options: parameters, score, standardError }) => ({
          parameters,
          score,
          standardError,
        })),
        edgeNotes: [describeTuningOutcome(outcome)],
        nonFiniteCandidates: divergedCandidates,
      },
    };
    file.write(baseline);
    tuned.push(baseline);
  }
  return tuned;
}
