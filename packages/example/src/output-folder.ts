import { prepareFolder } from '@metadescent/runtime';

/**
 * Checks, before any work, that a folder can be made and written; nothing is left behind.
 *
 * @throws UserError if it cannot.
 */
export function checkOutputFolder(directory: string): void {
  prepareFolder(directory).abandon();
}

/**
 * Makes a folder of results, with its parents.
 *
 * @throws UserError if it cannot be made.
 */
export function makeOutputFolder(directory: string): void {
  prepareFolder(directory);
}
