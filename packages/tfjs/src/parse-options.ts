import { UserError } from '@metadescent/core';
import { z } from 'zod';

/**
 * `options` checked against `schema`, defaults filled in.
 *
 * @throws UserError that names the caller, each rule broken and where.
 */
export function parseOptions<Schema extends z.ZodType>(caller: string, schema: Schema, options: unknown): z.output<Schema> {
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw new UserError(`${caller}: invalid options; correct these:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
