import { describeIssues, UserError, type Schema } from '@metadescent/core';

/**
 * Parses `value`, or says in one paragraph what is wrong with it.
 *
 * @param caller the public function whose argument this is
 * @throws UserError naming the caller, every rule that is broken and where.
 */
export function parseRecord<T>(caller: string, what: string, schema: Schema<T>, value: unknown): T {
  const parsed = withoutTypedArrays(caller, what, () => schema.safeParse(value));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${caller}: the ${what} breaks a rule; mend the fields named here\n${describeIssues(parsed.error.issues, value)}`,
  );
}

/** Zod freezes a list also where it refuses it, and a typed array cannot be frozen. */
function withoutTypedArrays<T>(caller: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError(
      `${caller}: the ${what} has something else in place of a list, such as a typed array; give Array.from(values)`,
      { cause: error },
    );
  }
}
