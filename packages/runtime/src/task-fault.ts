import { isUserError, UserError } from '@metadescent/core';

/**
 * An exception on its way from a worker to the main thread. A structured clone would keep the message and the
 * stack, but forget the class, and with it whether the user can mend the error.
 */
export interface TaskFault {
  readonly name: string;
  /** Whether it was a `UserError`, or of a subclass with a name of its own. */
  readonly userError: boolean;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: TaskFault | undefined;
}

const MAX_CAUSES = 8;

/** What a task threw, as plain data. */
export function describeFault(thrown: unknown, depth = 0): TaskFault {
  if (!isErrorLike(thrown))
    return {
      name: 'Error',
      userError: false,
      message: `a task threw ${String(thrown)}`,
      stack: undefined,
      cause: undefined,
    };
  const { name, message, stack, cause } = thrown;
  return {
    name,
    userError: isUserError(thrown),
    message,
    stack,
    cause: cause === undefined || depth >= MAX_CAUSES ? undefined : describeFault(cause, depth + 1),
  };
}

/** The exception again: `UserError` and the language's own classes keep their class, others their name. */
export function reviveFault(fault: TaskFault): Error {
  const options = fault.cause === undefined ? undefined : { cause: reviveFault(fault.cause) };
  const Constructor = fault.userError
    ? UserError
    : (CLASSES.find((candidate) => candidate.name === fault.name) ?? Error);
  const error = new Constructor(fault.message, options);
  if (error.name !== fault.name)
    Object.defineProperty(error, 'name', { value: fault.name, configurable: true });
  if (fault.stack !== undefined) error.stack = fault.stack;
  return error;
}

const CLASSES = [RangeError, TypeError, SyntaxError, ReferenceError, EvalError, URIError];

/** By shape, because an error of another realm is no `instanceof Error` here. */
function isErrorLike(value: unknown): value is Error {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Error).message === 'string' &&
    typeof (value as Error).name === 'string'
  );
}
