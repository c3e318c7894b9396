import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import {
  describeIssues,
  parseOptions,
  readSafetensors,
  type Tensor,
  type TensorFile,
  writeSafetensors,
} from '@metadescent/core';
import * as z from 'zod/mini';

import { TEMPORARY_SUFFIX, writeFileAtomic } from './atomic-file.js';
import { crc32c } from './crc32c.js';
import { parseExact, stringifyExact } from './exact-json.js';
import { withFileErrors } from './file-errors.js';
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
  /** How many of the newest checkpoints stay; the best one stays besides. Two, so that a damaged newest one costs little. */
  keepLast: z._default(z.int().check(z.minimum(1)), 2),
});

export interface CheckpointStoreOptions extends z.input<typeof checkpointOptions> {
  /** Told about files that are skipped. Default: a line on standard error. */
  readonly warn?: Warn;
}

/** A folder of checkpoints `step-<step>.safetensors`, which any reader of safetensors can open. */
export interface CheckpointStore {
  /** Writes a checkpoint, whole or not at all, and then deletes those that are neither new nor best. @throws UserError on a full disk and the like. */
  save(checkpoint: Checkpoint): void;
  /** The newest checkpoint that is whole; damaged ones are skipped with a warning. */
  latest(): Checkpoint | undefined;
  /** The checkpoint with the lowest score (the earliest of equals). */
  best(): Checkpoint | undefined;
  /** The steps of the files, in increasing order. */
  steps(): number[];
}

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
 * @throws UserError if `keepLast` is not a positive integer, or if the folder cannot be created or read.
 */
export function openCheckpoints(folder: string, options: CheckpointStoreOptions = {}): CheckpointStore {
  const { keepLast } = parseOptions('openCheckpoints', checkpointOptions, options);
  const { warn = warnOnStandardError } = options;
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
    try {
      return decodeCheckpoint(readFileSync(pathOf(step)));
    } catch (error) {
      if (!damaged.has(step)) warn(`skipping the checkpoint ${pathOf(step)}: ${(error as Error).message}`);
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
 * @throws RangeError if the step is not an integer ≥ 0 or a metadata key is taken; TypeError if the state is no JSON.
 */
export function encodeCheckpoint({ step, tensors, state, score, metadata = {} }: Checkpoint): Uint8Array {
  if (!Number.isSafeInteger(step) || step < 0)
    throw new RangeError(`encodeCheckpoint: the step must be an integer of at least 0, but is ${step}`);
  for (const key of [HEADER_KEY, CHECKSUM_KEY]) {
    if (Object.hasOwn(metadata, key))
      throw new RangeError(`encodeCheckpoint: the metadata key "${key}" is taken; choose another name`);
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
 * @throws SafetensorsError, SyntaxError or Error if the bytes are damaged or no checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  const { [CHECKSUM_KEY]: checksum, ...content } = metadata;
  const { [HEADER_KEY]: header, ...free } = content;
  if (checksum === undefined || header === undefined)
    throw new Error('decodeCheckpoint: this is a safetensors file, but not a checkpoint');
  if (checksum !== checksumOf({ tensors, metadata: content })) {
    throw new Error('decodeCheckpoint: the checksum does not match: the file is damaged');
  }
  const value = parseExact(header);
  const parsed = headerSchema.safeParse(value);
  if (!parsed.success)
    throw new Error(
      `decodeCheckpoint: the header is not what encodeCheckpoint writes: ${describeIssues(parsed.error.issues, value)}`,
    );
  const { step, score, state } = parsed.data;
  return {
    step,
    tensors,
    ...(state !== undefined && { state }),
    ...(score !== undefined && { score }),
    metadata: free,
  };
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
