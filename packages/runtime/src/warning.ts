import { writeLines } from './terminal-text.js';

/** Told, in one line, what went wrong without stopping the work. */
export type Warn = (message: string) => void;

export function warnOnStandardError(message: string): void {
  writeLines(process.stderr, `warning: ${message}`);
}
