/** One named property that every implementation of an interface must have. `run` throws a `ConformanceError` when it does not hold. */
export interface ConformanceCheck {
  readonly name: string;
  run(): void;
}

/** The message names the rule that was broken and the values seen. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

export function require(holds: boolean, message: () => string): void {
  if (!holds) throw new ConformanceError(message());
}

export function sameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
