import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { checkArgument, parseOptions, UserError } from '@metadescent/core';

import { writeFileAtomic } from './atomic-file.js';
import { type Checkpoint, type CheckpointStore, openCheckpoints } from './checkpoints.js';
import { configDifference } from './config-difference.js';
import { describeEnvironment, type EnvironmentOptions, type RunEnvironment } from './environment.js';
import { openEventFile } from './event-file.js';
import { parseExact, stringifyExact } from './exact-json.js';
import { shownPath } from './file-errors.js';
import { anyRecordSchema, openJsonLines } from './json-lines.js';
import { claimRun } from './run-claim.js';
import {
  type MetricRecord,
  metricRecordSchema,
  outcomeSchema,
  readEnvironments,
  readOutcome,
  RUN_FILES,
  type RunOutcome,
} from './run-files.js';
import { type Warn, warnOnStandardError } from './warning.js';

export interface RunOptions extends EnvironmentOptions {
  /** The resolved configuration: everything that decides the results. Any JSON object. */
  readonly config: object;
  /** Continue the run in this folder instead of starting one. Default false. */
  readonly resume?: boolean;
  /** How many of the newest checkpoints stay besides the best one. Default 2. */
  readonly keepLast?: number;
  /** Write TensorBoard event files too. Default true. */
  readonly tensorboard?: boolean;
  /** Told what a resumed run has to put up with. Default: a line on standard error. */
  readonly warn?: Warn;
}

/** A run folder, open for writing. */
export interface Run {
  /** The folder's absolute path. */
  readonly directory: string;
  /**
   * Where a resumed run goes on from; absent in a new run, and in one that was stopped before its first
   * checkpoint.
   */
  readonly checkpoint: Checkpoint | undefined;
  /** How the run ended before it was resumed, if it did. */
  readonly outcome: RunOutcome | undefined;
  readonly checkpoints: Omit<CheckpointStore, 'save'>;
  /** Appends to `metrics.jsonl` (and TensorBoard). The records of a step come before its checkpoint. */
  recordMetrics(record: MetricRecord): void;
  /**
   * Appends to `timing.jsonl`: what differs from one run of a config to the next, such as seconds. Never cut
   * back.
   */
  recordTiming(record: object): void;
  /** Saves a checkpoint, after all metrics before it are safely on the disk. */
  saveCheckpoint(checkpoint: Checkpoint): void;
  /** Writes `outcome.json`. */
  finish(outcome: RunOutcome): void;
  /** Closes the files and gives the folder free. */
  close(): void;
}

/** Metadata key of a run's checkpoints: how long `metrics.jsonl` was when it was saved. */
const METRICS_BYTES = 'metrics-bytes';

/**
 * Starts a run in a new folder, or continues one:
 *
 *     config.json        the resolved configuration
 *     environment.json   where it ran: one entry per process that worked on it
 *     metrics.jsonl      one record per line; the same bytes however often the run was interrupted
 *     timing.jsonl       what the clock said
 *     events.out.*       the metrics for TensorBoard, one file per process
 *     checkpoints/       safetensors
 *     outcome.json       how it ended
 *
 * Resuming goes back to the newest whole checkpoint and cuts off the metrics that were recorded after it.
 * File operations are synchronous: they are few and small, and their order is what the guarantees rest on.
 *
 * @throws UserError if another process has the folder, it is not empty (new run), holds no run or one of
 *   another config (resume), or cannot be written.
 * @example
 * const run = openRun('runs/first', { config: { steps: 100 }, engine: 'wasm simd128' });
 * for (let step = (run.checkpoint?.step ?? 0) + 1; step <= 100; step++) {
 *   run.recordMetrics({ step, loss: 1 / step });
 *   if (step % 10 === 0) run.saveCheckpoint({ step, tensors: {} });
 * }
 * run.finish({ status: 'finished' });
 * run.close();
 */
export function openRun(folder: string, options: RunOptions): Run {
  checkArgument(
    'openRun',
    'the options',
    options,
    ['config', 'engine'],
    "pass { config: { … }, engine: 'wasm simd128' }",
  );
  // As a reader of the file gets it: this is compared with the config of a resumed run.
  const config = parseOptions('openRun', anyRecordSchema, parseExact(stringifyExact(options.config)));
  const { resume = false, tensorboard = true, keepLast, warn = warnOnStandardError } = options;
  const claim = claimRun(folder, config, { resume, warn });
  const { directory } = claim;
  const opened: { close(): void }[] = [];
  const opening = <File extends { close(): void }>(file: File): File => {
    opened.push(file);
    return file;
  };
  const closeFiles = () => {
    for (const file of opened.splice(0)) file.close();
  };

  try {
    const store = openCheckpoints(join(directory, RUN_FILES.checkpoints), { keepLast, warn });
    const { save, ...checkpoints } = store;
    const checkpoint = resumedCheckpoint(directory, store);
    // All that may be refused is read before anything is changed.
    const outcome = readOutcome(directory);
    const earlier = readEnvironments(directory);
    const metrics = opening(
      openJsonLines(join(directory, RUN_FILES.metrics), {
        keepBytes: metricsBytes(directory, checkpoint),
        schema: metricRecordSchema,
      }),
    );
    recordEnvironment(directory, earlier, describeEnvironment(options), warn);
    const timing = opening(openJsonLines(join(directory, RUN_FILES.timing)));
    const events = tensorboard
      ? opening(openEventFile(directory, { firstStep: checkpoint ? checkpoint.step + 1 : 0 }))
      : undefined;

    // From here on the run is under way again.
    if (outcome && outcome.status !== 'finished') rmSync(join(directory, RUN_FILES.outcome));

    return {
      directory,
      checkpoint,
      outcome,
      checkpoints,
      recordMetrics: (record) => {
        claim.check();
        parseOptions('recordMetrics', metricRecordSchema, record);
        metrics.append(record);
        events?.append(record);
      },
      recordTiming: timing.append,
      saveCheckpoint: (next) => {
        claim.check();
        metrics.sync();
        save({ ...next, metadata: { ...next.metadata, [METRICS_BYTES]: String(metrics.bytes) } });
      },
      finish: (end) => {
        claim.check();
        const ending = parseOptions('finish', outcomeSchema, end);
        writeFileAtomic(join(directory, RUN_FILES.outcome), `${stringifyExact(ending, 2)}\n`);
      },
      close: () => {
        closeFiles();
        claim.release();
      },
    };
  } catch (error) {
    closeFiles();
    claim.abandon();
    throw error;
  }
}

/** The newest whole checkpoint; none in a run that was stopped before its first one. */
function resumedCheckpoint(directory: string, store: CheckpointStore): Checkpoint | undefined {
  const checkpoint = store.latest();
  const there = store.steps().length;
  if (checkpoint || there === 0) return checkpoint;
  throw new UserError(
    `no checkpoint of the run in ${shownPath(directory)} can be read: ` +
      `${there === 1 ? 'its only one is' : `all ${there} are`} damaged; start a new run in another folder, ` +
      `or delete ${shownPath(join(directory, RUN_FILES.checkpoints))} to begin this one anew`,
  );
}

/** How long the metrics were at the checkpoint: nothing counts that came after it, or before the first one. */
function metricsBytes(directory: string, checkpoint: Checkpoint | undefined): number {
  if (!checkpoint) return 0;
  const { [METRICS_BYTES]: text = '' } = checkpoint.metadata ?? {};
  const bytes = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(bytes)) return bytes;
  throw new UserError(
    `the checkpoint of step ${checkpoint.step} in ${shownPath(directory)} does not say how many metrics ` +
      'were recorded before it: it was not written by a run; start a new run in another folder',
  );
}

/** Adds this process to `environment.json`, and says so if the results may now differ in their last bits. */
function recordEnvironment(
  directory: string,
  earlier: readonly RunEnvironment[],
  environment: RunEnvironment,
  warn: Warn,
): void {
  const last = earlier.at(-1);
  const changes = last ? configDifference(decisive(last), decisive(environment)) : [];
  if (changes.length > 0)
    warn(
      `the run in ${shownPath(directory)} goes on elsewhere (${changes.join('; ')}): results may differ in their last bits`,
    );
  writeFileAtomic(
    join(directory, RUN_FILES.environment),
    `${stringifyExact([...earlier, environment], 2)}\n`,
  );
}

/** What of an environment can change results. */
function decisive({ engine, node, packages, commit }: RunEnvironment) {
  return { engine, node, packages, commit };
}
