const USER_ERROR: unique symbol = Symbol.for('@metadescent/core UserError');

/**
 * An error that the user can mend: a bad option, file or configuration. Command lines print its message alone
 * (no stack) and exit with code 2; anything else is a defect and keeps its stack.
 *
 * The message names what was refused, the rule, the value received and the next step. Subclasses
 * (`SafetensorsError`) have a name of their own: ask with `isUserError`.
 *
 * @example
 * throw new UserError('batchSize must be at least 1, but is 0; pass --batch 64');
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';

  get [USER_ERROR](): true {
    return true;
  }
}

/** Whether `thrown` is a `UserError` or of a subclass, also when it comes from another copy of this package. */
export function isUserError(thrown: unknown): thrown is UserError {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    (USER_ERROR in thrown || (thrown as Error).name === 'UserError')
  );
}
