import { shellCommand } from './shell-command.js';

/**
 * A line of this command that can be pasted into a shell where the package is installed, for hints and reports.
 *
 * @example
 * commandText('report', 'runs/my run') // => "npx metadescent report 'runs/my run'"
 */
export function commandText(...words: readonly string[]): string {
  return shellCommand(['npx', 'metadescent', ...words]);
}
