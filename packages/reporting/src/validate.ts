import { describeIssues, UserError, type Schema } from '@metadescent/core';

/**
 * Parses `value`, or says in one paragraph what is wrong with it.
 *
 * @param caller the public function whose argument this is
 * @throws UserError naming the caller, every rule that is broken and where.
 */
export function parseRecord<T>(caller: string, what: string, schema: Schema<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${caller}: the ${what} breaks a rule; mend the fields named here\n${describeIssues(parsed.error.issues, value)}`,
  );
}
