import { toJson } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A result on the disk that is valid as long as everything that decided it is the same. */
export interface KeptFile<Value> {
  /** The value; undefined if there is none, it is damaged, or it was made from other ingredients. */
  read(): Value | undefined;
  write(value: Value): void;
}

/**
 * A result that a later run finds again.
 *
 * @param ingredients everything that decides the value: plain data and typed arrays
 */
export function keptFile<Value>(path: string, ingredients: object): KeptFile<Value> {
  const key = fingerprint(ingredients);
  return {
    read() {
      if (!existsSync(path)) return undefined;
      try {
        const { fingerprint: found, value } = readRecord<{ fingerprint: string; value: Value }>(path);
        return found === key ? value : undefined;
      } catch {
        // Cut short by a crash of the machine, or edited: made again.
        return undefined;
      }
    },
    write(value) {
      writeRecord(path, { fingerprint: key, value }, 0);
    },
  };
}

/** Writes a record as JSON, with its folder. Numbers that are not finite survive `readRecord`. */
export function writeRecord(path: string, record: object, indent = 1): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, `${toJson(record, indent)}\n`);
}

/**
 * Reads what `writeRecord` wrote: `null` is NaN again, "Infinity" is Infinity.
 *
 * @throws SyntaxError if the file is not JSON, and the error of the file system if it cannot be read.
 */
export function readRecord<Value>(path: string): Value {
  return JSON.parse(readFileSync(path, 'utf8'), (_, value: unknown) => (value === null ? NaN : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value)) as Value;
}

/** SHA-256 of a value: equal for equal data, typed arrays by their bytes. */
export function fingerprint(value: object): string {
  const text = JSON.stringify(value, (_, entry: unknown) => (ArrayBuffer.isView(entry) ? digest(new Uint8Array(entry.buffer, entry.byteOffset, entry.byteLength)) : entry));
  return digest(text);
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
