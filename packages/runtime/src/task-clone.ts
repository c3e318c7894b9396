/**
 * A structured clone of what goes into or comes out of a task.
 *
 * @param what says whose value it is, for the error.
 * @throws TypeError if it holds something that cannot be cloned.
 */
export function cloneOf(value: unknown, what: string): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    throw isCloneError(error) ? uncloneable(what, error) : error;
  }
}

/** Whether this is how the platform refuses to clone. */
export function isCloneError(error: unknown): error is Error {
  return (error as { name?: unknown } | null)?.name === 'DataCloneError';
}

export function uncloneable(what: string, cause: Error): TypeError {
  return new TypeError(
    `executor.map: ${what} cannot be cloned (${cause.message}); use plain data and typed arrays`,
    { cause },
  );
}

export function inputOf(task: string, index: number): string {
  return `input ${index} of task "${task}"`;
}

export function outputOf(task: string, index: number): string {
  return `the output of task "${task}" for input ${index}`;
}
