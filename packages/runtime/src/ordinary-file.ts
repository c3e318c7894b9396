import { readFileSync, statSync } from 'node:fs';

import { UserError } from '@metadescent/core';

import { shownPath, withFileErrors } from './file-errors.js';

/** Bytes that V8 can always turn into one text: its longest has 2²⁹ − 24 characters. */
const LONGEST_TEXT = 2 ** 29 - 24;

/**
 * The bytes of an ordinary file. A pipe that lies in its place is never opened, because that would wait for a
 * writer for ever; neither is a device, because some never end.
 *
 * @param largest the most bytes that are read. Default: as many as one text can hold.
 * @throws UserError if it cannot be read, is no ordinary file, or is longer than that.
 */
export function readOrdinaryFile(path: string, largest: number = LONGEST_TEXT): Buffer {
  return withFileErrors('read', path, () => {
    const found = statSync(path);
    if (!found.isFile() && !found.isDirectory()) {
      throw new UserError(
        `cannot read ${shownPath(path)}: it is a pipe, a device or a socket, not a file; choose another path`,
      );
    }
    if (found.size > largest) {
      throw new UserError(
        `cannot read ${shownPath(path)}: it has ${found.size} bytes, but ${largest} is the limit; choose another path`,
      );
    }
    return readFileSync(path);
  });
}
