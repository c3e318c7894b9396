import { describeKind } from '../typed-array.js';
import { UserError } from '../user-error.js';

/**
 * One named property that every implementation of an interface must have. `run` throws a `ConformanceError`
 * when it does not hold.
 */
export interface ConformanceCheck {
  readonly name: string;
  run(): void;
}

/** The message names the rule that was broken and the values seen. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

/** @throws ConformanceError with the message if the property does not hold. */
export function require(holds: boolean, message: () => string): void {
  if (!holds) throw new ConformanceError(message());
}

/** Whether two lists of numbers are the same bits: NaN equals NaN, and 0 is not −0. */
export function sameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/**
 * `create`, checked to be a function whose results have these methods.
 *
 * @throws UserError that says what to pass, at once for `create` itself, and from a check for what it returns.
 */
export function checkedFactory<T extends object>(
  suite: string,
  create: () => T,
  example: string,
  methods: readonly (keyof T & string)[],
): () => T {
  const advice = `pass a function that makes one, such as ${example}`;
  if (typeof create !== 'function')
    throw new UserError(
      `${suite}: the first argument must be a function, but is ${describeKind(create)}; ${advice}`,
    );
  return () => {
    const made: T | undefined = create();
    const missing = methods.find((method) => typeof made?.[method] !== 'function');
    if (missing)
      throw new UserError(
        `${suite}: the function returned ${describeKind(made)} without a method ${missing}; ${advice}`,
      );
    return made as T;
  };
}
