import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants, gunzipSync, inflateSync } from 'node:zlib';
import { UserError } from '@metadescent/core';
import { DatasetFormatError, isGzip } from '../formats/dataset-format-error.js';

/** Largest result of unpacking, in bytes: no data set here has a file near it, and a damaged length cannot take the machine down. */
const LARGEST = 2 ** 31 - 1;

/**
 * The contents of a data file, unpacked if it is a gzip stream (told by its first bytes, not by its name).
 *
 * @throws UserError that names the file, if it is missing, cannot be read or cannot be unpacked.
 */
export function readDataFile(caller: string, path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new UserError(
        `${caller}: there is no file ${path}; check the path, or get the data set as the README says`,
      );
    if (code === 'EISDIR')
      throw new UserError(
        `${caller}: ${path} is a folder, but a file is needed; give the path of the file in it`,
      );
    throw new UserError(`${caller}: ${path} cannot be read (${message}); check its permissions and size`, {
      cause: error,
    });
  }
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST });
  } catch (error) {
    throw new UserError(
      `${caller}: ${path} cannot be unpacked (${(error as Error).message}); it is truncated or damaged, get it again`,
      {
        cause: error,
      },
    );
  }
}

/** Unpacks a zlib stream that must be whole (see `MatOptions.inflate`). */
export function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  return inflateSync(bytes, { maxOutputLength: Math.min(limit, LARGEST), finishFlush: constants.Z_FINISH });
}

/**
 * What `parse` makes of files, with the failure of a format turned into a message that names them.
 *
 * @throws UserError instead of a `DatasetFormatError`; anything else as it is.
 */
export function parsing<T>(caller: string, paths: readonly string[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DatasetFormatError)) throw error;
    throw new UserError(
      `${caller}: ${paths.join(', ')}: ${error.message}; check that this is the file meant, or get it again`,
      { cause: error },
    );
  }
}

/**
 * The first of these files that is there.
 *
 * @param names file names relative to `directory`
 * @param advice what to do if there is none
 * @throws UserError naming the folder and what was looked for.
 */
export function fileIn(
  caller: string,
  directory: string,
  names: readonly string[],
  advice = 'check the folder, or get the data set as the README says',
): string {
  if (!isDirectory(directory))
    throw new UserError(
      `${caller}: there is no folder ${directory}; check the path, or get the data set as the README says`,
    );
  const path = names.map((name) => `${directory}/${name}`).find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new UserError(`${caller}: ${directory} holds none of ${names.join(', ')}; ${advice}`);
  }
  return path;
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
