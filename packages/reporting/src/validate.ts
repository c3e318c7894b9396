import { UserError, describeIssues } from '@metadescent/core';
import type * as z from 'zod/mini';

/**
 * Parses `value`, or says in one paragraph what is wrong with it.
 *
 * @param caller the public function whose argument this is
 * @throws UserError naming the caller, every rule that is broken and where.
 */
export function parseRecord<Schema extends z.ZodMiniType>(
  caller: string,
  what: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${caller}: the ${what} breaks a rule; mend the fields named here\n${describeIssues(parsed.error.issues, value)}`,
  );
}
