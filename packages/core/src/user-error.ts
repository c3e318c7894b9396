/**
 * An error that the user can mend: a bad option, file or configuration. Command lines print its message alone (no stack) and exit with
 * code 2; anything else is a defect and keeps its stack.
 *
 * The message names what was refused, the rule, the value received and the next step.
 *
 * @example
 * throw new UserError('batchSize must be at least 1, but is 0; pass --batch 64');
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}
