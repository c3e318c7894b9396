import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describeIssues, printable, type Schema, UserError } from '@metadescent/core';
import * as z from 'zod/mini';

import { type RunEnvironment, environmentSchema } from './environment.js';
import { parseExact } from './exact-json.js';
import { shownPath } from './file-errors.js';
import { anyRecordSchema, readJsonLines } from './json-lines.js';
import { readOrdinaryFile } from './ordinary-file.js';

/** The files of a run folder. */
export const RUN_FILES = {
  config: 'config.json',
  environment: 'environment.json',
  metrics: 'metrics.jsonl',
  timing: 'timing.jsonl',
  outcome: 'outcome.json',
  checkpoints: 'checkpoints',
} as const;

export const outcomeSchema = z.looseObject({ status: z.enum(['finished', 'interrupted', 'failed']) });

export const metricRecordSchema = z.looseObject({ step: z.int().check(z.nonnegative()) });

/** How a run ended; more keys are free. */
export type RunOutcome = Readonly<z.infer<typeof outcomeSchema>>;

/**
 * One record of `metrics.jsonl`. No clock readings in it: an interrupted run must end with the same bytes. In
 * TensorBoard, numbers in nested records are scalars `outer/inner`.
 */
export interface MetricRecord {
  readonly step: number;
  readonly [name: string]: unknown;
}

/** What a run folder says; see `openRun` for the files. */
export interface RunRecord {
  readonly config: unknown;
  /** One entry per process that worked on the run, in order. */
  readonly environments: readonly RunEnvironment[];
  readonly metrics: readonly MetricRecord[];
  readonly timing: readonly Readonly<Record<string, unknown>>[];
  /** Absent while the run is under way, and after it was killed. */
  readonly outcome: RunOutcome | undefined;
}

/**
 * Reads a run folder, also while its run is under way; nothing is changed.
 *
 * @throws UserError if there is no run in the folder, or one of its files is damaged.
 * @example
 * readRun('runs/first').metrics.at(-1)
 */
export function readRun(directory: string): RunRecord {
  if (!existsSync(join(directory, RUN_FILES.config))) {
    throw new UserError(
      `there is no run in ${shownPath(directory)} (no ${RUN_FILES.config}); give the folder of a run`,
    );
  }
  return {
    config: readConfig(directory),
    environments: readEnvironments(directory),
    metrics: readJsonLines(join(directory, RUN_FILES.metrics), metricRecordSchema),
    timing: readJsonLines(join(directory, RUN_FILES.timing), anyRecordSchema),
    outcome: readOutcome(directory),
  };
}

export function readConfig(directory: string): unknown {
  return readJson(join(directory, RUN_FILES.config), anyRecordSchema);
}

export function readEnvironments(directory: string): RunEnvironment[] {
  return readJson(join(directory, RUN_FILES.environment), z.array(environmentSchema)) ?? [];
}

export function readOutcome(directory: string): RunOutcome | undefined {
  return readJson(join(directory, RUN_FILES.outcome), outcomeSchema);
}

function readJson<Value>(path: string, schema: Schema<Value>): Value | undefined {
  if (!existsSync(path)) return undefined;
  const text = readOrdinaryFile(path).toString();
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    throw new UserError(
      `${shownPath(path)} is not JSON (${printable((error as Error).message, 200)}): it was changed or ` +
        'damaged; restore it or start a new run',
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${shownPath(path)} is not what a run writes:\n${describeIssues(parsed.error.issues, value)}\nrestore it or start a new run`,
  );
}
