/**
 * Multiply-adds in registers only: the most floating-point operations per second that an engine's
 * instructions allow on this machine.
 */
export interface PeakProbe {
  /** Floating-point operations of one iteration. */
  readonly flopsPerIteration: number;
  /** Runs that many iterations; time it from outside. */
  run(iterations: number): void;
}
