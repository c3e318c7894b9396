import { inspect } from 'node:util';

import { isUserError } from '@metadescent/core';

import { writeLines } from './terminal-text.js';

/** 128 + SIGPIPE, as of a program that a closed pipe killed. */
const BROKEN_PIPE = 141;
const DEFECT = 1;

/**
 * Runs a command line's main function and sets the exit code of the process:
 *
 *     0    it returned (or the number that it returned)
 *     2    UserError or of a subclass: the message alone on standard error
 *     130  InterruptedError: the message alone (143 after SIGTERM)
 *     1    anything else is a defect: with its stack and causes
 *
 * The process ends when nothing is left to do; close pools and runs in `finally`. When the reader of standard
 * output goes away (`… | head`), the process ends quietly; without one of standard error it goes on.
 *
 * @example
 * await runCommand(async () => {
 *   throw new UserError('unknown experiment "x"; see metadescent list');
 * });
 * // prints: error: unknown experiment "x"; see metadescent list
 */
export async function runCommand(main: () => Promise<number | void>): Promise<void> {
  onBrokenPipe(process.stdout, () => process.exit(BROKEN_PIPE));
  // Nobody watches the progress any more; the results are still wanted.
  onBrokenPipe(process.stderr, () => undefined);
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    // The lines of a stack are not for reading as a text.
    if (exitCode === DEFECT) process.stderr.write(`${text}\n`);
    else writeLines(process.stderr, text);
    process.exitCode = exitCode;
  }
}

function onBrokenPipe(stream: NodeJS.WriteStream, action: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    action();
  });
}

/** Not by class, because an error may come from another copy of a package. */
function describeFailure(error: unknown): { readonly text: string; readonly exitCode: number } {
  const { name, message, exitCode } = (error ?? {}) as {
    readonly name?: string;
    readonly message?: string;
    readonly exitCode?: number;
  };
  if (isUserError(error)) return { text: `error: ${message}`, exitCode: 2 };
  if (name === 'InterruptedError') return { text: String(message), exitCode: exitCode ?? 130 };
  return { text: inspect(error), exitCode: DEFECT };
}
