import { describeKind, UserError } from '@metadescent/core';
import { writeLines } from './terminal-text.js';

/**
 * The work stopped because it was asked to: by Ctrl-C or a signal. Command lines exit with `exitCode`,
 * without a stack.
 */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  /** 128 + the signal's number, as shells have it. */
  readonly exitCode: number;

  /** @param resumeWith the command that goes on from here. */
  constructor(signal: InterruptSignal, resumeWith?: string) {
    super(`stopped by ${signal}${resumeWith === undefined ? '' : `; go on with\n  ${resumeWith}`}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

type InterruptSignal = 'SIGINT' | 'SIGTERM';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = Object.keys(EXIT_CODES) as InterruptSignal[];

export interface InterruptOptions {
  /** What is said after the first signal. */
  readonly message?: string;
  /**
   * The command that goes on where the work stops, as the user would type it; the error says it. Asked at the
   * first signal: undefined while there is nothing yet to go on from.
   */
  readonly resumeWith?: () => string | undefined;
  /** Where it is said; `Progress.log` keeps a progress line in one piece. Default: standard error. */
  readonly notify?: (message: string) => void;
}

/**
 * Runs `work` with a signal that the first Ctrl-C (or SIGTERM) aborts: `work` goes on to its next good place
 * to stop, saves, and throws `signal.reason`, an `InterruptedError`. The second Ctrl-C exits at once with
 * code 130.
 *
 * @returns what `work` returns.
 * @example
 * await withInterrupt(async (signal) => {
 *   for (let step = 1; step <= 1000; step++) {
 *     await trainStep(step);
 *     if (signal.aborted) save(step);
 *     signal.throwIfAborted();
 *   }
 * });
 */
export async function withInterrupt<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  options: InterruptOptions = {},
): Promise<Result> {
  if (typeof work !== 'function')
    throw new UserError(
      `withInterrupt: the work must be a function, but is ${describeKind(work)}; pass async (signal) => { … }`,
    );
  const {
    message = 'Stopping at the next checkpoint; press Ctrl-C again to stop at once.',
    resumeWith,
    notify = (text: string) => writeLines(process.stderr, `\n${text}`),
  } = options;
  const controller = new AbortController();
  const onSignal = (signal: InterruptSignal) => {
    if (controller.signal.aborted) process.exit(EXIT_CODES[signal]);
    controller.abort(new InterruptedError(signal, resumeWith?.()));
    notify(message);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
