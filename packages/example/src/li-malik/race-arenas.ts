import { createKey } from '@metadescent/core';
import type { Entrant, RaceResult, RaceTask } from '@metadescent/evaluation';
import { liMalikArchitectures } from '@metadescent/optimizees';
import type { Executor } from '@metadescent/runtime';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { anyNumber, count, name, optimizerKind } from '../record-fields.js';
import type { Recorded } from '../record-file.js';
import { keptFile, type KeptFile } from './kept-file.js';
import { arenaName, ROLLOUT_STEPS, type Arena } from './settings.js';
import type * as Tasks from './tasks.js';

const step = count;
const columnSchema = z.strictObject({
  optimizer: name,
  kind: optimizerKind,
  /** f(θ_t) at every step, also at the start; NaN after an early end [seeds][steps + 1]. */
  objectives: z.array(z.array(anyNumber)),
  /** [seeds] */
  outcomes: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('finished') }),
      z.strictObject({
        kind: z.literal('non-finite'),
        step,
        what: z.enum(['objective', 'gradient', 'step']),
      }),
      z.strictObject({ kind: z.literal('diverged'), step }),
    ]),
  ),
});

/** All rollouts of one optimizer in one arena: what a file keeps. */
export type Column = Recorded<typeof columnSchema>;

/** What one optimizer after another did in one arena. */
export interface ArenaResult {
  readonly arena: Arena;
  readonly columns: readonly Column[];
}

/** An arena with what is needed to tell its results from others'. */
export interface ArenaInput {
  readonly arena: Arena;
  readonly classes: number;
  /** Fingerprint of the projected data. */
  readonly data: string;
}

export interface RaceOptions {
  readonly executor: Executor<typeof Tasks>;
  readonly arenas: readonly ArenaInput[];
  readonly entrants: readonly Entrant[];
  readonly seed: number;
  /** Rollouts per optimizer and arena. */
  readonly seeds: number;
  readonly engine: string;
  /** Iterations of every rollout. Default `ROLLOUT_STEPS`. */
  readonly steps?: number;
  /** Finished columns are kept here, and found again. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  /** Told the work there is, in GFLOP, once; then how much of it is done. */
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** One column under way. */
interface Pending {
  readonly input: ArenaInput;
  readonly entrant: Entrant;
  readonly file: KeptFile<Column>;
  readonly results: (RaceResult | undefined)[];
  column?: Column;
}

/**
 * Runs every optimizer in every arena, from the same starts and with the same mini-batches (common random
 * numbers). A column that a former run finished with the same optimizer, data, seeds and engine is not run
 * again; each column is written when its last rollout ends, so that an interrupted run loses only what was
 * under way.
 */
export async function raceArenas(options: RaceOptions): Promise<ArenaResult[]> {
  const {
    executor,
    arenas,
    entrants,
    seed,
    seeds,
    engine,
    directory,
    steps = ROLLOUT_STEPS,
    signal,
    onProgress,
  } = options;
  const pending = arenas.flatMap((input) =>
    entrants.map((entrant): Pending => {
      const path = join(directory, 'rollouts', arenaName(input.arena), `${entrant.label.toLowerCase()}.json`);
      const file = keptFile<Column>(path, columnSchema, {
        ...input,
        specification: entrant.specification,
        seed,
        seeds,
        engine,
        steps,
      });
      const column = file.read();
      return {
        input,
        entrant,
        file,
        results: new Array<undefined>(seeds).fill(undefined),
        ...(column && { column }),
      };
    }),
  );
  const jobs = pending.flatMap((entry) =>
    entry.column ? [] : entry.results.map((_, index) => ({ entry, index })),
  );
  const costs = jobs.map(({ entry }) => rolloutCost(entry.input, entry.entrant, steps));
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  let done = 0;
  let ended = 0;
  onProgress?.(done, total, '');
  await executor.map(
    'race',
    jobs.map(({ entry: { input, entrant }, index }): RaceTask<Arena> => {
      const key = createKey(seed)
        .fold('li-malik')
        .fold('race')
        .fold(arenaName(input.arena))
        .fold(index).words;
      return {
        optimizer: entrant.specification,
        family: input.arena,
        key,
        horizon: steps,
        trueObjectiveEvery: 1,
      };
    }),
    {
      ...(signal && { signal }),
      onResult: (result, at) => {
        const { entry, index } = jobs[at] as (typeof jobs)[number];
        entry.results[index] = result;
        if (entry.results.every((r) => r !== undefined)) finish(entry, entry.results as RaceResult[]);
        done += costs[at] as number;
        ended += 1;
        onProgress?.(
          done,
          total,
          `rollout ${ended} of ${jobs.length}: ${arenaName(entry.input.arena)}, ${entry.entrant.label}`,
        );
      },
    },
  );
  return arenas.map(({ arena }, a) => ({
    arena,
    columns: pending
      .slice(a * entrants.length, (a + 1) * entrants.length)
      .map(({ column }) => column as Column),
  }));
}

function finish(entry: Pending, results: readonly RaceResult[]): void {
  entry.column = {
    optimizer: entry.entrant.label,
    kind: entry.entrant.class === 'learned' ? 'learned' : 'hand-made',
    objectives: results.map(({ trueObjectives }) => [...trueObjectives]),
    outcomes: results.map(({ outcome }) => outcome),
  };
  entry.file.write(entry.column);
}

/** Rows of the true objective (the family's default). */
const EVALUATION_ROWS = 2000;

/** Rough cost of a rollout in GFLOP, for the time left. */
function rolloutCost({ arena, classes }: ArenaInput, entrant: Entrant, steps: number): number {
  const { inputs, hidden } = liMalikArchitectures[arena.architecture];
  const coordinates = (inputs + 1) * hidden + (hidden + 1) * classes;
  const evaluation = 6 * arena.batchSize * coordinates;
  const step = coordinates * stepCost(entrant);
  const lineSearch = entrant.class === 'line-search' ? 4 * evaluation : 0;
  return (steps * (evaluation + lineSearch + step + 2 * EVALUATION_ROWS * coordinates)) / 1e9;
}

/** FLOP of one step per coordinate: every weight of a coordinate's network, a row of a tensor, is used once. */
function stepCost({ specification: { weights } }: Entrant): number {
  if (!weights) return 30;
  return 2 * Math.max(...Object.values(weights.tensors).map(({ shape }) => shape.at(-1) ?? 1));
}
