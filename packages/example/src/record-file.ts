import { describeIssues, isUserError, printable, UserError, type Schema } from '@metadescent/core';
import { parseExact, readOrdinaryFile, stringifyExact, writeFileAtomic } from '@metadescent/runtime';
import type * as z from 'zod/mini';

/** A record by its schema, as its writer may give it: nothing in it is changed. */
export type Recorded<S extends z.ZodMiniType> = DeepReadonly<z.input<S>>;

/** The same as a reader gets it, with defaults filled in. */
export type Parsed<S extends z.ZodMiniType> = DeepReadonly<z.output<S>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/**
 * Writes a record as JSON in which numbers that are not finite have names (see `stringifyExact`), whole or
 * not at all.
 */
export function writeRecord(path: string, record: object, indent = 2): void {
  writeFileAtomic(path, `${stringifyExact(record, indent)}\n`);
}

/**
 * Reads what `writeRecord` wrote.
 *
 * @param again how to get another one, e.g. `run … again`; the end of every message.
 * @throws UserError if the file cannot be read, is not JSON, or breaks a rule of the schema: it names the
 *   file and the fields.
 */
export function readRecord<T>(path: string, schema: Schema<T>, again: string): T {
  let text: string;
  try {
    text = readOrdinaryFile(path).toString();
  } catch (error) {
    if (isUserError(error)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(`cannot read ${printable(path, 400)} (${code ?? printable(message)}); ${again}`);
  }
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    const reason = printable((error as Error).message, 200);
    throw new UserError(
      `${printable(path, 400)} is not JSON (${reason}): it was changed or damaged; ${again}`,
    );
  }
  return parseRecord(path, schema, value, again);
}

/**
 * A value from a file, checked against the schema of its record.
 *
 * @throws UserError that names the file and the fields that break a rule.
 */
export function parseRecord<T>(path: string, schema: Schema<T>, value: unknown, again: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = describeIssues(parsed.error.issues, value);
  throw new UserError(
    `${printable(path, 400)} is not what this version writes: it was changed, damaged, or written by another version; ${again}\n${issues}`,
  );
}
