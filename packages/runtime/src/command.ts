import { inspect } from 'node:util';

import { isUserError } from '@metadescent/core';

import { writeLines } from './terminal-text.js';

/** 128 + SIGPIPE, as of a program that a closed pipe killed. */
const BROKEN_PIPE = 141;
const DEFECT = 1;
/** Standard output is a file on a full disk, or the like. */
const UNWRITTEN = 2;

/**
 * Runs a command line's main function and sets the exit code of the process:
 *
 *     0    it returned (or the number that it returned)
 *     2    UserError or of a subclass: the message alone on standard error
 *     130  InterruptedError: the message alone (143 after SIGTERM)
 *     1    anything else is a defect: with its stack and causes
 *
 * The process ends when nothing is left to do; close pools and runs in `finally`. When the reader of standard
 * output goes away (`… | head`), the process ends quietly; when it cannot be written (a file on a full disk),
 * one line says so and the exit code is 2. Without standard error the process goes on.
 *
 * @example
 * await runCommand(async () => {
 *   throw new UserError('unknown experiment "x"; see metadescent list');
 * });
 * // prints: error: unknown experiment "x"; see metadescent list
 */
export async function runCommand(main: () => Promise<number | void>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
    process.stderr.write(`error: cannot write standard output (${error.code ?? error.message})\n`);
    process.exit(UNWRITTEN);
  });
  // Nobody watches the progress any more, or it cannot be kept; the results are still wanted.
  process.stderr.on('error', () => undefined);
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
