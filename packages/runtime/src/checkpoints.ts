import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import {
  checkArgument,
  describeIssues,
  parseOptions,
  printable,
  readSafetensors,
  type Tensor,
  type TensorFile,
  UserError,
  writeSafetensors,
} from '@metadescent/core';
import * as z from 'zod/mini';

import { TEMPORARY_SUFFIX, writeFileAtomic } from './atomic-file.js';
import { crc32c } from './crc32c.js';
import { parseExact, stringifyExact } from './exact-json.js';
import { shownPath, withFileErrors } from './file-errors.js';
import { readOrdinaryFile } from './ordinary-file.js';
import { prepareFolder } from './prepared-folder.js';
import { type Warn, warnOnStandardError } from './warning.js';

/** Everything that a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** Number of steps that are done. */
  readonly step: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** What is no tensor: counters, names, seeds. Any JSON; numbers keep their bits, also NaN and ±∞. */
  readonly state?: unknown;
  /** What the best checkpoint is chosen by: lower is better, NaN is never best. */
  readonly score?: number;
  /** Free text for the readers of the file: config, provenance. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export const checkpointOptions = z.object({
  /**
   * How many of the newest checkpoints stay; the best one stays besides. Two, so that a damaged newest one
   * costs little.
   */
  keepLast: z._default(z.int().check(z.minimum(1)), 2),
});

export interface CheckpointStoreOptions extends z.input<typeof checkpointOptions> {
  /** Told about files that are skipped. Default: a line on standard error. */
  readonly warn?: Warn;
}

/** A folder of checkpoints `step-<step>.safetensors`, which any reader of safetensors can open. */
export interface CheckpointStore {
  /**
   * Writes a checkpoint, whole or not at all, and then deletes those that are neither new nor best. @throws
   * UserError on a full disk and the like.
   */
  save(checkpoint: Checkpoint): void;
  /** The newest checkpoint that is whole; damaged ones are skipped with a warning. */
  latest(): Checkpoint | undefined;
  /** The checkpoint with the lowest score (the earliest of equals). */
  best(): Checkpoint | undefined;
  /** The steps of the files, in increasing order. */
  steps(): number[];
}

/** What Node reads at once. */
const LARGEST_CHECKPOINT = 2 ** 31 - 1;

/** Keys of the file's metadata that are ours. */
const HEADER_KEY = 'checkpoint';
const CHECKSUM_KEY = 'crc32c';

/** `z.number` refuses NaN and ±∞, which a score may be. */
const scoreSchema = z.custom<number>((value) => typeof value === 'number');
const headerSchema = z.object({
  step: z.int().check(z.minimum(0)),
  score: z.optional(scoreSchema),
  state: z.optional(z.unknown()),
});

/**
 * Opens (or creates) a folder of checkpoints for its one writer.
 *
 * @throws UserError if `keepLast` is not a positive integer, or the folder or a file in it cannot be written or read.
 */
export function openCheckpoints(folder: string, options: CheckpointStoreOptions = {}): CheckpointStore {
  const { warn = warnOnStandardError, ...rest } = options;
  const { keepLast } = parseOptions('openCheckpoints', checkpointOptions, rest);
  const { path: directory } = prepareFolder(folder);
  const pathOf = (step: number) => join(directory, fileName(step));
  const entries = () => withFileErrors('read the folder', directory, () => readdirSync(directory));
  const steps = () =>
    entries()
      .map(stepOf)
      .filter((step) => step !== undefined)
      .sort((a, b) => a - b);

  const damaged = new Set<number>();
  const load = (step: number): Checkpoint | undefined => {
    // A file that cannot be read just now is no damaged one.
    const bytes = readOrdinaryFile(pathOf(step), LARGEST_CHECKPOINT);
    try {
      const checkpoint = decodeCheckpoint(bytes);
      if (checkpoint.step === step) return checkpoint;
      throw new UserError(`it holds step ${checkpoint.step}`);
    } catch (error) {
      const reason = printable((error as Error).message, 400);
      if (!damaged.has(step)) warn(`skipping the checkpoint ${shownPath(pathOf(step))}: ${reason}`);
      damaged.add(step);
      return undefined;
    }
  };

  for (const name of entries()) {
    const unfinished =
      name.endsWith(TEMPORARY_SUFFIX) && stepOf(name.slice(0, -TEMPORARY_SUFFIX.length)) !== undefined;
    if (unfinished) rmSync(join(directory, name));
  }
  /** Of the whole files: a damaged one neither counts nor pushes a whole one out. */
  const scores = new Map<number, number>();
  for (const step of steps()) {
    const checkpoint = load(step);
    if (checkpoint) scores.set(step, checkpoint.score ?? NaN);
  }
  const prune = () => {
    const best = bestOf(scores);
    const present = [...scores.keys()].sort((a, b) => a - b);
    for (const step of present.slice(0, -keepLast)) {
      if (step === best) continue;
      rmSync(pathOf(step), { force: true });
      scores.delete(step);
    }
  };
  prune();

  return {
    save: (checkpoint) => {
      writeFileAtomic(pathOf(checkpoint.step), encodeCheckpoint(checkpoint));
      scores.set(checkpoint.step, checkpoint.score ?? NaN);
      prune();
    },
    latest: () => {
      for (const step of steps().reverse()) {
        const checkpoint = load(step);
        if (checkpoint) return checkpoint;
      }
      return undefined;
    },
    best: () => {
      const best = bestOf(scores);
      return best === undefined ? undefined : load(best);
    },
    steps,
  };
}

/**
 * The bytes of a checkpoint: safetensors with a checksum over everything. Equal checkpoints give equal bytes.
 *
 * @throws UserError if the step is not an integer ≥ 0 or a metadata key is taken; TypeError if the state is no JSON.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  checkArgument(
    'encodeCheckpoint',
    'the checkpoint',
    checkpoint,
    ['step', 'tensors'],
    'pass { step, tensors }',
  );
  const { step, tensors, state, score, metadata = {} } = checkpoint;
  parseOptions('a checkpoint', headerSchema, { step, score });
  for (const key of [HEADER_KEY, CHECKSUM_KEY]) {
    if (Object.hasOwn(metadata, key)) {
      throw new UserError(`the metadata key "${key}" of a checkpoint is taken; choose another name`);
    }
  }
  const content = {
    tensors,
    metadata: { ...metadata, [HEADER_KEY]: stringifyExact({ step, score, state }) },
  };
  return writeSafetensors({
    tensors,
    metadata: { ...content.metadata, [CHECKSUM_KEY]: checksumOf(content) },
  });
}

/**
 * Reads what `encodeCheckpoint` wrote.
 *
 * @throws UserError if the bytes are damaged or no checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  const { [CHECKSUM_KEY]: checksum, ...content } = metadata;
  const { [HEADER_KEY]: text, ...free } = content;
  if (checksum === undefined || text === undefined) {
    throw new UserError('this is a safetensors file, but not a checkpoint; choose a checkpoint of a run');
  }
  if (checksum !== checksumOf({ tensors, metadata: content })) {
    throw new UserError('the checksum does not match: the file is damaged; take an earlier checkpoint');
  }
  const { step, score, state } = parseHeader(text);
  return {
    step,
    tensors,
    ...(state !== undefined && { state }),
    ...(score !== undefined && { score }),
    metadata: free,
  };
}

function parseHeader(text: string): z.infer<typeof headerSchema> {
  let header: unknown;
  try {
    header = parseExact(text);
  } catch (error) {
    throw new UserError(
      `the header of the checkpoint is not JSON (${printable((error as Error).message, 200)})`,
    );
  }
  const parsed = headerSchema.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `the header is not that of a checkpoint:\n${describeIssues(parsed.error.issues, header)}`,
  );
}

/** Taken over the file as it would be without its checksum. */
function checksumOf(content: TensorFile): string {
  return crc32c(writeSafetensors(content)).toString(16).padStart(8, '0');
}

/** The step with the lowest score that is not NaN; the earliest of equals. */
function bestOf(scores: ReadonlyMap<number, number>): number | undefined {
  const ranked = [...scores]
    .filter(([, score]) => !Number.isNaN(score))
    .sort(([a, x], [b, y]) => x - y || a - b);
  return ranked[0]?.[0];
}

function fileName(step: number): string {
  return `step-${String(step).padStart(10, '0')}.safetensors`;
}

function stepOf(name: string): number | undefined {
  const digits = /^step-(\d+)\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
