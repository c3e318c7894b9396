import { SafetensorsError, UserError, isUserError, printable, readSafetensors } from '@metadescent/core';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { withoutCaller } from './without-caller.js';

/** Far above what any rule takes; a longer file is something else, and is not read into memory to find out. */
const LARGEST = 2 ** 30;

/** What a weights file holds, and which file it was. */
export interface WeightsFile<Weights> {
  readonly weights: Weights;
  readonly path: string;
  /** Of the file's bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Reads the weights that a user names, before any work starts.
 *
 * @param parse turns the bytes into weights, or throws a UserError
 * @throws UserError that begins with the path.
 */
export function readWeightsFile<Weights>(
  path: string,
  parse: (bytes: Uint8Array) => Weights,
): WeightsFile<Weights> {
  const shown = printable(path, 400);
  const bytes = bytesOf(path, shown);
  try {
    readSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new UserError(
      `${shown} is no safetensors file: ${error.message.replace(/^safetensors: /, '')}; give a weights.safetensors that \`npx metadescent train\` wrote`,
    );
  }
  try {
    return { weights: parse(bytes), path, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    if (!isUserError(error)) throw error;
    throw new UserError(`the weights ${shown}: ${withoutCaller(error.message)}`);
  }
}

function bytesOf(path: string, shown: string): Uint8Array {
  try {
    const found = statSync(path);
    if (!found.isFile())
      throw Object.assign(new Error(), {
        code: found.isDirectory() ? 'it is a folder' : 'it is no ordinary file',
      });
    if (found.size > LARGEST) throw Object.assign(new Error(), { code: `${found.size} bytes` });
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(
      `cannot read the weights ${shown} (${code ?? message}); give a weights.safetensors that \`npx metadescent train\` wrote`,
    );
  }
}
