import { UserError, type Schema } from '@metadescent/core';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { readRecord, writeRecord } from '../record-file.js';

/** A result on the disk that is valid as long as everything that decided it is the same. */
export interface KeptFile<Value> {
  /** The value; undefined if there is none, it is damaged, or it was made from other ingredients. */
  read(): Value | undefined;
  write(value: Value): void;
}

/**
 * A result that a later run finds again.
 *
 * @param schema of the value: what does not fit it is made again
 * @param ingredients everything that decides the value: plain data and typed arrays
 */
export function keptFile<Value>(
  path: string,
  schema: Schema<Value> & z.ZodMiniType,
  ingredients: object,
): KeptFile<Value> {
  const key = fingerprint(ingredients);
  const kept = z.strictObject({ fingerprint: z.string(), value: schema });
  return {
    read() {
      if (!existsSync(path)) return undefined;
      try {
        const { fingerprint: found, value } = readRecord(path, kept, 'run it again');
        return found === key ? (value as Value) : undefined;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        // Cut short by a crash of the machine, edited, or of another version: made again.
        return undefined;
      }
    },
    write(value) {
      mkdirSync(dirname(path), { recursive: true });
      writeRecord(path, { fingerprint: key, value }, 0);
    },
  };
}

/** SHA-256 of a value: equal for equal data, typed arrays by their bytes. */
export function fingerprint(value: object): string {
  const text = JSON.stringify(value, (_, entry: unknown) =>
    ArrayBuffer.isView(entry)
      ? digest(new Uint8Array(entry.buffer, entry.byteOffset, entry.byteLength))
      : entry,
  );
  return digest(text);
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
