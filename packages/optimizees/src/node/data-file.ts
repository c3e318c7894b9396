import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants, gunzipSync, inflateSync } from 'node:zlib';
import { UserError } from '@metadescent/core';
import { containerOf, DatasetFormatError, isGzip, largestUnpacked } from '../formats/dataset-format-error.js';

const GET_THE_DATA =
  'get the data set: "Getting the data" in the README of @metadescent/optimizees says where from';

/** A data file's contents, unpacked. */
export interface DataFile {
  readonly bytes: Uint8Array;
  /** The most that what is inside may unpack to, by the size of the file on the disk (see `largestUnpacked`). */
  readonly limit: number;
}

/**
 * The contents of a data file, unpacked if it is a gzip stream (told by its first bytes, not by its name).
 *
 * @throws UserError that names the file, if it is missing or cannot be read; DatasetFormatError, if it cannot
 *   be unpacked or is an archive.
 */
export function readDataFile(caller: string, path: string): DataFile {
  const packed = readBytes(caller, path);
  const limit = largestUnpacked(packed.length);
  let bytes = packed;
  if (isGzip(packed)) {
    try {
      bytes = gunzipSync(packed, { maxOutputLength: limit });
    } catch (error) {
      throw new DatasetFormatError(
        `${caller}: ${path} cannot be unpacked (${unpackingFailure(error, limit)}); get it again`,
        { cause: error },
      );
    }
  }
  const container = containerOf(bytes);
  if (container) {
    throw new DatasetFormatError(
      `${caller}: ${path} is ${container.name}${bytes === packed ? '' : ', compressed'}, but the file in it is needed; ` +
        `unpack it first (${container.unpack} ${path})`,
    );
  }
  return { bytes, limit };
}

function readBytes(caller: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new UserError(`${caller}: there is no file ${path}; check the path, or ${GET_THE_DATA}`);
    if (code === 'EISDIR')
      throw new UserError(
        `${caller}: ${path} is a folder, but a file is needed; give the path of the file in it`,
      );
    throw new UserError(`${caller}: ${path} cannot be read (${message}); check its permissions and size`, {
      cause: error,
    });
  }
}

function unpackingFailure(error: unknown, limit: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_BUFFER_TOO_LARGE'
    ? `it has more than ${limit} bytes inside, too many for its size; it is damaged`
    : `${message}; it is truncated or damaged`;
}

/**
 * Unpacks zlib streams that must be whole (see `MatOptions.inflate`), of at most `total` bytes together. The
 * limit is kept while a stream is unpacked: no more memory is taken than it allows.
 */
export function inflateWithin(total: number): (bytes: Uint8Array, limit: number) => Uint8Array {
  let left = total;
  return (bytes, limit) => {
    const most = Math.min(limit, left);
    let unpacked: Uint8Array;
    try {
      // Node takes no limit of 0.
      unpacked = inflateSync(bytes, { maxOutputLength: Math.max(1, most), finishFlush: constants.Z_FINISH });
    } catch (error) {
      throw new Error(unpackingFailure(error, most), { cause: error });
    }
    left -= unpacked.length;
    return unpacked;
  };
}

/**
 * What `parse` makes of files, with the failure of a format turned into one that names them.
 *
 * @throws DatasetFormatError with the files and the next step; anything else as it is.
 */
export function parsing<T>(caller: string, paths: readonly string[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DatasetFormatError)) throw error;
    throw new DatasetFormatError(
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
  advice = `check the folder, or ${GET_THE_DATA}`,
): string {
  if (!isDirectory(directory)) throw new UserError(`${caller}: ${whyNoFolder(directory)}`);
  const path = names.map((name) => `${directory}/${name}`).find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new UserError(`${caller}: ${directory} holds none of ${names.join(', ')}; ${advice}`);
  }
  return path;
}

/** A file where a folder is needed is most often the archive that the folder comes in. */
function whyNoFolder(path: string): string {
  if (!existsSync(path)) return `there is no folder ${path}; check the path, or ${GET_THE_DATA}`;
  if (/\.zip$/i.test(path))
    return `${path} is an archive, but a folder is needed; unpack it (unzip ${path}) and give the folder that it makes`;
  if (/\.(tar|tgz|tar\.\w+)$/i.test(path))
    return `${path} is an archive, but a folder is needed; unpack it (tar -xf ${path}) and give the folder that it makes`;
  return `${path} is a file, but a folder is needed; give the folder that the files of the data set are in`;
}

/**
 * Whether there is a folder of this path that can be looked into; false also for a path below a file, or
 * behind a folder that is closed.
 */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
