import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { openAppendFile } from './append-file.js';
import { encodeEvent, frameRecord, type ScalarEvent } from './event-encoding.js';

/** A TensorBoard event file of scalars. */
export interface EventFile {
  /** Every number in the record, under the path of its keys (`train/loss`), at the record's step. */
  append(record: { readonly step: number }): void;
  close(): void;
}

export interface EventFileOptions {
  /** The first step that will be written: TensorBoard drops what earlier files of the folder hold from there on. */
  readonly firstStep: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Starts an event file in a run's folder. TensorBoard reads one file per process in the order of their names,
 * so a resumed run starts another one.
 *
 * @throws UserError if the file cannot be written.
 */
export function openEventFile(directory: string, { firstStep, now = Date.now }: EventFileOptions): EventFile {
  const earlier = readdirSync(directory).filter((name) => name.startsWith('events.out.tfevents.')).length;
  const seconds = Math.floor(now() / 1000);
  const path = join(
    directory,
    `events.out.tfevents.${String(seconds).padStart(10, '0')}.metadescent.${String(earlier).padStart(4, '0')}`,
  );
  const file = openAppendFile(path);
  const write = (event: Omit<ScalarEvent, 'wallTime'>) =>
    file.append(frameRecord(encodeEvent({ wallTime: now() / 1000, ...event })));
  try {
    write({ fileVersion: 'brain.Event:2' });
    write({ step: firstStep, sessionStart: true });
  } catch (error) {
    file.close();
    throw error;
  }

  return {
    append: (record) => {
      const { step, ...rest } = record;
      const scalars = [...numbersOf(rest, '')];
      if (scalars.length > 0) write({ step, scalars });
    },
    close: file.close,
  };
}

function* numbersOf(value: object, prefix: string): Generator<readonly [string, number]> {
  for (const [key, entry] of Object.entries(value) as [string, unknown][]) {
    if (typeof entry === 'number') yield [prefix + key, entry];
    else if (typeof entry === 'object' && entry !== null && !Array.isArray(entry))
      yield* numbersOf(entry, `${prefix}${key}/`);
  }
}
